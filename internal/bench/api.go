package bench

import "strings"

const noSuchChannel = "-ERR No such channel!\n"

// api carries out a command that the server may send over any of its connections. A channel that
// does not exist, or has hung up, is not found.
func (s *Switch) api(line string) string {
	verb, rest, _ := strings.Cut(line, " ")
	uuid, argument, _ := strings.Cut(rest, " ")
	l, c := s.find(uuid)
	switch verb {
	case "uuid_exists":
		if l == nil && c == nil {
			return "false"
		}
		return "true"
	case "uuid_kill", "uuid_getvar", "uuid_dump", "uuid_setvar", "uuid_setvar_multi", "uuid_break":
	default:
		return s.counts.mistake(line)
	}
	switch {
	case l != nil:
		return l.api(verb, argument)
	case c != nil:
		return c.command(verb, argument)
	}
	return noSuchChannel // of a leg after a talk, the usual answer
}

// api carries out a command about the leg.
func (l *leg) api(verb, argument string) string {
	switch verb {
	case "uuid_kill":
		if !l.die(cause(argument), "") {
			return noSuchChannel
		}
	case "uuid_getvar", "uuid_dump":
		if argument == keepHook {
			return "park"
		}
		l.caller.mu.Lock()
		with := ""
		if l.caller.bridged && l.caller.leg == l {
			with = l.caller.channel.uuid
		}
		l.caller.mu.Unlock()
		return tell(l.channel, verb, argument, with, "")
	}
	return "+OK\n"
}

// command carries out a command about the caller.
func (c *caller) command(verb, argument string) string {
	switch verb {
	case "uuid_kill":
		c.wire.send(c.hungUp(nil, cause(argument)))
	case "uuid_setvar":
		c.set(strings.Replace(argument, " ", "=", 1))
	case "uuid_setvar_multi":
		c.set(argument)
	case "uuid_break":
		c.wire.send(c.broken(nil))
	case "uuid_getvar", "uuid_dump":
		if key := c.key.Load(); argument == keyVariable && key != nil {
			return *key
		}
		c.mu.Lock()
		with, more := "", ""
		if c.bridged {
			with = c.leg.uuid
		} else if c.talked {
			more = isOver
		}
		c.mu.Unlock()
		return tell(c.channel, verb, argument, with, more)
	}
	return "+OK\n"
}

// tell answers uuid_getvar and uuid_dump of a channel that is bridged with that one; "" = with
// none.
func tell(c channel, verb, name, with, more string) string {
	switch {
	case verb == "uuid_dump" && with != "":
		return c.dump(more + "variable_bridge_to: " + with + "\n")
	case verb == "uuid_dump":
		return c.dump(more)
	case name == "bridge_to" && with != "":
		return with
	}
	return "_undef_"
}

// cause is the cause in a hang-up by command.
func cause(word string) string {
	if word == "" {
		return "NORMAL_CLEARING"
	}
	return word
}

// overHook is the variable of a caller by which FreeSWITCH parks the caller for the server when the
// agent has hung up, and reports it.
const overHook = "execute_on_post_bridge_nwayacd_2="

// keepHook is a variable of each leg that talks. If it is gone, the server takes the agent for one
// who was kept.
const keepHook = "execute_on_post_bridge_nwayacd_2"

// keyVariable proves which channel a connection belongs to.
const keyVariable = "nwayacd_key"

// keyHeader is the variable as the caller's events have it; "" if it is not set.
func (c *caller) keyHeader() string {
	if key := c.key.Load(); key != nil {
		return "variable_" + keyVariable + ": " + *key + "\n"
	}
	return ""
}

// isOver is the variable in the caller's events then.
const isOver = "variable_nwayacd_over: true\n"

// waitHook is the variable of a caller whose absence shows the server that the caller was
// transferred.
const waitHook = "execute_on_blind_transfer_nwayacd="

// set records variables of the caller, name=value;name=value. Only the hooks matter. Those of a
// talk come in one command.
func (c *caller) set(assignments string) {
	if strings.Contains(assignments, waitHook) {
		c.guarded.Store(true)
	}
	if _, key, found := strings.Cut(assignments, keyVariable+"="); found {
		key, _, _ = strings.Cut(key, ";")
		c.key.Store(&key)
	}
	_, hook, found := strings.Cut(assignments, overHook)
	if !found {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hooks = assignments; hook == "" || hook[0] == ';' {
		c.hooks = ""
	}
}

// asHeaders are variables as an event has them.
func asHeaders(assignments string) string {
	var out strings.Builder
	for assignment := range strings.SplitSeq(assignments, ";") {
		if name, value, _ := strings.Cut(assignment, "="); value != "" {
			out.WriteString("variable_" + name + ": " + strings.ReplaceAll(value, " ", "%20") + "\n")
		}
	}
	return out.String()
}
