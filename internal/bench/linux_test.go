//go:build linux

package bench

import (
	"net"
	"testing"
	"time"
)

// TestBytesAreStampedAsTheyArrive checks that the stamps are not those of the reading.
func TestBytesAreStampedAsTheyArrive(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	theirs, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	ours, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	in := requests{nc: ours, stamps: stampsOf(ours)}
	if in.stamps.conn == nil {
		t.Fatal("the kernel has no stamps")
	}
	time.Sleep(50 * time.Millisecond) // the kernel begins to stamp a little later
	sent := time.Now()
	if _, err := theirs.Write([]byte("connect\n\n")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	read := time.Now()
	if err := in.fill(); err != nil {
		t.Fatal(err)
	}
	if in.came.Before(sent) || in.came.After(read) {
		t.Errorf("came %s after it was sent, and was read from %s on", in.came.Sub(sent), read.Sub(sent))
	}
	if r, whole := in.next(); !whole || string(r.line) != "connect" {
		t.Errorf("got %q", r.line)
	}
}
