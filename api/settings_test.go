package api_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"nwayacd/agent"
	"nwayacd/api"
	"nwayacd/api/apitest"
	"nwayacd/internal/auth"
	"nwayacd/internal/setting"
	"nwayacd/queue"
)

const settingsPage = "../docs/groups.md"

func TestThePageOfSettingsIsTheTables(t *testing.T) {
	page := strings.NewReplacer(
		"GROUPS\n", settingsMarkdown(queue.GroupSettings), "AGENTS\n", settingsMarkdown(agent.Settings),
	).Replace(settingsText)
	if *update {
		if err := os.WriteFile(settingsPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(settingsPage)
	if err != nil || string(written) != page {
		t.Errorf("docs/groups.md differs from the tables; go test ./api -run %s -update writes it again (%v)",
			t.Name(), err)
	}
}

func settingsMarkdown[T, U any](all setting.Table[T, U]) string {
	var b strings.Builder
	b.WriteString("| key | effect | value | default | column |\n|---|---|---|---|---|\n")
	for i := range all {
		s := &all[i]
		byDefault := cmp.Or(s.DefaultIn, setting.Show(s.Default))
		if byDefault == "" {
			byDefault = "nothing"
		} else {
			byDefault = "`" + byDefault + "`"
		}
		key := "`" + s.Key + "`"
		if s.Supervisor {
			key += " *"
		}
		wanted := s.Wanted()
		fmt.Fprintf(&b, "| %s | %s<br>%s | %s<br>%s | %s | `%s` |\n", key, s.Help.EN, s.Help.ZH, wanted.EN, wanted.ZH,
			byDefault, s.Column)
	}
	return b.String()
}

const settingsText = `# Settings of groups and agents

This page is made from the tables in ` + "`queue/settings.go` and `agent/settings.go`" + `; a test compares
them.

There are four ways to change a setting. It counts at once, by whichever way it comes:
* ` + "`nway_set_group 110 ring_seconds 20`, `nway_set_ext 1000 wrap_up_seconds 30`" + `. The word
  ` + "`default`" + ` in place of the value leaves the setting to its default.
* ` + "`PATCH /api/v1/groups/110` with `{\"ring_seconds\": 20, \"mode\": 2}`" + `, and the same for
  ` + "`/agents/1000`" + `. It changes all of them or none; ` + "`null`" + ` is the default.
* The pages under ` + "`/ui/admin`" + `. They ask ` + "`GET /api/v1/settings`" + ` for these tables.
* SQL, with PostgreSQL: ` + "`UPDATE ext_group SET group_callout_timeout = 20 …`" + `. NULL is the default. A
  value that is not allowed counts as the default, and a warning in the log names it.

` + "`nway_show_group 110` and `nway_show_ext 1000`" + ` show what is set. A value that is not allowed is
refused, and the refusal says which values are.

The default is a value, or the key of the configuration that has it. Settings with a * may be
changed by supervisors of the group; the others by administrators only.

## Groups
GROUPS

The service level is computed by one of these formulas:

| ` + "`service_level_formula`" + ` | answered in time ... |
|---|---|
| ` + "`short-excluded`" + ` | of all answered and abandoned calls, without short abandons |
| ` + "`all`" + ` | of all answered and abandoned calls |
| ` + "`answered`" + ` | of all answered calls |
| ` + "`abandoned-counts`" + ` | plus abandoned in time, of all answered and abandoned calls |
| ` + "`late-abandoned`" + ` | of all answered calls, and abandoned calls that were not abandoned in time |

## Agents
AGENTS

* A change during an offer or a call counts from the next one on.
* ` + "`wrap_up_seconds`" + ` of an agent counts also if ` + "`typing-auto`" + ` is off.
* ` + "`allowed_groups`" + ` counts if agents log themselves in, by phone or page. Supervisors and programs
  may log them in to any group.

## Reasons for a pause
` + "`nway_busy 1000 lunch`" + ` makes an agent busy for a reason. The reasons are rows of ` + "`nwayacd_reason`" + `:

| column | content |
|---|---|
| code | what ` + "`nway_busy`" + `, events and records have; 20 characters at most |
| name | what pages show |
| paid | whether the time counts as working time |
| position | place in lists |
| active | whether agents may choose it |

* A new database has ` + "`break`, `lunch`, `training` and `meeting`" + `.
* Change them with ` + "`nway_set_reason`, `nway_rm_reason`, `/api/v1/reasons/{code}`" + `, or SQL.
* A new reason during a pause begins a new pause. The same reason does not.
* ` + "`supervisor`" + ` is the reason of a pause that a supervisor ordered without one.
* During an offer or a call the pause waits for its end. ` + "`nway_ready` and `nway_login`" + ` take it back.
* The event nwayacd::agent of a pause has the reason in ` + "`nway_agent_reason`" + `.
`

func TestASupervisorSetsWarningsOnly(t *testing.T) {
	s, journal := apitest.Server()
	anna := auth.Actor{Name: "user:anna", Role: auth.Supervisor, Groups: []string{"110"}}
	ctx := auth.With(context.Background(), anna)
	got := api.Run(ctx, s, "nway_set_group 110 ring_seconds 20")
	if !strings.Contains(got, "it needs the role admin") || journal.Written.Load() != 0 {
		t.Error(got)
	}
	if got := api.Run(ctx, s, "nway_set_group 110 warn_waiting 20"); got != "+OK group 110: warn_waiting is 20" {
		t.Error(got)
	}
}

func TestWhatIsSetIsShown(t *testing.T) {
	s, _ := apitest.Server()
	ctx := apitest.As(t.Context(), auth.Admin)
	for _, line := range []string{
		"nway_set_ext 1000 max_misses 0", "nway_set_ext 1000 callout_number 95", "nway_set_group 110 welcome w.wav",
		"nway_set_group 110 alert_waiting 0",
	} {
		if got := api.Run(ctx, s, line); !strings.HasPrefix(got, "+OK") {
			t.Fatal(line, got)
		}
	}
	for line, want := range map[string][]string{
		"nway_show_ext 1000": {
			"key|value|default", "max_misses|0|max-misses", "callout_number|95|", "dial_string|default|dial-string",
			"name|Ann a|", "dnd|false|false", "+OK",
		},
		"nway_show_group 110": {"welcome|w.wav|default-agent-welcome", "alert_waiting|0|10", "goal|default|80"},
		"nway_show_group 110 json": {
			`{"key":"alert_waiting","value":0,"default":10}`, `{"key":"service_level_goal","value":null,"default":80}`,
		},
		"nway_show_ext 1000 json": {
			`{"key":"wrap_up_seconds","value":null,"default":null,"default_in":"recover-seconds"}`,
		},
	} {
		got := api.Run(ctx, s, line)
		if i := slices.IndexFunc(want, func(w string) bool { return !strings.Contains(got, w) }); i >= 0 {
			t.Errorf("%s: no %s in\n%s", line, want[i], got)
		}
	}
}
