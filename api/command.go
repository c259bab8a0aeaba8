// Package api is how people and programs manage a running server: the command port, which speaks the inbound Event Socket protocol so
// that fs_cli and every ESL client work with it.
//
// It owns the commands' words, their arguments and their replies. What a command does is package acd's.
package api

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"nwayacd/acd"
	"nwayacd/queue"
)

// Command is one command of the command port.
type Command struct {
	Name   string
	Syntax string // of the arguments
	Does   string
	run    func(ctx context.Context, s Server, args []string) (reply string, err error)
}

// Commands are all commands there are, in the order of the manual.
var Commands = []Command{
	{"nway_login", "EXT GROUP[,GROUP…]", "logs an extension in: up, idle, ready, member of exactly these groups", login},
	{"nway_logout", "EXT", "logs an extension out of all its groups; during an offer or call, when that ends", logout},
	{"nway_busy", "EXT", "makes an extension busy; during an offer or call, when that ends", busy},
	{"nway_ready", "EXT", "makes an extension idle and ready, and ends its wrap-up", ready},
	{"nway_list_exts", "[json]", "lists all extensions with their states", listExtensions},
	{"nway_list_groups", "[json]", "lists all groups with their members and callers", listGroups},
	{"nway_add_ext", "EXT PASSWORD", "adds an extension", addExtension},
	{"nway_add_group", "GROUP MODE", "adds a group; mode 0 sequence, 1 random, 2 cyclic, 3 to 5 the same after the remembered agent", addGroup},
	{"nwayacd_transfer", "UUID EXT", "offers a waiting, ringing or talking call to an extension", transfer},
	{"nway_reload", "", "reads the configuration again and says what takes a restart", reload},
}

// Server is what the commands act on.
type Server struct {
	*acd.Dispatcher
	Reload func() (report string, err error) // reads the configuration again
}

// maxCommand bounds a command's line, in bytes.
const maxCommand = 4096

// errUsage says that the arguments are not what the syntax wants.
type errUsage struct{}

// Error is never shown: the reply is the syntax.
func (errUsage) Error() string { return "usage" }

// Run carries out one line, such as `nway_login 1000 110`, and returns the reply: `+OK …`, `-ERR reason`, `-USAGE: syntax`, or a list. A
// command that changes something replies when the change is safe.
func Run(ctx context.Context, s Server, line string) string {
	if len(line) > maxCommand {
		return fmt.Sprintf("-ERR a command has at most %d characters, this one %d", maxCommand, len(line))
	}
	if strings.ContainsFunc(line, isControl) {
		return "-ERR control characters in the command"
	}
	words := strings.Fields(line)
	if len(words) == 0 {
		return "-ERR no command"
	}
	for _, c := range Commands {
		if c.Name == words[0] {
			return c.reply(ctx, s, words[1:])
		}
	}
	return "-ERR " + words[0] + " command not found"
}

func (c *Command) reply(ctx context.Context, s Server, args []string) string {
	reply, err := c.run(ctx, s, args)
	switch err.(type) {
	case nil:
		return reply
	case errUsage:
		return "-USAGE: " + strings.TrimSpace(c.Name+" "+c.Syntax)
	}
	return "-ERR " + strings.ReplaceAll(strings.TrimPrefix(err.Error(), "queue: "), "\n", "; ")
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// number is what an extension or a group may look like.
var number = regexp.MustCompile(`^[0-9A-Za-z_.+*#-]{1,32}$`)

func checkNumber(what, word string) error {
	if !number.MatchString(word) {
		return fmt.Errorf("%s %q: 1 to 32 letters, digits or _.+*#- are allowed", what, word)
	}
	return nil
}

func login(ctx context.Context, s Server, args []string) (string, error) {
	if len(args) != 2 {
		return "", errUsage{}
	}
	groups := strings.Split(args[1], ",")
	for _, g := range groups {
		if err := checkNumber("group", g); err != nil {
			return "", err
		}
	}
	return "+OK " + args[0] + " logged in to " + args[1], s.Login(ctx, args[0], groups)
}

// ofExtension makes a command out of an operation that takes an extension and nothing else.
func ofExtension(args []string, done string, do func(string) error) (string, error) {
	if len(args) != 1 {
		return "", errUsage{}
	}
	return "+OK " + args[0] + " " + done, do(args[0])
}

func logout(ctx context.Context, s Server, args []string) (string, error) {
	return ofExtension(args, "logged out", func(ext string) error { return s.Logout(ctx, ext) })
}

func busy(ctx context.Context, s Server, args []string) (string, error) {
	return ofExtension(args, "busy", func(ext string) error { return s.Busy(ctx, ext) })
}

func ready(ctx context.Context, s Server, args []string) (string, error) {
	return ofExtension(args, "ready", func(ext string) error { return s.Ready(ctx, ext) })
}

func addExtension(ctx context.Context, s Server, args []string) (string, error) {
	if len(args) != 2 {
		return "", errUsage{}
	}
	if err := checkNumber("extension", args[0]); err != nil {
		return "", err
	}
	return "+OK extension " + args[0] + " added", s.AddAgent(ctx, args[0], args[1])
}

func addGroup(ctx context.Context, s Server, args []string) (string, error) {
	if len(args) != 2 {
		return "", errUsage{}
	}
	if err := checkNumber("group", args[0]); err != nil {
		return "", err
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return "", fmt.Errorf("mode %q is not a number from 0 to 5", args[1])
	}
	mode, err := queue.ParseMode(n)
	if err != nil {
		return "", err
	}
	return "+OK group " + args[0] + " added, mode " + mode.String(), s.AddGroup(ctx, args[0], mode)
}

func transfer(ctx context.Context, s Server, args []string) (string, error) {
	if len(args) != 2 {
		return "", errUsage{}
	}
	return "+OK " + args[1] + " is called", s.Transfer(ctx, args[0], args[1])
}

func reload(_ context.Context, s Server, args []string) (string, error) {
	if len(args) != 0 {
		return "", errUsage{}
	}
	report, err := s.Reload()
	return "+OK " + report, err
}

// wait is how long someone has waited since, in whole seconds; "" for nobody.
func wait(since, now time.Time) string {
	if since.IsZero() {
		return ""
	}
	return strconv.FormatInt(int64(now.Sub(since)/time.Second), 10)
}
