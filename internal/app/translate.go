package app

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"nwayacd/acd"
	"nwayacd/api/cmdport"
	"nwayacd/conf"
	"nwayacd/queue"
	"nwayacd/store"
)

// holdTalks is how long an agent whose talk began before a restart is reserved until a link finds
// that talk.
const holdTalks = 10 * time.Second

// settings translates the configuration to the settings of package acd.
func settings(c *conf.Config) acd.Settings {
	s := acd.Settings{
		Floor: queue.Settings{
			Reoffer: c.ACD.Reoffer, Remember: c.ACD.Remember,
			NoAnswerToReady: c.ACD.NoAnswerToReady, TypingAuto: c.ACD.TypingAuto, Reserve: holdTalks,
			RestBusy: c.ACD.RestBusy, RestReject: c.ACD.RestReject, RestNoAnswer: c.ACD.RestNoAnswer,
			RestUnreachable: c.ACD.RestUnreachable, MaxMisses: c.ACD.MaxMisses,
			Schemes: c.Prompts.Schemes,
		},
		AutoAnswer: c.ACD.AutoAnswer, VideoCodecs: c.ACD.VideoCodecs,
		BusyRepeat: c.ACD.BusyRepeat, MaxWait: c.ACD.MaxWait, MaxCalls: c.Server.MaxCalls,
		Commands: c.Server.Commands, AnyExtension: c.Server.CommandExtensions == "any",
		RecordPath: c.ACD.RecordPath, Gateways: c.ACD.Gateways,
		Progress: c.ACD.Progress, FollowForward: c.ACD.FollowForward, AfterTalk: acd.AfterTalk(c.ACD.AfterTalk),
		Prompts: acd.Prompts{
			JobPrefix: c.Prompts.JobPrefix, JobSuffix: c.Prompts.JobSuffix, JobDigits: c.Prompts.JobDigits,
			Blacklist: c.Prompts.Blacklist, Busy: c.Prompts.Busy, Transfer: c.Prompts.Transfer,
			Welcome: c.Prompts.Welcome, Hold: c.Prompts.HoldMusic, Survey: c.Prompts.Survey,
		},
	}
	if c.ACD.RecoverAuto {
		s.Floor.Recover = c.ACD.Recover
	}
	if c.ACD.UseASR {
		s.ASR = c.ACD.ASRString
	}
	return s
}

func switches(c *conf.Config, s secrets) (all []acd.Switch) {
	for _, f := range c.FreeSWITCH {
		all = append(all, acd.Switch{
			Name: f.Name, Address: f.Address, Secret: s.freeswitch[f.Name].Text,
			LocalIP: f.LocalIP, DialString: f.DialString, RemoteDial: f.RemoteDial,
		})
	}
	return all
}

// passThrough returns the FreeSWITCH behind the command port, or nil if there is none.
func passThrough(c *conf.Config, s secrets) *cmdport.PassThrough {
	for _, f := range c.FreeSWITCH {
		if f.Name == c.Control.PassThrough {
			return &cmdport.PassThrough{Name: f.Name, Address: f.Address, Password: s.freeswitch[f.Name]}
		}
	}
	return nil
}

// advertised returns the address at which a FreeSWITCH reaches the socket port: the configured one,
// or the address of the listener. If that listens on all addresses, the result has no host.
func advertised(c *conf.Config, listening net.Addr) string {
	if c.Server.Advertise != "" {
		return c.Server.Advertise
	}
	at, err := netip.ParseAddrPort(listening.String())
	if err == nil && at.Addr().IsUnspecified() {
		return fmt.Sprintf(":%d", at.Port())
	}
	return listening.String()
}

// allowed returns the rule of [server] allow. It returns nil, which allows every address, if there
// is none; the configuration permits that only on loopback.
func allowed(networks []netip.Prefix) func(netip.Addr) bool {
	if len(networks) == 0 {
		return nil
	}
	return func(source netip.Addr) bool {
		source = source.Unmap()
		return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(source) })
	}
}

// retention translates for how long rows are kept.
func retention(d conf.Database) store.Retention {
	return store.Retention{Records: d.Retention, Figures: d.FiguresRetention, Audit: d.AuditRetention}
}
