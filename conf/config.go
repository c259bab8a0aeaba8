// Package conf reads the configuration: a TOML file, its defaults, and the secrets that a container
// passes in its environment. It owns the names of the keys, the values that each accepts, and the
// texts of the faults. It must not know what the values are used for.
package conf

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"nwayacd/internal/prompt"
)

// DefaultPath is read if no file is named on the command line. It need not exist.
const DefaultPath = "/etc/nwayacd/nwayacd.toml"

// Config is one configuration, complete and checked. It does not change after Load or Parse has
// returned it, so any goroutine may read it. A reload makes a new one.
type Config struct {
	File       string // the path; empty: there is no file, all values are defaults
	ACD        ACD
	Prompts    Prompts
	Database   Database
	FreeSWITCH []FreeSWITCH // in the order of the file
	Server     Server
	Control    Control
	HTTP       HTTP
	Log        Log

	// Warnings are what is allowed but should be looked at.
	Warnings Faults
	// Refused are the reasons for which `nwayacd check` fails although the server runs. What is too
	// dangerous is off then.
	Refused Faults
	// Unusable are files without which the server does not start. A reload changes nothing. Clients
	// of the server need none of them.
	Unusable Faults
}

// ACD is [acd]: how calls are distributed. The keys up to debug are parameters of mod_nwayacd.
type ACD struct {
	Recover         time.Duration // recover-seconds: length of the wrap-up if RecoverAuto is true
	RecoverAuto     bool          // wrap-up ends by itself
	NoAnswerToReady bool          // an agent who missed an offer is ready again
	TypingAuto      bool          // after a talk the agent goes to wrap-up
	AutoAnswer      bool          // asks agents' phones to answer by themselves
	VideoCodecs     string        // absolute_codec_string of use_video agents
	UseASR          bool
	ASRString       string // execute_on_answer of the agent's leg; $1 is the caller's uuid
	LocalIP         string // LocalIP of each FreeSWITCH that has none of its own
	Debug           bool
	BusyRepeat      time.Duration // between two busy prompts; 0: only the first is played
	Reoffer         time.Duration // until an agent who missed a call gets it again, if no other is free
	Remember        time.Duration // remember-days; 0: for ever
	MaxWait         time.Duration // longest wait of a caller; 0: no limit
	RestBusy        time.Duration // rest-busy-seconds: rest after a miss by that cause; 0: no rest
	RestReject      time.Duration // rest-reject-seconds
	RestNoAnswer    time.Duration // rest-noanswer-seconds
	RestUnreachable time.Duration // rest-unreachable-seconds
	MaxMisses       int           // misses in a row that make an agent noanswer; 0: no limit
	Progress        time.Duration // progress-seconds: a phone without a sign for so long is unreachable; 0: no limit
	FollowForward   bool          // follow a phone that answers 302
	AfterTalk       string        // "hangup" or "dialplan"
	RecordPath      string        // template on the FreeSWITCH host, see RecordPlaceholders; empty: no recording
	TimeZone        string        // of reports, and of "today"; empty: that of TZ, otherwise UTC
	Gateways        []string      // through which nway_threeway and nwaycallout may call; empty: through any
}

// Prompts is [prompts]: what FreeSWITCH plays, as paths on its host or as anything else that its
// playback accepts. An empty prompt is not played. Blacklist, Busy, Transfer and Welcome are for
// the groups without a prompt of their own.
type Prompts struct {
	JobPrefix string     // jn-prefix, before the job number
	JobSuffix string     // jn-suffix, after it
	JobDigits [10]string // jn-0 to jn-9: all ten or none
	Blacklist string     // default-blacklistwav
	Busy      string     // default-agent-busy
	Transfer  string     // default-agent-transfer
	Welcome   string     // default-agent-welcome
	HoldMusic string     // hold-music, never empty
	Survey    string
	// Schemes are what a prompt may be beside a file, such as local_stream.
	Schemes []string
}

// Database is [database]: PostgreSQL or SQLite, and the journal.
type Database struct {
	DSN       Secret // dbstring in libpq form; empty: embedded SQLite in DataDir
	DataDir   string // journal and SQLite file; a relative path starts at the working directory
	OutputSQL bool   // log every statement

	// How long rows are kept; 0: for ever.
	Retention        time.Duration // retention-days: CDRs, offers, agents' logs
	FiguresRetention time.Duration // figures-retention-days
	AuditRetention   time.Duration // audit-retention-days

	JournalLimit int // journal-limit: MiB of changes that wait for the database; further ones are not kept
}

// FreeSWITCH is one [[freeswitch]]: a FreeSWITCH whose Event Socket this program dials.
type FreeSWITCH struct {
	Name       string // unique; it stands in logs and metrics
	Address    string // host:port
	Password   Secret
	LocalIP    string // the server_ip of the agents of this FreeSWITCH; empty: unknown
	DialString string // with {ext}
	RemoteDial string // with {ext} and {ip}, for agents registered elsewhere; empty: DialString is used
}

// Server is [server]: the port to which FreeSWITCH's socket application connects.
type Server struct {
	Listen   string         // host:port
	Allow    []netip.Prefix // source networks; empty: every source, only on loopback
	MaxCalls int            // 0: no limit
	Max      int            // max-connections
	Drain    time.Duration  // drain-seconds: how long a shutdown waits for talks to end
	Commands []string       // those that a channel may run by the route /cmd

	// CommandExtensions says for which extensions: "own", that of the channel's user, or "any".
	CommandExtensions string

	Advertise string // host:port that a FreeSWITCH dials for a live channel; empty: found for each FreeSWITCH
}

// Control is [control]: the command port.
type Control struct {
	Listen      string
	TLS         Certificate
	Password    Secret // empty: any password is accepted, only on loopback
	PassThrough string // name of the FreeSWITCH that gets other requests; empty: none
	Max         int    // max-connections
	MaxSource   int    // max-connections-per-source
}

// DialAddress returns the address at which a client on this host reaches the command port. It is
// Listen, with loopback in place of "all addresses".
func (c Control) DialAddress() string { return dialAddress(c.Listen) }

// DialAddress is that of Control for the HTTP port.
func (h HTTP) DialAddress() string { return dialAddress(h.Listen) }

func dialAddress(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	switch {
	case err != nil || !isWildcard(host):
		return listen
	case strings.Contains(host, ":"):
		return net.JoinHostPort("::1", port)
	default:
		return net.JoinHostPort("127.0.0.1", port)
	}
}

// HTTP is [http]: JSON API, metrics, health.
type HTTP struct {
	Listen string
	TLS    Certificate
	Token  Secret // empty: no token is required, only on loopback
	// DirectoryToken is taken for FreeSWITCH's directory only. Empty: Token is.
	DirectoryToken    Secret
	DirectoryOpen     bool   // the directory needs no token; on loopback only
	DirectoryPassword string // "hash" or "clear": how the directory shows a password
	// FirstAdmin is NAME:HASH of the user that the server adds if it has no user. Empty: none.
	FirstAdmin Secret
	// TrustedProxies are the networks whose X-Forwarded-For and X-Forwarded-Proto count.
	TrustedProxies []netip.Prefix
	// The limits are like those of Control.
	Max       int
	MaxSource int
}

// Log is [log].
type Log struct {
	Level  string // debug, info, warn or error
	Format string // json, console, or auto: console on a terminal, else json
}

// LogLevel returns the level to log at. debug in [acd] has priority over [log].
func (c *Config) LogLevel() string {
	if c.ACD.Debug {
		return "debug"
	}
	return c.Log.Level
}

// Default returns the configuration of an empty file.
func Default() *Config {
	return &Config{
		ACD: ACD{
			Recover:         300 * time.Second,
			RecoverAuto:     true,
			NoAnswerToReady: true,
			AutoAnswer:      true,
			VideoCodecs:     "PCMA,H264",
			ASRString:       "dsr $1 ab",
			BusyRepeat:      30 * time.Second,
			Reoffer:         5 * time.Second,
			Remember:        30 * day,
			RestBusy:        15 * time.Second,
			RestReject:      10 * time.Second,
			RestNoAnswer:    5 * time.Second,
			RestUnreachable: 30 * time.Second,
			Progress:        3 * time.Second,
			AfterTalk:       "hangup",
			RecordPath:      "/var/lib/freeswitch/recordings/{date}/{group}-{ext}-{uuid}-{offer}.wav",
		},
		Prompts:  Prompts{HoldMusic: "local_stream://moh", Schemes: prompt.DefaultSchemes()},
		Database: Database{DataDir: "data", JournalLimit: 1024},
		Server: Server{
			Listen: "127.0.0.1:8084", Drain: 30 * time.Second, Max: mostConnections,
			Commands: []string{"nway_ready", "nway_busy", "nway_logout", "nway_login"}, CommandExtensions: "own",
		},
		Control: Control{Listen: "127.0.0.1:8022", Max: 256, MaxSource: 64},
		HTTP:    HTTP{Listen: "127.0.0.1:8085", DirectoryPassword: "hash", Max: 1024, MaxSource: 256},
		Log:     Log{Level: "info", Format: "auto"},
	}
}

func defaultFreeSWITCH() FreeSWITCH {
	return FreeSWITCH{Password: "ClueCon", DialString: "user/{ext}"}
}

// Secret is a text that no formatting verb and no encoder shows. string(s) returns the text.
type Secret string

// String returns "(hidden)" if there is a secret, else "".
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(hidden)"
}

// Format is needed because %d and other wrong verbs would print the text without calling String.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// MarshalText hides the secret from JSON, TOML and structured logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
