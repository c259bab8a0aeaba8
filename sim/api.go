package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	noChannel = "-ERR No such channel!\n"
	done      = "+OK\n"
)

// apiCommand runs one api command and returns what it prints.
type apiCommand func(s *Switch, arg string) string

var apiCommands map[string]apiCommand

func init() { // the table and the commands refer to each other
	apiCommands = map[string]apiCommand{
		"originate":          (*Switch).originate,
		"uuid_bridge":        (*Switch).uuidBridge,
		"uuid_break":         (*Switch).uuidBreak,
		"uuid_kill":          (*Switch).uuidKill,
		"uuid_setvar":        (*Switch).uuidSetvar,
		"uuid_setvar_multi":  (*Switch).uuidSetvarMulti,
		"uuid_getvar":        (*Switch).uuidGetvar,
		"uuid_dump":          (*Switch).uuidDump,
		"uuid_exists":        (*Switch).uuidExists,
		"uuid_transfer":      (*Switch).uuidTransfer,
		"uuid_dual_transfer": (*Switch).uuidDualTransfer,
		"uuid_park":          (*Switch).uuidPark,
		"uuid_broadcast":     (*Switch).uuidBroadcast,
		"sched_hangup":       (*Switch).schedHangup,
		"sched_api":          (*Switch).schedAPI,
		"sched_del":          (*Switch).schedDel,
		"uuid_record":        (*Switch).uuidRecord,
		"uuid_hold":          (*Switch).uuidHold,
		"uuid_answer":        (*Switch).uuidAnswer,
		"uuid_phone_event":   func(*Switch, string) string { return "-ERR Operation failed\n" },
		"show":               (*Switch).show,
		"sofia_contact":      (*Switch).sofiaContact,
		"global_getvar":      (*Switch).globalGetvar,
		"global_setvar":      (*Switch).globalSetvar,
		"eval":               (*Switch).eval,
		"expand":             (*Switch).expandAPI,
		"version": func(*Switch, string) string {
			return "FreeSWITCH Version " + version + " (git a88d069 2024-08-02 21:02:27Z 64bit)\n"
		},
		"status":      (*Switch).status,
		"hostname":    func(s *Switch, _ string) string { return s.opt.Name },
		"switchname":  func(s *Switch, _ string) string { return s.opt.Name },
		"echo":        func(_ *Switch, arg string) string { return arg },
		"create_uuid": func(s *Switch, _ string) string { return s.newUUID() },
		"strepoch":    func(*Switch, string) string { return strconv.FormatInt(time.Now().Unix(), 10) },
		"hupall":      (*Switch).hupall,
		"reloadxml":   func(*Switch, string) string { return "+OK [Success]\n" },
	}
}

// run executes an api command.
func (s *Switch) run(name, arg string) string {
	command, known := apiCommands[strings.ToLower(strings.TrimSpace(name))]
	if !known {
		return "-ERR " + name + " Command not found!\n"
	}
	s.trace("api", name, arg)
	return command(s, strings.TrimSpace(arg))
}

func (s *Switch) globalGetvar(name string) string {
	if name != "" {
		return s.global(name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all strings.Builder
	for name, value := range s.globals {
		fmt.Fprintf(&all, "%s=%s\n", name, value)
	}
	return all.String()
}

func (s *Switch) globalSetvar(arg string) string {
	name, value, found := strings.Cut(arg, "=")
	if !found {
		return "-USAGE: <var>=<value> [=<value2>]\n"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.globals[name] = value
	return "+OK"
}

func (s *Switch) eval(arg string) string {
	if rest, found := strings.CutPrefix(arg, "uuid:"); found {
		uuid, text, _ := strings.Cut(rest, " ")
		if c := s.find(uuid); c != nil {
			return c.expand(text)
		}
		arg = text
	}
	return s.expand(arg)
}

func (s *Switch) expandAPI(arg string) string {
	name, rest, _ := strings.Cut(s.eval(arg), " ")
	return s.run(name, rest)
}

func (s *Switch) status(string) string {
	up := time.Since(s.started)
	s.mu.Lock()
	live := len(s.channels)
	s.mu.Unlock()
	seconds := int(up.Seconds())
	return fmt.Sprintf(`UP 0 years, %d days, %d hours, %d minutes, %d seconds, %d milliseconds, %d microseconds
FreeSWITCH (Version %s) is ready
%d session(s) since startup
%d session(s) - peak %d, last 5min %d 
0 session(s) per Sec out of max 30, peak 1, last 5min 1 
1000 session(s) max
min idle cpu 0.00/99.00
Current Stack Size/Max 240K/8192K
`, seconds/86400, seconds/3600%24, seconds/60%60, seconds%60, up.Milliseconds()%1000, up.Microseconds()%1000,
		version, s.born.Load(), live, live, live)
}

func (s *Switch) hupall(arg string) string {
	cause, _, _ := strings.Cut(arg, " ")
	s.hangupAll(causeOr(cause, "MANAGER_REQUEST"))
	return "+OK hangup all channels with cause MANAGER_REQUEST\n"
}
