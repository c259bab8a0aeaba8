package sim

import "strings"

// expand replaces ${name} by the channel's variable or the global one, and ${api(arguments)} by
// what that api command prints. FreeSWITCH does so with the arguments of applications.
func (c *channel) expand(text string) string {
	return expand(text, func(name string) string {
		if value := c.getVar(name); value != "" {
			return value
		}
		return c.s.lookup(name, c.expand)
	})
}

// expand does the same for a text that belongs to no channel.
func (s *Switch) expand(text string) string {
	return expand(text, func(name string) string { return s.lookup(name, s.expand) })
}

// lookup returns a global variable, or what the api command NAME(ARGUMENTS) prints.
func (s *Switch) lookup(name string, arguments func(string) string) string {
	api, rest, isCall := strings.Cut(name, "(")
	if !isCall || api == "" || !strings.HasSuffix(rest, ")") {
		return s.global(name)
	}
	return s.run(api, arguments(strings.TrimSuffix(rest, ")")))
}

func expand(text string, lookup func(string) string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		end := closing("{" + rest)
		if end < 0 {
			out.WriteString("${" + rest)
			return out.String()
		}
		out.WriteString(lookup(rest[:end-1]))
		text = rest[end:]
	}
}
