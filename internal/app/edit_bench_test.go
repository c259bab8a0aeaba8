package app

import (
	"database/sql"
	"os"
	"testing"

	_ "github.com/lib/pq"
	"github.com/rs/zerolog"

	"nwayacd/conf"
)

// BenchmarkEditInForce measures from the commit of a row that another program edits with SQL until
// the running server acts on it. The edit makes an agent busy and idle again, and the server
// publishes the event.
func BenchmarkEditInForce(b *testing.B) {
	d, db := onPostgres(b)
	floor := d.acd.Dispatcher
	if floor.AddGroup(b.Context(), "110", 0) != nil || floor.AddAgent(b.Context(), "1000", "p") != nil ||
		floor.Login(b.Context(), "1000", []string{"110"}) != nil || d.store.Flush(b.Context()) != nil {
		b.Fatal("no agent to edit")
	}
	events := d.acd.Events.Listen(0)
	defer events.Close()
	busy := false
	for b.Loop() {
		busy = !busy
		word, want := "idle", "nway_agent_ready"
		if busy {
			word, want = "busy", "nway_agent_busy"
		}
		if _, err := db.ExecContext(b.Context(),
			`UPDATE call_extension SET seat_status = $1 WHERE extension_number = '1000'`, word); err != nil {
			b.Fatal(err)
		}
		for {
			e, err := events.Next(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			if e.Get("nway_agent_status") == want {
				break
			}
		}
	}
}

// onPostgres starts a server on its own database in the cluster of NWAYACD_TEST_DSN.
func onPostgres(b testing.TB) (*Daemon, *sql.DB) {
	cluster := os.Getenv("NWAYACD_TEST_DSN")
	if cluster == "" {
		b.Skip("NOT MEASURED: NWAYACD_TEST_DSN IS NOT SET (script/postgres start DIR prints one)")
	}
	const name = "nwayacd_bench"
	admin := openDatabase(b, cluster)
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + name, "CREATE DATABASE " + name} {
		if _, err := admin.ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
	c := conf.Default()
	c.Database.DSN, c.Database.DataDir = conf.Secret(cluster+" dbname="+name), b.TempDir()
	c.Server.Listen, c.Control.Listen, c.HTTP.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	d, err := Start(b.Context(), c, zerolog.Nop(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := d.Stop(); err != nil {
			b.Error(err)
		}
	})
	return d, openDatabase(b, string(c.Database.DSN))
}

func openDatabase(b testing.TB, dsn string) *sql.DB {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return db
}
