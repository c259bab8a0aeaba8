package cmdport

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"nwayacd/api"
	"nwayacd/internal/auth"
)

// mostOffered is how many words completion shows at most.
const mostOffered = 100

// console answers the requests that fs_cli makes by itself, and the first words that an operator
// tries. It returns false if line is neither.
func (p *Port) console(ctx context.Context, line string) (text string, asked bool) {
	if isVersion := line == "version" || line == "status"; isVersion {
		if err := p.Server.Allow(ctx, "nwayacd_version"); err != nil {
			return "-ERR " + err.Error() + "\n", true
		}
	}
	switch line {
	case "switchname": // shown in the prompt
		return "nwayacd", true
	case "hostname":
		return p.sender.host, true
	case "help":
		return help(), true
	case "version", "status":
		return p.Server.Version(ctx) + "\n", true
	}
	return "", false
}

func help() string {
	var b strings.Builder
	for _, c := range api.Commands {
		fmt.Fprintf(&b, "%-58s %s\n", c.Usage(), c.Does)
	}
	return b.String()
}

// complete answers `console_complete LINE` and `console_complete c=CURSOR;LINE`, in the form that
// fs_cli reads (switch_console.c, switch_console_complete). The answer lists the possible words.
// `write=N:WORD` makes fs_cli put WORD in place of the last N characters. With pass-through,
// FreeSWITCH completes the lines that are not for our commands.
func (c *client) complete(ctx context.Context, line string) (text string, asked bool) {
	typed, is := strings.CutPrefix(line+" ", "console_complete ")
	if !is {
		return "", false
	}
	typed = strings.TrimSuffix(typed, " ") // the one added above
	if cursor, rest, found := strings.Cut(typed, ";"); found && strings.HasPrefix(cursor, "c=") {
		typed = rest
	}
	words := c.possible(ctx, strings.TrimLeft(typed, " "))
	if c.passesOn() && (len(words) == 0 || strings.TrimSpace(typed) == "") {
		return "", false
	}
	last := typed[strings.LastIndexByte(typed, ' ')+1:]
	return offer(words, last), true
}

// possible returns the words that can complete the last word of the line.
func (c *client) possible(ctx context.Context, typed string) (words []string) {
	before := strings.Fields(typed)
	last := ""
	if n := len(before); n > 0 && !strings.HasSuffix(typed, " ") {
		last, before = before[n-1], before[:n-1]
	}
	for _, w := range c.vocabulary(ctx, before) {
		if strings.HasPrefix(w, last) && len(words) < mostOffered {
			words = append(words, api.Plain(w))
		}
	}
	return words
}

// vocabulary returns every word that can follow the words before, and that the client may see.
func (c *client) vocabulary(ctx context.Context, before []string) (words []string) {
	if len(before) == 0 {
		if !c.passesOn() {
			words = append(words, "help", "status")
		}
		for _, command := range api.Commands {
			if auth.May(c.actor, command.Name) {
				words = append(words, command.Name)
			}
		}
		return words
	}
	command := api.Find(before[0])
	if command == nil {
		return nil
	}
	wanted, _ := command.Arguments()
	if len(before) > len(wanted) {
		return nil
	}
	return values(c.port.Server, c.port.Server.Viewer(ctx), wanted[len(before)-1])
}

// values returns what can be given for an argument at this moment, as far as the viewer may see it.
func values(s api.Server, viewer api.Viewer, a api.Argument) (words []string) {
	switch a.Word {
	case "EXT":
		for _, v := range s.ACD.Dispatcher.Agents() {
			if viewer.Agent(&v) {
				words = append(words, v.Extension)
			}
		}
	case "GROUP", "GROUP[,GROUP…]":
		for _, v := range s.ACD.Dispatcher.Groups() {
			if viewer.Figures(v.Number) {
				words = append(words, v.Number)
			}
		}
	case "UUID":
		for _, v := range s.ACD.CallViews() {
			if _, shown := viewer.Call(v); shown {
				words = append(words, v.UUID)
			}
		}
	default:
		if a.Rule == "" {
			words = strings.Split(a.Word, "|")
		}
	}
	return words
}

func offer(words []string, last string) string {
	var b strings.Builder
	b.WriteString("\n\n")
	for i, w := range words {
		fmt.Fprintf(&b, "[%20s]\t", w)
		if i%4 == 3 {
			b.WriteByte('\n')
		}
	}
	b.WriteString("\n\n")
	switch begin := commonStart(words); {
	case len(words) == 1:
		b.WriteString("write=" + strconv.Itoa(len(last)) + ":" + begin + " ")
	case len(begin) > len(last):
		b.WriteString("write=" + strconv.Itoa(len(last)) + ":" + begin)
	}
	return b.String()
}

// commonStart returns the longest text with which all words begin.
func commonStart(words []string) string {
	if len(words) == 0 {
		return ""
	}
	begin := words[0]
	for _, w := range words[1:] {
		for !strings.HasPrefix(w, begin) {
			begin = begin[:len(begin)-1]
		}
	}
	return strings.ToValidUTF8(begin, "")
}
