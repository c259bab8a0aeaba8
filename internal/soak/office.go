package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	desk "nwayacd/internal/phone"
	"nwayacd/internal/switchboard"
	"nwayacd/internal/testlab"
)

//go:embed testdata/freeswitch.xml.tmpl
var officePage string

// errNoSwitch reports that the soak on a real FreeSWITCH is not possible here.
var errNoSwitch = errors.New("there is no freeswitch on the PATH")

// office is a run on a real FreeSWITCH, with SIP phones of agents, of colleagues who are no agents,
// and of callers.
type office struct {
	*soak
	board   *switchboard.Switch
	seats   []*seat // of agents
	others  []*seat // of colleagues; and the destination of forwards
	serial  atomic.Int64
	calling sync.WaitGroup // of guests

	mu     sync.Mutex // guards what follows
	guests []*guest   // of the whole soak
	deeds  []officeDeed
	marks  map[*desk.Dialog]time.Time // dialogs that the soak itself may have ended, until then
}

// playOffice is a whole run on a real FreeSWITCH.
func playOffice(ctx context.Context, o options, out io.Writer) (f *figures, err error) {
	if !switchboard.Exists() {
		return nil, errNoSwitch
	}
	s := newSoak(ctx, o, out)
	b := &office{soak: s, marks: map[*desk.Dialog]time.Time{}}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer s.serving.Wait()
	defer stop()
	defer func() { err = errors.Join(err, b.close()) }()
	if err := b.open(serving); err != nil {
		return nil, err
	}
	b.run(ctx, serving)
	b.sums()
	return &s.figures, nil
}

func (b *office) open(ctx context.Context) (err error) {
	if b.pg, err = startPostgres(b.opt.Root, b.opt.Dir); err != nil {
		return err
	}
	db, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	b.soak.serving.Go(func() { relay(ctx, db, b.toDB, b.pg.address()) }) // ends with ctx
	dsn := b.pg.by("127.0.0.1", db.Addr().(*net.TCPAddr).Port)
	if b.board, err = switchboard.New(filepath.Join(b.opt.Dir, "freeswitch"), "127.0.0.1"); err != nil {
		return err
	}
	if b.srv, err = newServer(b.opt.Program, b.opt.Dir, dsn, officeRests, b.board.Address); err != nil {
		return err
	}
	numbers := b.numbers()
	if err := b.board.Configure(officePage, map[string]any{"Server": b.srv.Socket, "Extensions": numbers}); err != nil {
		return err
	}
	if err := b.board.Start(ctx); err != nil {
		return err
	}
	for i := range b.consoles {
		b.consoles[i] = &console{testlab.Client{Address: b.srv.Control, Password: password}}
	}
	if err := b.srv.Migrate(ctx); err != nil {
		return err
	}
	return b.hires(ctx, numbers)
}

// numbers are the extensions of the office.
func (b *office) numbers() (all []string) {
	for n := range b.opt.Agents {
		all = append(all, fmt.Sprint(firstExtension+n))
	}
	for n := range colleagues {
		all = append(all, colleague(n))
	}
	return append(all, forwarded)
}

// hires fills the database and registers the phones.
func (b *office) hires(ctx context.Context, numbers []string) error {
	for _, group := range append([]string{testGroup, specialGroup}, groups...) {
		if err := b.pg.exec(ctx,
			"INSERT INTO ext_group (group_number, group_call_mode, group_callout_timeout) VALUES ($1, 2, 4)",
			group); err != nil {
			return err
		}
	}
	for n, number := range numbers {
		w := newSeat(b, number, n >= b.opt.Agents)
		var err error
		if w.main, err = w.registersNew(ctx, "udp"); err != nil {
			return err
		}
		if n >= b.opt.Agents {
			b.others = append(b.others, w)
			continue
		}
		w.groups = groups
		if n < b.specialists() {
			w.groups = []string{specialGroup}
		}
		b.seats = append(b.seats, w)
		if err := b.pg.exec(ctx, "INSERT INTO call_extension (extension_number) VALUES ($1)", number); err != nil {
			return err
		}
	}
	return nil
}

func (b *office) phoneOptions(number string) desk.Options {
	return desk.Options{
		Number: number, Server: fmt.Sprintf("%s:%d", b.board.IP, b.board.SIP),
		WebSocket: fmt.Sprintf("%s:%d", b.board.IP, b.board.WebSocket),
	}
}

func (b *office) run(ctx, serving context.Context) {
	keeping, stopKeeping := context.WithCancel(serving)
	var kept sync.WaitGroup
	kept.Go(func() { b.keeper.run(keeping) })
	kept.Go(func() { b.srv.weigh(keeping) })
	defer kept.Wait()
	defer stopKeeping()
	for _, w := range b.seats {
		b.logsIn(ctx, w)
	}
	judging, stopJudging := context.WithCancel(serving)
	kept.Go(func() { b.looks(judging, &officeJudge{b, newDoubts()}) })
	b.load(ctx)
	stopJudging()
	b.concludes(serving)
	stopKeeping()
	kept.Wait()
	b.ends(b.srv.demand(syscall.SIGTERM))
	b.checksRecords(serving)
	b.checkRejected(serving)
	b.checkFigures(serving)
	for _, w := range b.seats {
		b.checksRests(w, w.rings())
		b.checksDevices(w)
	}
	b.checksForwards()
	b.checkLog()
	b.checkMemory()
}

// logsIn repeats the command until it is confirmed.
func (b *office) logsIn(ctx context.Context, w *seat) {
	b.commands(ctx, w, "nway_login "+w.number+" "+join(w.groups), func(st *state) {
		*st = state{up: true, idle: true, groups: w.groups}
	})
}

// load runs callers, people and faults at once, until the time is over.
func (b *office) load(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, b.opt.Time)
	defer stop()
	var all sync.WaitGroup
	all.Go(func() { b.welcomes(ctx) })
	all.Go(func() { b.lives(ctx) })
	all.Go(func() { b.breaker.run(ctx) })
	all.Wait()
	b.story.add("load and faults are over")
}

// sums brings the figures up to date.
func (b *office) sums() {
	starts, refusals := b.keeper.counts()
	faults, sum := b.breaker.counts()
	b.mu.Lock()
	defer b.mu.Unlock()
	f := &b.figures
	f.Seconds, f.Calls, f.Starts, f.Refusals, f.Faults, f.FaultsAll = time.Since(b.began).Seconds(), len(b.guests),
		starts, refusals, faults, sum
	for _, g := range b.guests {
		if g.talked {
			f.Answered++
		} else {
			f.Abandoned++
		}
	}
	for _, w := range b.seats {
		f.Offers += len(w.phone.Dialogs())
	}
}

func (b *office) close() error {
	b.calling.Wait()
	for _, w := range append(b.seats, b.others...) {
		w.phone.Close()
	}
	var err error
	if b.board != nil && b.board.Conn != nil {
		err = b.board.Stop()
	}
	return errors.Join(err, b.soak.close())
}
