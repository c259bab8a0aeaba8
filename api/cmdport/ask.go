package cmdport

import (
	"context"
	"fmt"
	"net"
	"strings"
	"unicode"

	"nwayacd/api"
	"nwayacd/esl"
)

// Greeted returns nil if a command port answers at the address.
func Greeted(ctx context.Context, address string) error {
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("cmdport: the command port does not answer: %w", err)
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	greeting, err := esl.NewReader(nc, esl.Limits{}).ReadFrame()
	if err != nil {
		return fmt.Errorf("cmdport: no greeting from %s: %w", address, err)
	}
	if kind := greeting.Get("Content-Type"); kind != esl.ContentAuth {
		return fmt.Errorf("cmdport: %s greets with %q, not with %s", address, kind, esl.ContentAuth)
	}
	return nil
}

// Ask sends one command to the command port at the address, and returns its reply, which may be a
// refusal. An error means that there is no reply: esl.ErrAuth for a wrong password, or an error of
// the network or of ctx.
func Ask(ctx context.Context, address, password, line string) (reply string, err error) {
	if strings.ContainsFunc(line, unicode.IsControl) {
		return api.ControlRefusal, nil
	}
	conn, err := esl.Dial(ctx, address, password, esl.Options{Limits: esl.Limits{MaxBody: 64 << 20}})
	if err != nil {
		return "", fmt.Errorf("cmdport: %w", err)
	}
	defer conn.Close()
	replies, err := conn.Do(ctx, esl.API(line))
	if err != nil {
		return "", fmt.Errorf("cmdport: %w", err)
	}
	return replies[0].Text(), nil
}
