package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// profile records the server's CPU for the measured time, and its heap at the end. The returned
// function waits for both.
func (r *run) profile(ctx context.Context, d time.Duration) (wait func()) {
	if r.Profile == "" {
		return func() {}
	}
	var fetching sync.WaitGroup
	fetching.Go(func() { // ends with the server's answer
		r.fetch(ctx, fmt.Sprintf("profile?seconds=%d", max(1, int(d.Seconds()))), "cpu")
	})
	return func() {
		fetching.Wait()
		r.fetch(ctx, "heap", "heap")
		r.fetch(ctx, "goroutine", "goroutine")
	}
}

// fetch writes a profile of the server to FOLDER/SCENARIO.KIND.pprof.
func (r *run) fetch(ctx context.Context, what, kind string) {
	file := filepath.Join(r.Profile, fmt.Sprintf("%s.%s.pprof", r.Scenario, kind))
	url := "http://" + r.site.server.Pprof + "/debug/pprof/" + what
	if err := download(context.WithoutCancel(ctx), url, file); err != nil {
		r.sw.counts.note("no profile: %v", err)
	}
}

func download(ctx context.Context, url, file string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, answer.Body)
	return err
}
