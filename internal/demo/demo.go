// Package demo is `nwayacd demo`: the real server on its real ports, and a simulated FreeSWITCH
// that calls in.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/conf"
	"nwayacd/internal/app"
	"nwayacd/queue"
	"nwayacd/sim"
)

const (
	group       = "110"
	firstAgent  = 1000
	keptTalk    = 24 * time.Second      // mean length of a talk if the demo goes on
	sampleEvery = 20 * time.Millisecond // between two counts of the waiting callers
	farewell    = 5 * time.Second       // for callers to hang up after the duration is over
)

// DefaultTalk is the length of a talk if the flag --talk is not given.
const DefaultTalk = 2 * time.Second

// Demo is one demo: its callers, its agents, and its length.
type Demo struct {
	Calls    int           // number of callers
	Agents   int           // number of agents who are logged in
	Talk     time.Duration // length of a talk
	Duration time.Duration // longest run; it ends earlier when the last caller has gone
	JSON     bool          // print one JSON object as the last line, and no live table
	AnyPort  bool          // serve on free ports instead of the default ones
	Seed     uint64        // of everything that is random
	Keep     bool          // open the console, and go on until a signal comes
}

// Run starts the real server on an embedded database, lets a simulated FreeSWITCH call in over TCP,
// and prints the result. It returns an error if a caller was lost or an agent got two calls at
// once.
func (d *Demo) Run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "nwayacd-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if d.Keep {
		return d.keep(ctx, dir, os.Stdout)
	}
	ctx, expire := context.WithTimeout(ctx, d.Duration)
	defer expire()
	show, err := d.play(ctx, dir)
	if err != nil {
		return err
	}
	return show.report(os.Stdout, d.JSON)
}

// play runs the demo. It returns when every caller has gone or ctx is done.
func (d *Demo) play(ctx context.Context, dir string) (*tally, error) {
	counted := &tally{began: time.Now()}
	refused := make(chan struct{}, 1)
	sw := sim.New(sim.Options{
		Name: "demo", Seed: d.Seed, PlayTime: playTime,
		OnOriginate: func(ext string, _ time.Time) {
			if ext == extensionOf(d.Agents-1) {
				notify(refused)
			}
		},
	})
	ctx, cancel := context.WithCancel(ctx)
	server, over, err := d.start(ctx, dir, sw, app.Options{OnOffer: counted.offer, OnCDR: counted.cdr, Seed: d.Seed})
	defer over()
	defer cancel()
	if err != nil {
		return nil, err
	}
	if err := d.staff(ctx, server, sw); err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	d.callIn(ctx, server, sw, counted, refused)
	counted.doubles = sw.Counts().DoubleOffers
	err = server.Stop()
	counted.finish()
	return counted, err
}

// start starts the server, linked with the simulated FreeSWITCH. over closes that one, and must be
// called after ctx is done, also after an error.
func (d *Demo) start(ctx context.Context, dir string, sw *sim.Switch, o app.Options) (
	server *app.Daemon, over func(), err error,
) {
	var serving sync.WaitGroup
	over = func() {
		serving.Wait()
		sw.Close()
	}
	inbound, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, over, err
	}
	serving.Go(func() { sw.Serve(ctx, inbound) }) // ends with ctx
	server, err = app.Start(ctx, d.config(dir, inbound.Addr()), zerolog.New(os.Stderr).Level(zerolog.ErrorLevel), o)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%w; is another nwayacd running? --any-port uses free ports", err)
	}
	return server, over, err
}

func (d *Demo) config(dir string, freeswitch net.Addr) *conf.Config {
	c := conf.Default()
	c.Database.DataDir = dir
	c.Server.Drain = time.Second
	c.Prompts.Welcome, c.Prompts.Busy, c.Prompts.Transfer = "welcome.wav", "busy.wav", "transfer.wav"
	c.FreeSWITCH = []conf.FreeSWITCH{{
		Name: "demo", Address: freeswitch.String(), Password: "ClueCon",
		DialString: "user/{ext}",
	}}
	if d.Keep {
		quicken(c)
	}
	if d.AnyPort {
		c.Server.Listen, c.Control.Listen, c.HTTP.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	}
	return c
}

// playTime returns how long a file of the demo lasts. Hold music does not end.
func playTime(file string) time.Duration {
	if strings.HasPrefix(file, "local_stream:") {
		return -1
	}
	return 150 * time.Millisecond
}

// staff adds the group and its agents, gives each a phone, and logs the agents in. The last phone
// refuses its first call, so that there is a missed offer.
func (d *Demo) staff(ctx context.Context, server *app.Daemon, sw *sim.Switch) error {
	floor := server.Dispatcher()
	if err := floor.AddGroup(ctx, group, queue.RememberCyclic); err != nil {
		return err
	}
	for i := range d.Agents {
		extension := extensionOf(i)
		phone := sim.Behaviour{Do: sim.Answers, After: time.Duration(20+10*(i%5)) * time.Millisecond, Talk: d.Talk}
		if i > 0 && i == d.Agents-1 {
			phone = sim.Behaviour{Do: sim.Refuses, After: 20 * time.Millisecond}
		}
		sw.Agent(extension, phone)
		if err := floor.AddAgent(ctx, extension, "demo"); err != nil {
			return err
		}
		if err := floor.Login(ctx, extension, []string{group}); err != nil {
			return err
		}
	}
	return nil
}

func extensionOf(i int) string { return strconv.Itoa(firstAgent + i) }

// notify puts a token into a channel, unless one is there already.
func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// callIn lets the callers arrive: a third of them at once, the others at random times. It returns
// when the last one has gone. The last phone answers calls after it has refused one.
func (d *Demo) callIn(ctx context.Context, server *app.Daemon, sw *sim.Switch, counted *tally,
	refused <-chan struct{},
) {
	chance := rand.New(rand.NewPCG(d.Seed, 0))
	rush := d.Calls / 3
	spread := d.Duration / 2 / time.Duration(max(1, d.Calls-rush))
	spread = min(spread, 2*d.Talk/time.Duration(d.Agents))
	live := newScreen(d, server)
	defer live.finish()
	over := make(chan struct{}, d.Calls)
	next, sample := time.NewTimer(0), time.NewTicker(sampleEvery)
	defer next.Stop()
	defer sample.Stop()
	end, timeUp := ctx.Done(), (<-chan time.Time)(nil)
	for gone := 0; gone < d.Calls && (end != nil || gone < counted.arrived); {
		select {
		case <-next.C:
			d.arrive(ctx, server, sw, counted.arrived, over)
			if counted.arrived++; counted.arrived <= rush {
				next.Reset(time.Millisecond)
			} else if counted.arrived < d.Calls {
				next.Reset(time.Duration(chance.Int64N(int64(2*spread) + 1)))
			}
		case <-over:
			gone++
		case <-refused:
			sw.Agent(extensionOf(d.Agents-1),
				sim.Behaviour{Do: sim.Answers, After: 40 * time.Millisecond, Talk: d.Talk})
		case <-sample.C:
			counted.waiting(server.Dispatcher().Groups())
			live.draw(counted)
		case <-end: // the duration is over, so all callers hang up
			end, timeUp = nil, time.After(farewell)
			next.Stop()
		case <-timeUp:
			return
		}
	}
}

// arrive lets one caller call in. over gets a token when the caller has gone.
func (d *Demo) arrive(ctx context.Context, server *app.Daemon, sw *sim.Switch, n int, over chan<- struct{}) {
	socket := "socket " + server.Socket.String() + "/nwayacd/" + group + " async full"
	call := sw.Call(sim.CallOptions{
		Number: fmt.Sprintf("139%08d", n), Dialled: group,
		Dialplan: sim.Plan("set socket_resume=true", socket, "sleep 1000", socket, "hangup NORMAL_CLEARING"),
	})
	context.AfterFunc(ctx, call.Hangup)
	go func() { // ends with the call; Close of the switch ends all calls
		<-call.Done()
		over <- struct{}{}
	}()
}

// result is the demo's last line with --json.
type result struct {
	Calls        int     `json:"calls"`
	Answered     int     `json:"answered"`
	Abandoned    int     `json:"abandoned"`
	MissedOffers int     `json:"missed-offers"`
	DoubleOffers int     `json:"double-offers"`
	WaitingMax   int     `json:"waiting-max"`
	OfferP50     float64 `json:"offer-ms-p50"`
	OfferP99     float64 `json:"offer-ms-p99"`
	Duration     float64 `json:"duration-s"`
}

func (r result) write(to io.Writer, asJSON bool) error {
	if asJSON {
		line, err := json.Marshal(r)
		if err == nil {
			_, err = fmt.Fprintf(to, "%s\n", line)
		}
		return err
	}
	_, err := fmt.Fprintf(to, `
calls          %6d
answered       %6d
abandoned      %6d   before an agent answered
missed offers  %6d   their callers kept their places
double offers  %6d   agents with two calls at once
waiting, most  %6d   at the same time
offer, p50     %9.2f ms from "an agent is free and a caller waits" to the call on the wire
offer, p99     %9.2f ms
duration       %9.2f s
`, r.Calls, r.Answered, r.Abandoned, r.MissedOffers, r.DoubleOffers, r.WaitingMax, r.OfferP50, r.OfferP99, r.Duration)
	return err
}
