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

// sections returns all sections and keys of the file except [[freeswitch]], bound to the fields of
// c.
func (c *Config) sections() []section {
	return []section{
		{"acd", c.ACD.keys()},
		{"prompts", c.Prompts.keys()},
		{"database", []key{
			{"dbstring", secret(&c.Database.DSN, isDSN), true},
			{"data-dir", text(&c.Database.DataDir, isDirectory, isPlain), true},
			{"journal-limit", count(&c.Database.JournalLimit, 16, 1<<20), true},
			{"output_sql", toggle(&c.Database.OutputSQL), true},
		}},
		{"server", []key{
			{"listen", text(&c.Server.Listen, isListen), true},
			{"allow", networks(&c.Server.Allow), true},
			{"max-calls", count(&c.Server.MaxCalls, 0, 1_000_000), false},
			{"drain-seconds", seconds(&c.Server.Drain, 0), false},
			{"commands", words(&c.Server.Commands, isCommand), false},
			{"command-extensions", text(&c.Server.CommandExtensions, isOneOf("own", "any")), false},
			{"advertise", text(&c.Server.Advertise, orEmpty(isDialable)), true},
		}},
		{"control", []key{
			{"listen", text(&c.Control.Listen, isListen), true},
			{"password", secret(&c.Control.Password, isPassword), true},
			{"pass-through", text(&c.Control.PassThrough, orEmpty(isName)), true},
			{"max-connections", count(&c.Control.Max, 1, mostConnections), true},
			{"max-connections-per-source", count(&c.Control.MaxSource, 1, mostConnections), true},
		}},
		{"http", []key{
			{"listen", text(&c.HTTP.Listen, isListen), true},
			{"token", secret(&c.HTTP.Token, isToken), true},
			{"max-connections", count(&c.HTTP.Max, 1, mostConnections), true},
			{"max-connections-per-source", count(&c.HTTP.MaxSource, 1, mostConnections), true},
		}},
		{"log", []key{
			{"level", text(&c.Log.Level, isOneOf("debug", "info", "warn", "error")), false},
			{"format", text(&c.Log.Format, isOneOf("auto", "console", "json")), true},
		}},
	}
}

func (a *ACD) keys() []key {
	return []key{
		{"recover-seconds", seconds(&a.Recover, 0), false},
		{"recover-auto", toggle(&a.RecoverAuto), false},
		{"noanswer-to-ready", toggle(&a.NoAnswerToReady), false},
		{"typing-auto", toggle(&a.TypingAuto), false},
		{"auto-answer", toggle(&a.AutoAnswer), false},
		{"video-codecs", text(&a.VideoCodecs, orEmpty(isCodecs)), false},
		{"use-asr", toggle(&a.UseASR), false},
		{"asr-str", text(&a.ASRString, isPlain, isCarried), false},
		{"local-ip", text(&a.LocalIP, orEmpty(isIP)), true},
		{"debug", toggle(&a.Debug), false},
		{"busy-repeat-seconds", seconds(&a.BusyRepeat, 0), false},
		// With 0, a lone agent who rejects calls would be rung in an endless loop.
		{"reoffer-seconds", seconds(&a.Reoffer, 1), false},
		{"remember-days", days(&a.Remember), false},
		{"max-wait-seconds", seconds(&a.MaxWait, 0), false},
		{"rest-busy-seconds", secondsTo(&a.RestBusy, longestRest), false},
		{"rest-reject-seconds", secondsTo(&a.RestReject, longestRest), false},
		{"rest-noanswer-seconds", secondsTo(&a.RestNoAnswer, longestRest), false},
		{"rest-unreachable-seconds", secondsTo(&a.RestUnreachable, longestRest), false},
		{"max-misses", count(&a.MaxMisses, 0, 1000), false},
		{"progress-seconds", secondsTo(&a.Progress, longestProgress), false},
		{"follow-forward", toggle(&a.FollowForward), false},
		{"after-talk", text(&a.AfterTalk, isOneOf("hangup", "dialplan")), false},
		{"record-path", text(&a.RecordPath, isPlain, orEmpty(isTemplate(RecordPlaceholders, "{uuid}"))), false},
	}
}

func (p *Prompts) keys() []key {
	keys := []key{
		{"jn-prefix", text(&p.JobPrefix, isPlain, isLiteral, isChained), false},
		{"jn-suffix", text(&p.JobSuffix, isPlain, isLiteral, isChained), false},
	}
	for digit := range p.JobDigits {
		keys = append(keys, key{jobDigitKey(digit), text(&p.JobDigits[digit], isPlain, isLiteral, isChained), false})
	}
	return append(keys,
		key{"default-blacklistwav", text(&p.Blacklist, isPlain, isLiteral), false},
		key{"default-agent-busy", text(&p.Busy, isPlain, isLiteral), false},
		key{"default-agent-transfer", text(&p.Transfer, isPlain, isLiteral), false},
		key{"default-agent-welcome", text(&p.Welcome, isPlain, isLiteral), false},
		key{"hold-music", text(&p.HoldMusic, isHoldMusic, isPlain, isLiteral), false},
		key{"survey", text(&p.Survey, isPlain, isLiteral), false},
	)
}

func (f *FreeSWITCH) keys() []key {
	return []key{
		{"name", text(&f.Name, isName), true},
		{"address", text(&f.Address, isDialable), true},
		{"password", secret(&f.Password, isPassword), true},
		{"local-ip", text(&f.LocalIP, orEmpty(isIP)), true},
		{"dial-string", text(&f.DialString, isPlain, isDial("{ext}")), true},
		{"remote-dial", text(&f.RemoteDial, isPlain, orEmpty(isDial("{ext}", "{ip}"))), true},
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
