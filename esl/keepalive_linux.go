package esl

import "syscall"

// tcpUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h. A listener's connections inherit it.
const tcpUserTimeout = 18

func limitUnacknowledged(_, _ string, raw syscall.RawConn) (err error) {
	outer := raw.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(unacknowledged.Milliseconds()))
	})
	if outer != nil {
		return outer
	}
	return err
}
