package conf

import (
	"strconv"
	"strings"
)

// key is one key of the file: its name, the field for its value, and the values that it accepts.
type key struct {
	name    string
	value   value
	restart bool // is read only when the server starts, so a reload cannot change it
	onOff   bool // a reload can change it, but not from empty or to empty
	file    bool // the value is the path of a file with the secret whose key is name without "-file"
}

type section struct {
	name string
	keys []key
}

// longestRest bounds each rest-…-seconds. It is also the longest rest of an agent who missed many
// offers in a row.
const longestRest = 300

// longestProgress bounds progress-seconds. A phone that a push message wakes up needs several
// seconds.
const longestProgress = 60

// mostConnections bounds max-connections of each port: one process cannot hold more.
const mostConnections = 20_000

// mostCalls bounds the connections of the socket port that can be configured.
const mostCalls = 1_000_000

// sections returns all sections and keys of the file except [[freeswitch]], bound to the fields of
// c.
func (c *Config) sections() []section {
	return []section{
		{"acd", c.ACD.keys()},
		{"prompts", c.Prompts.keys()},
		{"database", c.Database.keys()},
		{"server", c.Server.keys()},
		{"control", append(c.Control.keys(), certificateKeys(&c.Control.TLS)...)},
		{"http", append(c.HTTP.keys(), certificateKeys(&c.HTTP.TLS)...)},
		{"log", c.Log.keys()},
	}
}

func (d *Database) keys() []key {
	return []key{
		{name: "dbstring", value: secret(&d.DSN, isDSN), restart: true},
		secretFile("dbstring", &d.DSN, true, isDSN),
		{name: "data-dir", value: text(&d.DataDir, isDirectory, isPlain), restart: true},
		{name: "journal-limit", value: count(&d.JournalLimit, 16, 1<<20), restart: true},
		{name: "retention-days", value: days(&d.Retention)},
		{name: "figures-retention-days", value: days(&d.FiguresRetention)},
		{name: "audit-retention-days", value: days(&d.AuditRetention)},
		{name: "output_sql", value: toggle(&d.OutputSQL), restart: true},
	}
}

func (s *Server) keys() []key {
	return []key{
		{name: "listen", value: text(&s.Listen, isListen), restart: true},
		{name: "allow", value: networks(&s.Allow), restart: true},
		{name: "max-calls", value: count(&s.MaxCalls, 0, 1_000_000)},
		{name: "max-connections", value: count(&s.Max, 1, mostCalls), restart: true},
		{name: "drain-seconds", value: seconds(&s.Drain, 0)},
		{name: "commands", value: words(&s.Commands, isCommand)},
		{name: "command-extensions", value: text(&s.CommandExtensions, isOneOf("own", "any"))},
		{name: "advertise", value: text(&s.Advertise, orEmpty(isDialable)), restart: true},
	}
}

func (c *Control) keys() []key {
	return []key{
		{name: "listen", value: text(&c.Listen, isListen), restart: true},
		{name: "password", value: secret(&c.Password, isPassword), onOff: true},
		secretFile("password", &c.Password, false, isPassword),
		{name: "pass-through", value: text(&c.PassThrough, orEmpty(isName)), restart: true},
		{name: "max-connections", value: count(&c.Max, 1, mostConnections), restart: true},
		{name: "max-connections-per-source", value: count(&c.MaxSource, 1, mostConnections), restart: true},
	}
}

func (h *HTTP) keys() []key {
	return []key{
		{name: "listen", value: text(&h.Listen, isListen), restart: true},
		{name: "token", value: secret(&h.Token, isToken), onOff: true},
		secretFile("token", &h.Token, false, isToken),
		{name: "directory-token", value: secret(&h.DirectoryToken, isToken), onOff: true},
		secretFile("directory-token", &h.DirectoryToken, false, isToken),
		{name: "directory-open", value: toggle(&h.DirectoryOpen), restart: true},
		{name: "directory-password", value: text(&h.DirectoryPassword, isOneOf("hash", "clear")), restart: true},
		secretFile("first-admin", &h.FirstAdmin, true, isFirstAdmin),
		{name: "trusted-proxies", value: networks(&h.TrustedProxies), restart: true},
		{name: "max-connections", value: count(&h.Max, 1, mostConnections), restart: true},
		{name: "max-connections-per-source", value: count(&h.MaxSource, 1, mostConnections), restart: true},
	}
}

func (l *Log) keys() []key {
	return []key{
		{name: "level", value: text(&l.Level, isOneOf("debug", "info", "warn", "error"))},
		{name: "format", value: text(&l.Format, isOneOf("auto", "console", "json")), restart: true},
	}
}

func (a *ACD) keys() []key {
	return []key{
		{name: "recover-seconds", value: seconds(&a.Recover, 0)},
		{name: "recover-auto", value: toggle(&a.RecoverAuto)},
		{name: "noanswer-to-ready", value: toggle(&a.NoAnswerToReady)},
		{name: "typing-auto", value: toggle(&a.TypingAuto)},
		{name: "auto-answer", value: toggle(&a.AutoAnswer)},
		{name: "video-codecs", value: text(&a.VideoCodecs, orEmpty(isCodecs))},
		{name: "use-asr", value: toggle(&a.UseASR)},
		{name: "asr-str", value: text(&a.ASRString, isPlain, isCarried)},
		{name: "local-ip", value: text(&a.LocalIP, orEmpty(isIP)), restart: true},
		{name: "debug", value: toggle(&a.Debug)},
		{name: "busy-repeat-seconds", value: seconds(&a.BusyRepeat, 0)},
		// With 0, a lone agent who rejects calls would be rung in an endless loop.
		{name: "reoffer-seconds", value: seconds(&a.Reoffer, 1)},
		{name: "remember-days", value: days(&a.Remember)},
		{name: "max-wait-seconds", value: seconds(&a.MaxWait, 0)},
		{name: "rest-busy-seconds", value: secondsTo(&a.RestBusy, longestRest)},
		{name: "rest-reject-seconds", value: secondsTo(&a.RestReject, longestRest)},
		{name: "rest-noanswer-seconds", value: secondsTo(&a.RestNoAnswer, longestRest)},
		{name: "rest-unreachable-seconds", value: secondsTo(&a.RestUnreachable, longestRest)},
		{name: "max-misses", value: count(&a.MaxMisses, 0, 1000)},
		{name: "progress-seconds", value: secondsTo(&a.Progress, longestProgress)},
		{name: "follow-forward", value: toggle(&a.FollowForward)},
		{name: "after-talk", value: text(&a.AfterTalk, isOneOf("hangup", "dialplan"))},
		{
			name:  "record-path",
			value: text(&a.RecordPath, isPlain, isUnspaced, orEmpty(isTemplate(RecordPlaceholders, "{uuid}"))),
		},
		{name: "gateways", value: words(&a.Gateways, isGateway)},
		{name: "time-zone", value: text(&a.TimeZone, orEmpty(isZone)), restart: true},
	}
}

func (p *Prompts) keys() []key {
	keys := []key{
		{name: "jn-prefix", value: text(&p.JobPrefix, isPlain, isLiteral, isChained)},
		{name: "jn-suffix", value: text(&p.JobSuffix, isPlain, isLiteral, isChained)},
	}
	for digit := range p.JobDigits {
		keys = append(keys,
			key{name: jobDigitKey(digit), value: text(&p.JobDigits[digit], isPlain, isLiteral, isChained)})
	}
	return append(keys,
		key{name: "default-blacklistwav", value: text(&p.Blacklist, isPlain, isLiteral)},
		key{name: "default-agent-busy", value: text(&p.Busy, isPlain, isLiteral)},
		key{name: "default-agent-transfer", value: text(&p.Transfer, isPlain, isLiteral)},
		key{name: "default-agent-welcome", value: text(&p.Welcome, isPlain, isLiteral)},
		key{name: "hold-music", value: text(&p.HoldMusic, isHoldMusic, isPlain, isLiteral)},
		key{name: "survey", value: text(&p.Survey, isPlain, isLiteral, isUnspaced)},
		key{name: "schemes", value: words(&p.Schemes, isScheme)},
	)
}

func (f *FreeSWITCH) keys() []key {
	return []key{
		{name: "name", value: text(&f.Name, isName), restart: true},
		{name: "address", value: text(&f.Address, isDialable), restart: true},
		{name: "password", value: secret(&f.Password, isPassword), onOff: true},
		secretFile("password", &f.Password, false, isPassword),
		{name: "local-ip", value: text(&f.LocalIP, orEmpty(isIP)), restart: true},
		{name: "dial-string", value: text(&f.DialString, isPlain, isDial("{ext}")), restart: true},
		{name: "remote-dial", value: text(&f.RemoteDial, isPlain, orEmpty(isDial("{ext}", "{ip}"))), restart: true},
	}
}

func jobDigitKey(digit int) string { return "jn-" + strconv.Itoa(digit) }

// String returns every key with its value, one a line. Secrets are hidden.
func (c *Config) String() string {
	var b strings.Builder
	write := func(section string, keys []key) {
		for _, k := range keys {
			b.WriteString(section + "." + k.name + " = " + k.value.String() + "\n")
		}
	}
	for _, s := range c.sections() {
		write(s.name, s.keys)
	}
	for i := range c.FreeSWITCH {
		write("freeswitch", c.FreeSWITCH[i].keys())
	}
	return b.String()
}
