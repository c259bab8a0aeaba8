package httpapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/acd"
	"nwayacd/agent"
	"nwayacd/api"
	"nwayacd/api/apitest"
	"nwayacd/api/live"
	"nwayacd/queue"
)

// BenchmarkLiveStreams has 1,000 agents, 200 callers and 200 changes a second for one
// second, and 50 streams that each show all of it. It reports the time of the processor in percent
// of one core, with the clients, and what each stream gets. Streams of 0 are the floor alone.
func BenchmarkLiveStreams(b *testing.B) {
	for _, streams := range []int{0, 1, 50} {
		b.Run(fmt.Sprintf("streams=%d", streams), func(b *testing.B) { benchStreams(b, streams) })
	}
}

func benchStreams(b *testing.B, streams int) {
	server := busyFloor()
	dispatcher := server.Dispatcher
	hub := live.New(dispatcher, live.NewFigures(time.UTC))
	port := &Port{Server: api.Server{ACD: server}, Database: &archive{}, Live: hub, Log: zerolog.Nop()}
	ctx, stop := context.WithCancel(context.Background())
	web := httptest.NewServer(port.Handler(ctx))
	var running sync.WaitGroup
	defer running.Wait()
	defer web.Close()
	defer stop()
	running.Go(func() { hub.Run(ctx) })
	var received atomic.Int64
	for range streams {
		running.Go(func() { drain(ctx, web.URL, &received) })
	}
	time.Sleep(time.Second)
	received.Store(0)
	n, used, began := 0, processorTime(b), time.Now()
	for b.Loop() {
		ticker := time.NewTicker(5 * time.Millisecond)
		for range 200 {
			<-ticker.C
			n++
			extension := fmt.Sprint(1000 + n%1000)
			dispatcher.Edit(func() []queue.Change {
				return []queue.Change{{Agent: &agent.Update{Extension: extension, DND: new(n/1000%2 == 0)}}}
			})
		}
		ticker.Stop()
	}
	took := time.Since(began)
	b.ReportMetric(100*float64(processorTime(b)-used)/float64(took), "%core")
	if streams > 0 {
		b.ReportMetric(float64(received.Load())/took.Seconds()/float64(streams), "B/s/stream")
	}
	b.ReportMetric(0, "ns/op")
}

// busyFloor returns a server with 1,000 agents in 20 groups, and 200 callers in a group
// without agents.
func busyFloor() *acd.Server {
	snapshot := queue.Snapshot{Groups: []queue.Group{{Number: "99"}}}
	for g := range 20 {
		snapshot.Groups = append(snapshot.Groups, queue.Group{Number: fmt.Sprint(100 + g)})
	}
	for n := range 1000 {
		extension := fmt.Sprint(1000 + n)
		snapshot.Agents = append(snapshot.Agents, agent.Agent{
			Profile:  agent.Profile{Extension: extension, Name: "Agent " + extension},
			Presence: agent.Presence{Up: true, Idle: true, Registered: true},
		})
		snapshot.Members = append(snapshot.Members, queue.Member{Group: fmt.Sprint(100 + n%20), Extension: extension})
	}
	now := time.Now()
	for n := range 200 {
		uuid := fmt.Sprintf("5d1b9f3e-8c1a-4b52-9a53-%012d", n)
		cdr := queue.CDR{UUID: uuid, Caller: fmt.Sprint(13900000000 + n), Group: "99", Agent: "x", Arrived: now}
		snapshot.Talks = append(snapshot.Talks, queue.Talk{Server: "bench", CDR: cdr})
	}
	return acd.New(acd.Options{Journal: &apitest.Journal{}, Identity: "bench", Log: zerolog.Nop()}, snapshot)
}

// drain reads a stream until ctx is done.
func drain(ctx context.Context, url string, received *atomic.Int64) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+apiPrefix+"/live", nil)
	if err != nil {
		return
	}
	answer, err := (&http.Client{Transport: &http.Transport{}}).Do(r)
	if err != nil {
		return
	}
	defer answer.Body.Close()
	io.Copy(&counter{received}, answer.Body)
}

type counter struct{ n *atomic.Int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Skip(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
