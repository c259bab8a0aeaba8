package api

import (
	"cmp"
	"context"
	"fmt"

	"nwayacd/agent"
	"nwayacd/internal/auth"
	"nwayacd/internal/setting"
	"nwayacd/queue"
)

func setExtension(ctx context.Context, s Server, args []string) (string, error) {
	u := agent.Update{Extension: args[0]}
	shown, err := setOne(ctx, s, agent.Settings, &u, args[1], args[2])
	if err != nil {
		return "", err
	}
	return "+OK " + args[0] + ": " + shown, s.ACD.Dispatcher.SetAgent(ctx, u)
}

func setGroup(ctx context.Context, s Server, args []string) (string, error) {
	u := queue.GroupUpdate{Number: args[0]}
	shown, err := setOne(ctx, s, queue.GroupSettings, &u, args[1], args[2])
	if err != nil {
		return "", err
	}
	return "+OK group " + args[0] + ": " + shown, s.ACD.Dispatcher.SetGroup(ctx, u)
}

// setOne makes u set one setting, if the actor of ctx may. It returns what the reply says of it.
func setOne[T, U any](ctx context.Context, s Server, all setting.Table[T, U], u *U, key, text string) (string, error) {
	one, err := all.Find(key)
	if err != nil {
		return "", err
	}
	if err := s.MaySet(ctx, one.Supervisor); err != nil {
		return "", err
	}
	v, err := one.Parse(text)
	if err != nil {
		return "", err
	}
	one.Put(u, v)
	if v == nil {
		return fmt.Sprintf("%s is left to the default, %s", key, byDefault(one)), nil
	}
	return fmt.Sprintf("%s is %v", key, v), nil
}

// MaySet returns nil if the actor of ctx may change a setting, given whether supervisors may.
// Otherwise it returns an *auth.Refusal.
func (s Server) MaySet(ctx context.Context, supervisors bool) error {
	if supervisors {
		return nil
	}
	return s.Allow(ctx, auth.OpSettings)
}

// byDefault returns the default of a setting as an operator types it, or the key of the
// configuration that has it.
func byDefault[T, U any](of *setting.Setting[T, U]) string {
	return cmp.Or(of.DefaultIn, setting.Show(of.Default))
}

// settingRow is a setting in nway_show_ext and nway_show_group.
type settingRow struct {
	Key       string        `json:"key"`
	Value     setting.Value `json:"value"`                // null = left to the default
	Default   setting.Value `json:"default"`              // null = in the configuration
	DefaultIn string        `json:"default_in,omitempty"` // key of the configuration
}

const settingHeader = "key|value|default"

func showExtension(_ context.Context, s Server, args []string) (string, error) {
	v, err := s.ACD.Dispatcher.Agent(args[0])
	if err != nil {
		return "", err
	}
	return showSettings(args[1:], agent.Settings, &v.Agent)
}

func showGroup(_ context.Context, s Server, args []string) (string, error) {
	v, err := s.ACD.Dispatcher.Group(args[0])
	if err != nil {
		return "", err
	}
	return showSettings(args[1:], queue.GroupSettings, &v.Group)
}

func showSettings[T, U any](args []string, all setting.Table[T, U], of *T) (string, error) {
	rows := make([]settingRow, len(all))
	for i := range all {
		rows[i] = settingRow{all[i].Key, all[i].Own(of), all[i].Default, all[i].DefaultIn}
	}
	return list(args, rows, settingHeader, func(r settingRow) []string {
		return []string{r.Key, setting.Show(r.Value), cmp.Or(r.DefaultIn, setting.Show(r.Default))}
	})
}
