package app

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/conf"
)

func TestTheSocketPortLeavesDescriptorsToTheOthers(t *testing.T) {
	c := conf.Default()
	for files, want := range map[int]int{1024: 512, 4096: 2560, 65536: 20_000} {
		if got := socketBound(c, files); got != want {
			t.Errorf("of %d files, %d connections, want %d", files, got, want)
		}
	}
	c.Server.Max = 100
	if got := socketBound(c, 1024); got != 100 {
		t.Errorf("max-connections 100: %d", got)
	}
}

func TestTheSocketPortIsBounded(t *testing.T) {
	c := conf.Default()
	c.Database.DataDir = t.TempDir()
	c.Server.Listen, c.Control.Listen, c.HTTP.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.Server.Max, c.Server.Drain = 3, 0
	d, err := Start(t.Context(), c, zerolog.Nop(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop()
	for n := range 5 {
		nc, err := net.Dial("tcp", d.Socket.String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(20 * time.Second))
		_, err = io.ReadFull(nc, make([]byte, len("connect\n\n")))
		if n < 3 && err != nil || n >= 3 && !errors.Is(err, io.EOF) {
			t.Errorf("connection %d: %v", n, err)
		}
	}
}
