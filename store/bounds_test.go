package store

import (
	"os"
	"strings"
	"testing"

	"nwayacd/queue"
)

func TestTheLongestUUIDKeepsItsPlace(t *testing.T) {
	for name, nwaycc := range map[string]bool{"our own database": false, "a database of nwaycc": true} {
		t.Run(name, func(t *testing.T) {
			o := postgresOptions(t)
			if nwaycc {
				fixture, err := os.ReadFile("testdata/nwaycc.sql")
				if err != nil {
					t.Fatal(err)
				}
				exec(t, openSQL(t, o.DSN), string(fixture))
			}
			s, _ := run(t, o)
			uuid := strings.Repeat("u", queue.MaxUUID)
			s.Write(queue.Change{Waiting: &queue.Waiting{UUID: uuid, Group: "110", Since: moment}})
			flush(t, s)
			if n := count(t, s, `SELECT count(*) FROM callin_queue WHERE call_uuid = $1`, uuid); n != 1 ||
				s.Status().Rejected != 0 {
				t.Errorf("%d places, %+v", n, s.Status())
			}
		})
	}
}
