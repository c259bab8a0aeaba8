package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"nwayacd/api/cmdport"
)

// Exit codes of `nwayacd cmd`, in addition to ExitWrongInput for -USAGE.
const (
	exitRefused     = 1 // -ERR
	exitUnreachable = 3 // there is no server, or it refuses the password
)

// cmdLimit bounds one command. The longest one, nway_threeway, rings a phone.
const cmdLimit = 2 * time.Minute

// Cmd is `nwayacd cmd`.
type Cmd struct {
	serverFlags
	JSON  bool     `name:"json" help:"Print {\"ok\":…,\"reply\":…}."`
	Words []string `arg:"" name:"command" help:"A command of docs/commands.md, such as \"nway_login 1000 110\"."`
}

// Help returns the text that `nwayacd cmd --help` adds.
func (*Cmd) Help() string {
	return "Sends one command to the running server and prints the reply. Port, password and TLS are those of the " +
		"configuration. Exit code 0: +OK or a list. 1: -ERR. 2: -USAGE, or a wrong command line. 3: the server " +
		"cannot be reached, or refuses the password."
}

// Run sends the command. Its error has the exit code.
func (c *Cmd) Run() error {
	at, err := c.target()
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), cmdLimit)
	defer stop()
	return c.ask(ctx, os.Stdout, at)
}

func (c *Cmd) ask(ctx context.Context, out io.Writer, at cmdport.Target) error {
	code := 0
	reply, err := at.Ask(ctx, c.line())
	switch {
	case err != nil:
		reply, code = fmt.Sprintf("-ERR no reply from %s: %v", at.Address, err), exitUnreachable
	case strings.HasPrefix(reply, "-ERR"):
		code = exitRefused
	case strings.HasPrefix(reply, "-USAGE"):
		code = ExitWrongInput
	}
	if err := c.print(out, reply, code == 0); err != nil {
		return err
	}
	if code != 0 {
		return exitStatus(code)
	}
	return nil
}

func (c *Cmd) print(out io.Writer, reply string, ok bool) error {
	if !c.JSON {
		_, err := fmt.Fprintln(out, reply)
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(struct {
		OK    bool   `json:"ok"`
		Reply string `json:"reply"`
	}{ok, reply})
}

// line returns the command in one line. If there is only one word, it is the whole line. Otherwise
// each word that needs quotes gets them.
func (c *Cmd) line() string {
	if len(c.Words) == 1 {
		return c.Words[0]
	}
	words := make([]string, len(c.Words))
	for i, w := range c.Words {
		switch {
		case w != "" && !strings.Contains(w, " "):
			words[i] = w
		case strings.Contains(w, "'"):
			words[i] = `"` + w + `"`
		default:
			words[i] = "'" + w + "'"
		}
	}
	return strings.Join(words, " ")
}
