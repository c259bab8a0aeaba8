// Command cti follows the events of nwayacd over HTTP, and prints what happens to each call:
//
//	go run ./docs/examples/cti -url http://127.0.0.1:8085 -token TOKEN
//
//	09:12:31 5551234 waits in 110
//	09:12:31 5551234 is offered to 1000
//	09:12:34 5551234 talks to 1000
//	09:13:02 5551234 has left 1000
//	09:13:02 5551234 is gone
//
// It needs nothing but the standard library, and is a pattern for a CTI in any language. It sends
// one GET request and reads server-sent events. After a lost connection, the id of the last event
// says from where to go on.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
)

// retryAfter is the pause before a lost stream is asked for again.
const retryAfter = 2 * time.Second

func main() {
	c := client{out: os.Stdout}
	flag.StringVar(&c.url, "url", "http://127.0.0.1:8085", "nwayacd's HTTP port")
	flag.StringVar(&c.token, "token", "", "the token of [http]; none is needed on loopback")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for ctx.Err() == nil {
		if err := c.follow(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "cti:", err)
		}
		select {
		case <-time.After(retryAfter):
		case <-ctx.Done():
		}
	}
}

// client follows one server.
type client struct {
	url, token string
	out        io.Writer
	last       string // id of the last event, with which the stream is resumed
}

// follow reads the stream until it ends, and returns why it did.
func (c *client) follow(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/api/v1/events", nil)
	if err != nil {
		return err
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.last != "" {
		request.Header.Set("Last-Event-ID", c.last)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", request.URL, answer.Status)
	}
	return c.read(answer.Body)
}

// read takes the stream apart: lines "field: value", and an empty line behind each event.
func (c *client) read(stream io.Reader) error {
	var name, data string
	lines := bufio.NewScanner(stream)
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			c.last = value
		case "event":
			name = value
		case "data":
			data = value
		case "": // the event is complete; a comment such as ": keep-alive" has no name
			if err := c.event(name, data); err != nil {
				return err
			}
			name, data = "", ""
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return errors.New("the server has ended the stream")
}

// event prints what one event says.
func (c *client) event(name, data string) error {
	if name == "" {
		return nil
	}
	if name == "nwayacd::lost" {
		fmt.Fprintln(c.out, "events were missed: read /api/v1/calls and /api/v1/agents again")
		return nil
	}
	headers := map[string]string{}
	if err := json.Unmarshal([]byte(data), &headers); err != nil {
		return fmt.Errorf("event %s: %w", name, err)
	}
	if line := say(name, headers); line != "" {
		at := headers["nway_queue_time"] + headers["nway_status_time"] // each event has one of the two
		seconds, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return fmt.Errorf("event %s: %w", name, err)
		}
		fmt.Fprintln(c.out, time.Unix(seconds, 0).Format(time.TimeOnly), line)
	}
	return nil
}

// say puts an event into words; what concerns no call is left out.
func say(name string, h map[string]string) string {
	caller, group := h["nway_queue_caller"], h["nway_queue_group"]
	if name == "nwayacd::queue" {
		switch {
		case h["nway_queue_operate"] == "nway_queue_add":
			return caller + " waits in " + group
		case h["nway_queue_extension"] != "":
			return caller + " is offered to " + h["nway_queue_extension"]
		default: // without an agent it is the last event of a visit
			return caller + " is gone"
		}
	}
	if name != "nwayacd::info" {
		return ""
	}
	caller, agent := h["nway_callin"], h["nway_callout"]
	switch h["nway_callstatus"] {
	case "answered":
		return caller + " talks to " + agent
	case "noanswer":
		return caller + " was not answered by " + agent
	case "hangup":
		return caller + " has left " + agent
	case "transfered": // the spelling of the wire
		return caller + " is passed on to " + agent
	case "callin_hangup":
		return caller + " hung up while " + agent + " rang"
	}
	return ""
}
