// Record runs a release of nwayacd against a simulated FreeSWITCH, brings it into one situation and
// kills it. It keeps what the release left behind. See README.md.
package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"nwayacd/esl"
	"nwayacd/sim"
)

func main() {
	var r recorder
	flag.StringVar(&r.program, "program", "", "the binary of the release")
	flag.StringVar(&r.dsn, "dsn", "", "an empty PostgreSQL database; without it the release uses SQLite")
	flag.StringVar(&r.out, "out", "", "folder for what is kept")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := r.record(ctx); err != nil {
		log.Fatal(err)
	}
}

type recorder struct {
	program, dsn, out string

	work    string // for the time of the run
	socket  string // the calls' port
	sw      *sim.Switch
	release *exec.Cmd
	control *esl.Connection
	db      *sql.DB
}

func (r *recorder) record(ctx context.Context) (err error) {
	if r.work, err = os.MkdirTemp("", "nwayacd-record-"); err != nil {
		return err
	}
	defer os.RemoveAll(r.work)
	r.sw = sim.New(sim.Options{Name: "sim", Seed: 1, PlayTime: func(string) time.Duration { return -1 }})
	inbound, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	served := make(chan struct{})
	go func() { defer close(served); r.sw.Serve(serving, inbound) }() // ends with serving
	defer func() { r.sw.Close(); stop(); <-served }()
	if err := r.begin(ctx, inbound.Addr().String()); err != nil {
		return err
	}
	defer r.kill()
	for _, step := range []func(context.Context) error{r.setUp, r.applied, r.unapplied} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return r.keep(ctx)
}

// begin starts the release on an empty database, and connects to its command port.
func (r *recorder) begin(ctx context.Context, freeswitch string) error {
	r.socket = freePort()
	control, conf := freePort(), filepath.Join(r.work, "nwayacd.toml")
	text := fmt.Sprintf("[acd]\ntyping-auto = true\nrecover-auto = false\nnoanswer-to-ready = false\n"+
		"[prompts]\nhold-music = \"silence_stream://-1\"\n[database]\ndbstring = %q\ndata-dir = %q\n"+
		"[server]\nlisten = %q\n[control]\nlisten = %q\n[http]\nlisten = %q\n[log]\nlevel = \"warn\"\n"+
		"[[freeswitch]]\nname = \"fs\"\naddress = %q\npassword = \"ClueCon\"\ndial-string = \"user/{ext}\"\n",
		r.dsn, r.dataDir(), r.socket, control, freePort(), freeswitch)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, r.program, "migrate", "-c", conf).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	driver, dsn := "postgres", r.dsn
	if r.dsn == "" {
		driver, dsn = "sqlite", filepath.Join(r.dataDir(), "nwayacd.db")+"?_pragma=busy_timeout(5000)"
	}
	var err error
	if r.db, err = sql.Open(driver, dsn); err != nil {
		return err
	}
	for _, list := range []string{
		`INSERT INTO call_vip_number (phone_number, group_number) VALUES ('13900000005', '110')`,
		`INSERT INTO call_blacklist (call_number, category) VALUES ('13000000000', 0)`,
	} {
		if _, err := r.db.ExecContext(ctx, list); err != nil {
			return err
		}
	}
	r.release = exec.Command(r.program, "serve", "-c", conf)
	r.release.Stdout, r.release.Stderr = os.Stderr, os.Stderr
	if err := r.release.Start(); err != nil {
		return err
	}
	return eventually(ctx, "the release takes commands", func() bool {
		r.control, err = esl.Dial(ctx, control, "any", esl.Options{})
		return err == nil
	})
}

func (r *recorder) dataDir() string { return filepath.Join(r.work, "data") }

func freePort() string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// setUp adds groups and agents. An agent answers at once, unless the situation has another use for
// its phone.
func (r *recorder) setUp(ctx context.Context) error {
	for _, phone := range []struct {
		extension string
		sim.Behaviour
	}{
		{"1000", sim.Behaviour{}},
		{"1001", sim.Behaviour{Do: sim.Refuses}},
		{"1002", sim.Behaviour{Talk: 500 * time.Millisecond}},
		{"1003", sim.Behaviour{}},
		{"1004", sim.Behaviour{Do: sim.Misses}},
		{"1005", sim.Behaviour{Talk: 500 * time.Millisecond}},
		{"1006", sim.Behaviour{Do: sim.Misses}},
	} {
		r.sw.Agent(phone.extension, phone.Behaviour)
	}
	commands := []string{
		"nway_add_group 110 5", "nway_add_group 120 0", "nway_add_group 130 2", "nway_add_group 140 3", "nway_add_group 150 1",
		"nway_set_ring_group 120 - - busy.wav transfer.wav",
	}
	for _, extension := range []string{"1000", "1001", "1002", "1003", "1004", "1005", "1006"} {
		commands = append(commands, "nway_add_ext "+extension+" secret-"+extension)
	}
	return r.commands(ctx, append(commands, "nway_set_ext_jobnumber 1000 8000 true",
		"nway_login 1000 110", "nway_login 1002 120", "nway_login 1003 130", "nway_login 1005 150")...)
}

// applied makes what is in the database when the release dies.
func (r *recorder) applied(ctx context.Context) error {
	first := r.call("13900000001", "120") // 1002 answers, and hangs up
	r.call("13900000002", "110")          // 1000 answers
	r.call("13900000009", "130")          // 1003 answers
	if err := r.state(ctx, "1000", "talking"); err != nil {
		return err
	}
	r.call("13900000003", "110") // waits
	if err := first.Wait(ctx, func(*sim.Call) bool { return false }); !errors.Is(err, sim.ErrOver) {
		return err
	}
	if err := errors.Join(r.state(ctx, "1002", "typing"), r.state(ctx, "1003", "talking")); err != nil {
		return err
	}
	for query, rows := range map[string]int{
		`SELECT count(*) FROM nwayacd_cdr`: 1, `SELECT count(*) FROM nwayacd_talk`: 2, `SELECT count(*) FROM callin_queue`: 1,
		`SELECT count(*) FROM call_extension WHERE call_state = 'typing'`: 1,
	} {
		err := eventually(ctx, query, func() bool {
			var n int
			return r.db.QueryRowContext(ctx, query).Scan(&n) == nil && n == rows
		})
		if err != nil {
			return err
		}
	}
	if _, err := r.db.ExecContext(ctx, `UPDATE ext_group SET group_name = 'sales' WHERE group_number = '110'`); err != nil || r.dsn == "" {
		return err
	}
	// The release hears of this edit, and then writes floor.json within 30 seconds.
	return eventually(ctx, "floor.json has the waiting caller", func() bool {
		text, err := os.ReadFile(filepath.Join(r.dataDir(), "floor.json"))
		return err == nil && bytes.Contains(text, []byte("13900000003"))
	})
}

// unapplied makes what is in the journal only. The database is locked meanwhile.
func (r *recorder) unapplied(ctx context.Context) error {
	lock, err := r.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer lock.Close()
	statements := []string{`BEGIN IMMEDIATE`}
	if r.dsn != "" {
		statements = []string{`BEGIN`, `LOCK TABLE nwayacd_applied IN ACCESS EXCLUSIVE MODE`}
	}
	for _, statement := range statements {
		if _, err := lock.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if err := r.happen(ctx); err != nil {
		return err
	}
	time.Sleep(200 * time.Millisecond) // for the last lines of the journal
	r.kill()
	_, err = lock.ExecContext(ctx, `ROLLBACK`)
	return err
}

func (r *recorder) happen(ctx context.Context) error {
	r.call("13900000008", "150") // 1005 answers, and hangs up
	r.sw.Agent("1002", sim.Behaviour{})
	r.call("13900000004", "120") // 1002 answers
	gone := r.call("13900000006", "140")
	if err := r.commands(ctx, "nway_ready 1002"); err != nil {
		return err
	}
	r.call("13900000005", "110") // waits, before 13900000003; 1001 refuses it
	if err := errors.Join(r.state(ctx, "1002", "talking"), r.state(ctx, "1005", "typing"), r.queued(ctx, "13900000005")); err != nil {
		return err
	}
	if err := r.commands(ctx, "nway_busy 1002", "nway_login 1001 110", "nway_add_ext 1007 secret-1007"); err != nil {
		return err
	}
	gone.Hangup()
	talks, err := r.uuidOf(ctx, "13900000009")
	if err != nil {
		return err
	}
	if err := errors.Join(r.state(ctx, "1001", "noanswer"), r.commands(ctx, "nway_login 1006 130", "nwayacd_transfer "+talks+" 1006")); err != nil {
		return err
	}
	r.call("13900000007", "140")
	if err := errors.Join(r.commands(ctx, "nway_login 1004 140"), r.state(ctx, "1004", "ring"), r.state(ctx, "1006", "ring")); err != nil {
		return err
	}
	return r.state(ctx, "1003", "typing")
}

// call lets a caller arrive at a group.
func (r *recorder) call(number, group string) *sim.Call {
	return r.sw.Call(sim.CallOptions{Number: number, Dialled: group, Dialplan: sim.Plan("socket " + r.socket + "/nwayacd/" + group + " async full")})
}

// state waits until the agent is in a state.
func (r *recorder) state(ctx context.Context, extension, state string) error {
	row := regexp.MustCompile(`(?m)^` + extension + `\b.*\b` + state + `\b`)
	return r.listed(ctx, "nway_list_exts", row)
}

// queued waits until a caller is in the list of calls.
func (r *recorder) queued(ctx context.Context, number string) error {
	return r.listed(ctx, "nway_list_calls", regexp.MustCompile(number))
}

func (r *recorder) listed(ctx context.Context, command string, row *regexp.Regexp) error {
	return eventually(ctx, command+" has "+row.String(), func() bool {
		reply, err := r.command(ctx, command)
		return err == nil && row.MatchString(reply)
	})
}

// uuidOf is the channel of a caller.
func (r *recorder) uuidOf(ctx context.Context, number string) (string, error) {
	reply, err := r.command(ctx, "nway_list_calls")
	for line := range strings.Lines(reply) {
		if strings.Contains(line, number) {
			return regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).FindString(line), nil
		}
	}
	return "", errors.Join(err, fmt.Errorf("no call of %s in\n%s", number, reply))
}

func (r *recorder) command(ctx context.Context, line string) (string, error) {
	replies, err := r.control.Do(ctx, esl.API(line))
	if err != nil {
		return "", err
	}
	return replies[0].Text(), nil
}

func (r *recorder) commands(ctx context.Context, lines ...string) error {
	for _, line := range lines {
		if reply, err := r.command(ctx, line); err != nil || !strings.HasPrefix(reply, "+OK") {
			return errors.Join(err, fmt.Errorf("%s: %s", line, reply))
		}
	}
	return nil
}

// kill ends the release as a crash does.
func (r *recorder) kill() {
	if r.release != nil {
		r.release.Process.Kill()
		r.release.Wait()
		r.control.Close()
		r.release = nil
	}
}

// keep copies the journal, floor.json and the identity, and dumps the database.
func (r *recorder) keep(ctx context.Context) error {
	defer r.db.Close()
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	for _, pattern := range []string{"*.journal", "floor.json", "identity"} {
		names, err := filepath.Glob(filepath.Join(r.dataDir(), pattern))
		if err != nil {
			return err
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err == nil {
				err = os.WriteFile(filepath.Join(r.out, filepath.Base(name)), text, 0o644)
			}
			if err != nil {
				return err
			}
		}
	}
	dump := exec.CommandContext(ctx, "pg_dump", "--no-owner", "--no-privileges", "--inserts", r.dsn)
	if r.dsn == "" {
		dump = exec.CommandContext(ctx, "sqlite3", filepath.Join(r.dataDir(), "nwayacd.db"), ".dump")
	}
	dump.Stderr = os.Stderr
	text, err := dump.Output()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, "database.sql"), plain(text), 0o644)
}

// plain leaves out what a dump has for people and for psql.
func plain(dump []byte) []byte {
	noise := regexp.MustCompile(`(?m)^(--.*|\\.*|SELECT pg_catalog\.set_config\('search_path'.*|SET .*|)\n`)
	return noise.ReplaceAll(dump, nil)
}

func eventually(ctx context.Context, what string, true func() bool) error {
	for !true() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %s", ctx.Err(), what)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}
