package esl

import (
	"net"
	"syscall"
	"testing"
)

// A peer that vanishes cannot be simulated on one host, so the test reads the options of the
// sockets.
func TestTheSystemLooksAfterAcceptedConnections(t *testing.T) {
	ln, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	theirs, err := dialTCP(t.Context(), ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	ours, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	for name, nc := range map[string]net.Conn{"accepted": ours, "dialled": theirs} {
		raw, err := nc.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		for option, want := range map[int]int{
			tcpUserTimeout: int(unacknowledged.Milliseconds()), syscall.TCP_KEEPIDLE: int(idleBeforeProbe.Seconds()),
			syscall.TCP_KEEPINTVL: int(probeEvery.Seconds()), syscall.TCP_KEEPCNT: probes,
		} {
			var have int
			var failed error
			if err := raw.Control(func(fd uintptr) {
				have, failed = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, option)
			}); err != nil || failed != nil {
				t.Fatal(err, failed)
			}
			if have != want {
				t.Errorf("%s: option %d is %d, want %d", name, option, have, want)
			}
		}
	}
}
