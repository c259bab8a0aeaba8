package cmdport

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"nwayacd/api"
)

// mostOffered is how many words completion shows at most.
const mostOffered = 100

// console answers the requests that fs_cli makes by itself, and the first words that an operator
// tries. It returns false if line is neither.
func (p *Port) console(ctx context.Context, line string) (text string, asked bool) {
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
func (p *Port) complete(line string) (text string, asked bool) {
	typed, is := strings.CutPrefix(line+" ", "console_complete ")
	if !is {
		return "", false
	}
	typed = strings.TrimSuffix(typed, " ") // the one added above
	if cursor, rest, found := strings.Cut(typed, ";"); found && strings.HasPrefix(cursor, "c=") {
		typed = rest
	}
	words := p.possible(strings.TrimLeft(typed, " "))
	if p.PassThrough != nil && (len(words) == 0 || strings.TrimSpace(typed) == "") {
		return "", false
	}
	last := typed[strings.LastIndexByte(typed, ' ')+1:]
	return offer(words, last), true
}

// possible returns the words that can complete the last word of the line.
func (p *Port) possible(typed string) (words []string) {
	before := strings.Fields(typed)
	last := ""
	if n := len(before); n > 0 && !strings.HasSuffix(typed, " ") {
		last, before = before[n-1], before[:n-1]
	}
	for _, w := range p.vocabulary(before) {
		if strings.HasPrefix(w, last) && len(words) < mostOffered {
			words = append(words, api.Plain(w))
		}
	}
	return words
}

// vocabulary returns every word that can follow the words before.
func (p *Port) vocabulary(before []string) (words []string) {
	if len(before) == 0 {
		if p.PassThrough == nil {
			words = append(words, "help", "status")
		}
		for _, c := range api.Commands {
			words = append(words, c.Name)
		}
		return words
	}
	c := api.Find(before[0])
	if c == nil {
		return nil
	}
	wanted, _ := c.Arguments()
	if len(before) > len(wanted) {
		return nil
	}
	return values(p.Server, wanted[len(before)-1])
}

// values returns what can be given for an argument at this moment.
func values(s api.Server, a api.Argument) (words []string) {
	switch a.Word {
	case "EXT":
		for _, v := range s.ACD.Dispatcher.Agents() {
			words = append(words, v.Extension)
		}
	case "GROUP", "GROUP[,GROUP…]":
		for _, v := range s.ACD.Dispatcher.Groups() {
			words = append(words, v.Number)
		}
	case "UUID":
		for _, v := range s.ACD.CallViews() {
			words = append(words, v.UUID)
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
