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
)

// holdTalks is how long agents in a talk from before a restart wait for the links to tell of it.
const holdTalks = 10 * time.Second

// settings are the configuration in the words of package acd.
func settings(c *conf.Config) acd.Settings {
	s := acd.Settings{
		Floor: queue.Settings{
			Reoffer: c.ACD.Reoffer, Remember: c.ACD.Remember,
			NoAnswerToReady: c.ACD.NoAnswerToReady, TypingAuto: c.ACD.TypingAuto, Reserve: holdTalks,
			RestBusy: c.ACD.RestBusy, RestReject: c.ACD.RestReject, RestNoAnswer: c.ACD.RestNoAnswer,
			RestUnreachable: c.ACD.RestUnreachable, MaxMisses: c.ACD.MaxMisses,
		},
		AutoAnswer: c.ACD.AutoAnswer, VideoCodecs: c.ACD.VideoCodecs,
		BusyRepeat: c.ACD.BusyRepeat, MaxWait: c.ACD.MaxWait, MaxCalls: c.Server.MaxCalls,
		Commands: c.Server.Commands, AnyExtension: c.Server.CommandExtensions == "any", RecordPath: c.ACD.RecordPath,
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

func switches(c *conf.Config) (all []acd.Switch) {
	for _, f := range c.FreeSWITCH {
		all = append(all, acd.Switch{
			Name: f.Name, Address: f.Address, Password: string(f.Password),
			LocalIP: f.LocalIP, DialString: f.DialString, RemoteDial: f.RemoteDial,
		})
	}
	return all
}

// passThrough is the FreeSWITCH behind the command port; nil if there is none.
func passThrough(c *conf.Config) *cmdport.PassThrough {
	for _, f := range c.FreeSWITCH {
		if f.Name == c.Control.PassThrough {
			return &cmdport.PassThrough{Name: f.Name, Address: f.Address, Password: string(f.Password)}
		}
	}
	return nil
}

// advertised is the address that a FreeSWITCH dials back: as configured, or where we listen;
// without a host where we listen everywhere.
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

// allowed is the rule of [server] allow; without one everybody may connect, which the configuration
// permits on loopback only.
func allowed(networks []netip.Prefix) func(netip.Addr) bool {
	if len(networks) == 0 {
		return nil
	}
	return func(source netip.Addr) bool {
		source = source.Unmap()
		return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(source) })
	}
}
