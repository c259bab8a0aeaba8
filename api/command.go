// Package api holds what both management ports share: the table of commands, their arguments and
// their replies. The command port is package cmdport, and the HTTP API is package httpapi. Package
// acd does what a command asks for.
package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"nwayacd/acd"
	"nwayacd/internal/auth"
	"nwayacd/internal/auth/users"
)

// Command is one command. It is the same from the command port, HTTP, the shell and the dialplan.
type Command struct {
	Name   string
	Syntax string // the arguments, each a word of Arguments; one in brackets may be left out
	Does   string // one line of help
	run    func(ctx context.Context, s Server, args []string) (reply string, err error)
}

// Server is what the commands act on.
type Server struct {
	ACD     *acd.Server
	Reload  func() (report string, err error) // reads the configuration again
	Version func(ctx context.Context) string  // version, commit, Go and database, in one line
	Users   Users                             // nil = there are no users and tokens
	Audit   Audit                             // nil = orders are not kept
	// OnRefusal is called if an actor may not do what it wants; nil = refusals are not counted.
	OnRefusal func(auth.Actor)
	// Book has the users, tokens and sessions, for the commands about them; nil = there are none.
	Book *users.Book
}

// MaxCommand bounds a command's line, in bytes.
const MaxCommand = 4096

// ControlRefusal is the reply to a line with control characters. The protocol of the command port
// cannot carry all of them, so its client refuses them as well.
const ControlRefusal = "-ERR control characters in the command"

// errUsage says that the arguments do not match the syntax.
type errUsage struct{}

// Error is for the audit log. The reply is the syntax.
func (errUsage) Error() string { return "the arguments do not match the syntax" }

// Find returns the command of that name, or nil if there is none. The letter case does not matter,
// as in FreeSWITCH.
func Find(name string) *Command {
	for i := range Commands {
		if strings.EqualFold(Commands[i].Name, name) {
			return &Commands[i]
		}
	}
	return nil
}

// Run carries out one line, such as `nway_login 1000 110`, and returns the reply: `+OK …`, `-ERR
// reason`, `-USAGE: syntax`, or a list. A command that changes something replies when the change is
// safe from a crash. A word with spaces, or an empty one, needs quotes, ' or ".
//
// The actor of ctx must be allowed to run the command, on what the arguments name.
func Run(ctx context.Context, s Server, line string) string {
	switch {
	case len(line) > MaxCommand:
		return fmt.Sprintf("-ERR a command has at most %d characters, this one %d", MaxCommand, len(line))
	case !utf8.ValidString(line):
		return "-ERR the command is not UTF-8"
	case strings.ContainsFunc(line, unicode.IsControl):
		return ControlRefusal
	}
	words, err := split(line)
	switch {
	case err != nil:
		return "-ERR " + err.Error()
	case len(words) == 0:
		return "-ERR no command"
	}
	if c := Find(words[0]); c != nil {
		return c.reply(ctx, s, words[1:])
	}
	return "-ERR " + shorten(words[0]) + " command not found"
}

// Named returns the command that the line gives, also if its name stands in quotes; nil if there is
// none.
func Named(line string) *Command {
	words, err := split(line)
	if err != nil {
		words = strings.Fields(strings.Trim(line, `"' `)) // what Run refuses is still ours
	}
	if len(words) == 0 {
		return nil
	}
	return Find(words[0])
}

// Public returns the command and the arguments of a line as other clients may see them. Arguments
// from a password on are left out. A line that is no command may be a misspelt one with a password,
// so all its arguments are left out.
func Public(line string) (command, arguments string) {
	words, err := split(line)
	if len(words) == 0 {
		return "", ""
	}
	c := Find(words[0])
	if err != nil || c == nil {
		return words[0], ""
	}
	wanted, _ := c.Arguments()
	shown := words[1:]
	if at := slices.IndexFunc(wanted, func(a Argument) bool { return a.isSecret() }); at >= 0 {
		shown = shown[:min(at, len(shown))]
	}
	return words[0], strings.Join(shown, " ")
}

func (c *Command) reply(ctx context.Context, s Server, args []string) string {
	reply, err := "", s.Allow(ctx, c.Name)
	if err == nil {
		err = c.check(args)
	}
	if err == nil {
		reply, err = c.carryOut(ctx, s, args)
	}
	if err == nil {
		return reply
	}
	if _, wrong := errors.AsType[errUsage](err); wrong {
		return "-USAGE: " + c.Usage()
	}
	return "-ERR " + strings.ReplaceAll(strings.TrimPrefix(err.Error(), "queue: "), "\n", "; ")
}

// carryOut runs the command if the actor of ctx may use it on what the arguments name.
func (c *Command) carryOut(ctx context.Context, s Server, args []string) (reply string, err error) {
	if err := s.Allow(ctx, c.Name, c.objects(s, args)...); err != nil {
		return "", err
	}
	if auth.RightOf(c.Name).Looks || c.lists(args) {
		return c.run(ctx, s, args)
	}
	ctx = auth.WithOrder(ctx, c.order(args))
	err = s.InOrder(ctx, func() (err error) { reply, err = c.run(ctx, s, args); return err })
	return reply, err
}

// Usage returns the command with its syntax, as an operator types it.
func (c *Command) Usage() string { return strings.TrimSpace(c.Name + " " + c.Syntax) }

// split splits a line into words; with an error it returns those before the fault. A quote at the
// start of a word ends at the next quote of the same kind. Elsewhere a quote is an ordinary
// character.
func split(line string) (words []string, err error) {
	for {
		line = strings.TrimLeft(line, " ")
		if line == "" {
			return words, nil
		}
		word, rest := "", ""
		if quote := line[0]; quote == '\'' || quote == '"' {
			closed := false
			word, rest, closed = strings.Cut(line[1:], line[:1])
			if !closed {
				return words, fmt.Errorf("the quote %c is not closed", quote)
			}
			if rest != "" && rest[0] != ' ' {
				return words, fmt.Errorf("a space is missing after the closing quote %c", quote)
			}
		} else {
			word, rest, _ = strings.Cut(line, " ")
		}
		words, line = append(words, word), rest
	}
}
