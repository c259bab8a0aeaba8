package app

import (
	"context"
	"fmt"
	"net/http"
	"net/http/pprof"
	"sync"
	"time"

	"nwayacd/conf"
)

// ServePprof serves Go's profiles of this process on an address until stop is called. With an empty
// address it serves nothing. Profiles show no secret, but a client can slow the process down with
// them, so the address should be on loopback.
func ServePprof(ctx context.Context, address string) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	if !conf.OnLoopback(address) {
		return nil, fmt.Errorf("--pprof %s: only an address on loopback is allowed, such as 127.0.0.1:6060", address)
	}
	ln, err := listen(ctx, "pprof", address)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() { server.Serve(ln) }) // ends with Close
	return func() {
		server.Close()
		serving.Wait()
	}, nil
}
