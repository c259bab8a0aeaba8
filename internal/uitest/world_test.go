package uitest

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"nwayacd/internal/auth/users"
	"nwayacd/internal/testlab"
	"nwayacd/sim"
)

// world is a server as a child process with a database, a simulated FreeSWITCH, and people.
type world struct {
	t       *testing.T
	server  *testlab.Server
	process *testlab.Process
	client  *testlab.Client
	sw      *sim.Switch
	db      *sql.DB

	postgres *testlab.Postgres
	ends     []func() // the last one first
}

const (
	controlPassword = "control-secret"
	userPassword    = "correct-horse-1"
	startLimit      = 20 * time.Second
)

// people are the users of each world: name, role, groups, extension.
var people = [][4]string{
	{"boss", "admin", "*", ""},
	{"sup", "supervisor", "110", ""},
	{"reader", "read", "110", ""},
	{"screen", "wall", "110", ""},
	{"1000", "agent", "", "1000"},
}

// The tests share one world, because a database and a server take some seconds to start.
var theWorld *world

// inWorld returns the world of the tests.
func inWorld(t *testing.T) *world {
	t.Helper()
	if theWorld == nil {
		theWorld = &world{}
		theWorld.t = t
		theWorld.build()
	}
	theWorld.t = t
	return theWorld
}

// build starts a server with the groups 110 and 120, the agents 1000 to 1003, and a user for each
// role.
func (w *world) build() {
	w.t.Helper()
	dir, err := os.MkdirTemp("", "nwayacd-ui-world-")
	w.must(err)
	w.onEnd(func() { os.RemoveAll(dir) })
	w.postgres, err = testlab.StartPostgres("../..", "")
	w.must(err)
	w.onEnd(func() { w.postgres.Stop() })
	w.db, err = sql.Open("postgres", w.postgres.DSN)
	w.must(err)
	w.onEnd(func() { w.db.Close() })
	w.sw = sim.New(sim.Options{Name: "ui", Seed: 1, PlayTime: playTime})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	ctx, stop := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { w.sw.Serve(ctx, ln) })
	w.onEnd(func() { stop(); serving.Wait(); w.sw.Close() })
	w.server, err = testlab.NewServer(program, dir)
	w.must(err)
	w.must(w.server.Configure(testlab.Settings{
		"control.password": testlab.Quote(controlPassword), "database.dbstring": testlab.Quote(w.postgres.DSN),
		"acd.typing-auto": "true", "acd.recover-seconds": "60", "server.drain-seconds": "1",
	}, testlab.Switch{Name: "ui", Address: ln.Addr().String(), Password: "ClueCon", DialString: "user/{ext}"}))
	w.must(w.server.Migrate(w.t.Context()))
	w.addPeople()
	w.start()
	w.onEnd(func() { w.process.Stop(startLimit) })
	w.client = &testlab.Client{Address: w.server.Control, Password: controlPassword}
	w.onEnd(w.client.Close)
	w.fill()
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// onEnd notes what is done at the end of all tests.
func (w *world) onEnd(do func()) { w.ends = append(w.ends, do) }

// end ends the world.
func (w *world) end() {
	for _, do := range slices.Backward(w.ends) {
		do()
	}
}

// start starts the server's process, and waits until it serves.
func (w *world) start() {
	w.t.Helper()
	p, err := w.server.Start()
	if err != nil {
		w.t.Fatal(err)
	}
	w.process = p
	ctx, cancel := context.WithTimeout(w.t.Context(), startLimit)
	defer cancel()
	for _, address := range []string{w.server.HTTP, w.server.Socket} {
		if err := w.server.Await(ctx, p, address); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) fill() {
	w.do("nway_add_group 110 2", "nway_add_group 120 2")
	for i := range 4 {
		extension := fmt.Sprint(1000 + i)
		w.sw.Agent(extension, sim.Behaviour{Do: sim.Answers, After: 300 * time.Millisecond})
		w.do("nway_add_ext "+extension+" secret", "nway_login "+extension+" 110")
	}
	w.do("nway_login 1003 120")
}

// addPeople adds the users to the database.
func (w *world) addPeople() {
	w.t.Helper()
	hash := users.HashPassword(userPassword)
	for _, p := range people {
		_, err := w.db.ExecContext(w.t.Context(), `INSERT INTO nwayacd_user
			(name, password, role, groups, extension, created, changed)
			VALUES ($1, $2, $3, $4, $5, now(), now())`, p[0], hash, p[1], p[2], p[3])
		w.must(err)
	}
}

// do runs commands, which must succeed.
func (w *world) do(commands ...string) (reply string) {
	w.t.Helper()
	for _, c := range commands {
		ctx, cancel := context.WithTimeout(w.t.Context(), startLimit)
		reply, err := w.client.Do(ctx, c)
		cancel()
		if err != nil || !strings.HasPrefix(reply, "+OK") {
			w.t.Fatalf("%s: %s %v\n%s", c, reply, err, w.server.LastWords())
		}
	}
	return reply
}

// sees waits until the list of agents has the text in the agent's row.
func (w *world) sees(extension, text string) {
	w.t.Helper()
	row := ""
	for end := time.Now().Add(seeLimit); time.Now().Before(end); time.Sleep(lookEvery) {
		reply, err := w.client.Do(w.t.Context(), "nway_list_exts json")
		if err != nil {
			w.t.Fatal(err)
		}
		_, row, _ = strings.Cut(reply, `"extension":"`+extension+`"`)
		row, _, _ = strings.Cut(row, `"extension":`)
		if strings.Contains(row, text) {
			return
		}
	}
	w.t.Fatalf("agent %s never has %s: %s", extension, text, row)
}

// call lets a caller call a group.
func (w *world) call(number, name, group string) *sim.Call {
	socket := "socket " + w.server.Socket + "/nwayacd/" + group + " async full"
	return w.sw.Call(sim.CallOptions{
		Number: number, Name: name, Dialled: group,
		Dialplan: sim.Plan("set socket_resume=true", socket, "sleep 1000", socket, "hangup NORMAL_CLEARING"),
	})
}

func (w *world) url(path string) string { return "http://" + w.server.HTTP + path }

func playTime(file string) time.Duration {
	if strings.HasPrefix(file, "local_stream:") {
		return -1
	}
	return 100 * time.Millisecond
}
