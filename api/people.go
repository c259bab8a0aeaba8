package api

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"nwayacd/queue"
)

func busy(ctx context.Context, s Server, args []string) (string, error) {
	if len(args) == 1 {
		return "+OK " + args[0] + " busy", s.ACD.Dispatcher.Busy(ctx, args[0])
	}
	return "+OK " + args[0] + " busy: " + args[1], s.ACD.Dispatcher.Pause(ctx, args[0], args[1])
}

func wrap(ctx context.Context, s Server, args []string) (string, error) {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return "", err
	}
	ends, err := s.ACD.Dispatcher.ExtendWrapUp(ctx, args[0], time.Duration(n)*time.Second)
	return fmt.Sprintf("+OK the wrap-up of %s ends at %s", args[0], stamp(ends)), err
}

func join(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK " + args[0] + " is a member of " + args[1], s.ACD.Dispatcher.AddMember(ctx, args[0], args[1])
}

func leave(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK " + args[0] + " is no member of " + args[1], s.ACD.Dispatcher.RemoveMember(ctx, args[0], args[1])
}

func drop(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK the caller is hung up", s.ACD.Drop(ctx, args[0])
}

// reasonRow is a reason in nway_list_reasons.
type reasonRow struct {
	Code     string `json:"code"`
	Name     string `json:"name"`
	Paid     bool   `json:"paid"`
	Active   bool   `json:"active"`
	Position int    `json:"position"`
}

const reasonHeader = "code|name|paid|active|position"

func listReasons(_ context.Context, s Server, args []string) (string, error) {
	rows := []reasonRow{}
	for _, r := range s.ACD.Dispatcher.Reasons() {
		rows = append(rows, reasonRow{r.Code, r.Name, r.Paid, r.Active, r.Position})
	}
	return list(args, rows, reasonHeader, func(r reasonRow) []string {
		return []string{
			r.Code, r.Name, strconv.FormatBool(r.Paid), strconv.FormatBool(r.Active), strconv.Itoa(r.Position),
		}
	})
}

func setReason(ctx context.Context, s Server, args []string) (string, error) {
	position, err := strconv.Atoi(args[4])
	if err != nil {
		return "", err
	}
	_, err = s.ACD.Dispatcher.PutReason(ctx, queue.Reason{
		Code: args[0], Name: args[1], Paid: args[2] == paid, Active: args[3] == active, Position: position,
	})
	return "+OK reason " + args[0] + " set", err
}

func removeReason(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK reason " + args[0] + " removed", s.ACD.Dispatcher.DropReason(ctx, args[0])
}
