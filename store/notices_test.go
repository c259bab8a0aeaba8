package store

import (
	"fmt"
	"testing"
	"time"

	"nwayacd/queue"
)

func TestAFloodOfNotificationsCostsLittle(t *testing.T) {
	for name, payload := range map[string]string{
		"no JSON":         `'x' || i`,
		"another table":   `'{"table": "orders", "op": "update", "key": {"id": "' || i || '"}}'`,
		"edits of agents": `'{"table": "call_extension", "op": "update", "key": {"extension_number": "' || i || '"}, "columns": ["dnd"]}'`,
		"reloads":         `'{"table": "ext_group", "op": "reload", "n": ' || i || '}'`,
	} {
		t.Run(name, func(t *testing.T) {
			o := postgresOptions(t)
			var lines logLines
			o.Log = lines.logger()
			reloads, edits := make(chan queue.Snapshot, 10000), make(chan []queue.Change, 10000)
			o.OnReload = func(take func() queue.Snapshot) { reloads <- take() }
			o.OnEdit = func(take func() []queue.Change) { edits <- take() }
			s, _ := run(t, o)
			s.Write(addedAgent("1000"))
			flush(t, s)
			jobsDone(t, s)
			other := openSQL(t, o.DSN)
			statements, logged, began := s.Status().Statements, lines.lines("\n"), time.Now()
			for range 10 {
				exec(t, other,
					fmt.Sprintf(`SELECT pg_notify('nwayacd', %s) FROM generate_series(1, 1000) AS i`, payload))
			}
			exec(t, other, `UPDATE call_extension SET dnd = true WHERE extension_number = '1000'`)
			arrived := func() bool {
				for {
					select {
					case changes := <-edits:
						for _, c := range changes {
							if c.Agent != nil && c.Agent.DND != nil && *c.Agent.DND {
								return true
							}
						}
					case snap := <-reloads:
						if agentOf(t, snap, "1000").DND {
							return true
						}
					default:
						return false
					}
				}
			}
			eventually(t, "the edit behind the flood arrives", arrived)
			took := time.Since(began)
			used := s.Status().Statements - statements
			if bound := uint64(60 + 150*took.Seconds()); used > bound {
				t.Errorf("%d statements in %s", used, took)
			}
			if n := lines.lines("\n") - logged; n > 5 {
				t.Errorf("%d lines of log", n)
			}
			t.Logf("%d statements in %s", used, took)
		})
	}
}
