package cli

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"nwayacd/internal/auth/users"
)

// User is `nwayacd user`.
type User struct {
	Add       UserAdd      `cmd:"" help:"Add a user. The password is made and printed once, unless --ask is given."`
	List      UserList     `cmd:"" help:"List the users."`
	Change    UserChange   `cmd:"" help:"Give a user another role, other groups, and another extension."`
	Password  UserPassword `cmd:"" help:"Give a user another password, which is made and printed once, unless --ask is given."`
	Disable   UserDisable  `cmd:"" help:"End the sessions of a user, and let it log in no more."`
	Enable    UserEnable   `cmd:"" help:"Let a disabled user log in again."`
	Remove    UserRemove   `cmd:"" help:"Remove a user."`
	AddAgents UserAgents   `cmd:"" help:"Add a user for each agent that has none, and print names and passwords as CSV."`
}

// office is the running server, and the terminal.
type office struct {
	ask      func(ctx context.Context, line string) (reply string, err error)
	out      io.Writer
	notes    io.Writer // for people, beside the output
	password func(prompt string) (string, error)
}

// office returns the server of the configuration.
func (f serverFlags) office() (*office, error) {
	at, err := f.target()
	if err != nil {
		return nil, err
	}
	return &office{at.Ask, os.Stdout, os.Stderr, readPassword}, nil
}

// say sends a command of words without spaces, and prints the reply.
func (o *office) say(words ...string) error {
	ctx, stop := context.WithTimeout(context.Background(), cmdLimit)
	defer stop()
	reply, err := o.do(ctx, words...)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(o.out, reply)
	return err
}

// do sends a command. The error has the exit code of `nwayacd cmd`.
func (o *office) do(ctx context.Context, words ...string) (reply string, err error) {
	reply, err = o.ask(ctx, strings.Join(words, " "))
	switch {
	case err != nil:
		fmt.Fprintf(o.notes, "-ERR no reply: %v\n", err)
		return "", exitStatus(exitUnreachable)
	case strings.HasPrefix(reply, "-USAGE"):
		fmt.Fprintln(o.notes, reply)
		return "", exitStatus(ExitWrongInput)
	case strings.HasPrefix(reply, "-ERR"):
		fmt.Fprintln(o.notes, reply)
		return "", exitStatus(exitRefused)
	}
	return reply, nil
}

// rights are the flags for the role of a user or a token.
type rights struct {
	Groups    []string `placeholder:"GROUP,…" help:"The groups that the role is for; * is all of them."`
	Extension string   `placeholder:"EXT" help:"The own extension. The role agent needs one."`
}

func (r *rights) words() (groups, extension string) {
	groups, extension = strings.Join(r.Groups, ","), r.Extension
	return orDash(groups), orDash(extension)
}

func orDash(word string) string {
	if word == "" {
		return "-"
	}
	return word
}

// newPassword are the flags for a password.
type newPassword struct {
	Ask bool `help:"Ask for the password on the terminal, or read it from stdin if that is no terminal."`
}

// hash returns the hash of a password that is asked for, or of one that is made, which is not "".
// The password itself does not leave this process, so neither ps nor an event shows it.
func (p *newPassword) hash(o *office, name string) (hash, made string, err error) {
	if !p.Ask {
		made = users.MakePassword()
		return users.HashPassword(made), made, nil
	}
	given, err := o.password("password for " + name + ": ")
	if err != nil {
		return "", "", err
	}
	if err := users.CheckNewPassword(name, given); err != nil {
		return "", "", err
	}
	return users.HashPassword(given), "", nil
}

// tell prints a password that was made.
func (o *office) tell(made string) error {
	if made == "" {
		return nil
	}
	_, err := fmt.Fprintf(o.out, "password (shown once, to be changed at the first login): %s\n", made)
	return err
}

// UserAdd is `nwayacd user add`.
type UserAdd struct {
	serverFlags
	rights
	newPassword
	Name string `arg:"" help:"a-z 0-9 . _ @ -"`
	Role string `arg:"" enum:"wall,read,agent,supervisor,admin" help:"wall, read, agent, supervisor or admin"`
}

// Run adds the user.
func (c *UserAdd) Run() error {
	o, err := c.office()
	if err != nil {
		return err
	}
	return c.add(o)
}

func (c *UserAdd) add(o *office) error {
	hash, made, err := c.hash(o, c.Name)
	if err != nil {
		return err
	}
	groups, extension := c.words()
	if err := o.say("nway_user", "add", c.Name, c.Role, groups, extension, hash); err != nil {
		return err
	}
	return o.tell(made)
}

// UserPassword is `nwayacd user password`.
type UserPassword struct {
	serverFlags
	newPassword
	Name string `arg:"" help:"The user."`
}

// Run gives the user another password.
func (c *UserPassword) Run() error {
	o, err := c.office()
	if err != nil {
		return err
	}
	hash, made, err := c.hash(o, c.Name)
	if err != nil {
		return err
	}
	if err := o.say("nway_user", "password", c.Name, "-", "-", "-", hash); err != nil {
		return err
	}
	return o.tell(made)
}

// UserChange is `nwayacd user change`.
type UserChange struct {
	serverFlags
	rights
	Name string `arg:"" help:"The user."`
	Role string `arg:"" enum:"wall,read,agent,supervisor,admin" help:"wall, read, agent, supervisor or admin"`
}

// Run changes the user.
func (c *UserChange) Run() error {
	groups, extension := c.words()
	return c.saying("nway_user", "change", c.Name, c.Role, groups, extension)
}

// UserList is `nwayacd user list`.
type UserList struct{ serverFlags }

// Run lists the users.
func (c *UserList) Run() error { return c.saying("nway_user", "list") }

// UserDisable is `nwayacd user disable`.
type UserDisable struct{ named }

// Run disables the user.
func (c *UserDisable) Run() error { return c.saying("nway_user", "disable", c.Name) }

// UserEnable is `nwayacd user enable`.
type UserEnable struct{ named }

// Run enables the user.
func (c *UserEnable) Run() error { return c.saying("nway_user", "enable", c.Name) }

// UserRemove is `nwayacd user remove`.
type UserRemove struct{ named }

// Run removes the user.
func (c *UserRemove) Run() error { return c.saying("nway_user", "remove", c.Name) }

// named is the command line of what needs a name only.
type named struct {
	serverFlags
	Name string `arg:"" help:"The name."`
}

func (f serverFlags) saying(words ...string) error {
	o, err := f.office()
	if err != nil {
		return err
	}
	return o.say(words...)
}

// UserAgents is `nwayacd user add-agents`.
type UserAgents struct {
	serverFlags
	Group string `arg:"" optional:"" help:"Only agents that are in this group now."`
}

// Run adds the users.
func (c *UserAgents) Run() error {
	o, err := c.office()
	if err != nil {
		return err
	}
	return c.add(o)
}

func (c *UserAgents) add(o *office) error {
	ctx := context.Background()
	known, err := o.names(ctx)
	if err != nil {
		return err
	}
	agents, err := o.agents(ctx, c.Group)
	if err != nil {
		return err
	}
	table := csv.NewWriter(o.out)
	defer table.Flush()
	if err := table.Write([]string{"name", "extension", "password"}); err != nil {
		return err
	}
	for _, extension := range agents {
		name := strings.ToLower(extension)
		if slices.Contains(known, name) {
			continue
		}
		password := users.MakePassword()
		hash := users.HashPassword(password)
		if _, err := o.do(ctx, "nway_user", "add", name, "agent", "-", extension, hash); err != nil {
			return err
		}
		if err := table.Write([]string{name, extension, password}); err != nil {
			return err
		}
	}
	table.Flush()
	return table.Error()
}

// names returns the names of all users.
func (o *office) names(ctx context.Context) (names []string, err error) {
	reply, err := o.do(ctx, "nway_user", "list")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(reply) {
		name, _, _ := strings.Cut(line, "|")
		names = append(names, name)
	}
	return names, nil
}

// agents returns the extensions of all agents, or of those in the group.
func (o *office) agents(ctx context.Context, group string) (extensions []string, err error) {
	reply, err := o.do(ctx, "nway_list_exts", "json")
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Extension string   `json:"extension"`
		Groups    []string `json:"groups"`
	}
	if err := json.Unmarshal([]byte(reply), &rows); err != nil {
		return nil, err
	}
	for _, r := range rows {
		if group == "" || slices.Contains(r.Groups, group) {
			extensions = append(extensions, r.Extension)
		}
	}
	return extensions, nil
}

var errDiffer = errors.New("the two are not the same")

// readPassword reads a password twice from the terminal, or one line from stdin.
func readPassword(prompt string) (string, error) {
	in := int(os.Stdin.Fd())
	if !term.IsTerminal(in) {
		line, err := bufio.NewReader(io.LimitReader(os.Stdin, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var given [2]string
	for i, text := range []string{prompt, "again: "} {
		fmt.Fprint(os.Stderr, text)
		line, err := term.ReadPassword(in)
		fmt.Fprintln(os.Stderr)
		if err != nil {
			return "", err
		}
		given[i] = string(line)
	}
	if given[0] != given[1] {
		return "", errDiffer
	}
	return given[0], nil
}
