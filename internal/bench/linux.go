//go:build linux

package bench

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// supported is nil if runs can be measured.
func supported() error { return nil }

// sleepUntil blocks the thread, because a goroutine's timer may be a millisecond late.
func sleepUntil(due time.Time) {
	for left := time.Until(due); left > 0; left = time.Until(due) {
		pause := unix.NsecToTimespec(left.Nanoseconds())
		unix.Nanosleep(&pause, nil) // EINTR: once more
	}
}

// lateBind makes the kernel choose the port when the other end is known, so that a port may serve
// many connections.
func lateBind(_, _ string, conn syscall.RawConn) (err error) {
	failed := conn.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	})
	if failed != nil {
		return failed
	}
	return err
}

// stamps reads a connection, and the kernel's times of arrival of its bytes. A reader that waits
// for a processor is late, and the stamp is not. The zero value has none.
type stamps struct{ conn syscall.RawConn }

// stampsOf makes the kernel record them. If it does not, they are not used.
func stampsOf(nc net.Conn) (s stamps) {
	tcp, ok := nc.(syscall.Conn)
	if !ok {
		return s
	}
	conn, err := tcp.SyscallConn()
	if err != nil {
		return s
	}
	conn.Control(func(fd uintptr) { // an error leaves s as it is
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS_NEW, 1) == nil {
			s.conn = conn
		}
	})
	return s
}

// stampBytes is more than a control message with a time takes.
const stampBytes = 64

// read returns when the last of the bytes came that it read. It returns the present time if the
// kernel has no stamp. Errors: io.EOF at the end, and those of the connection.
func (s stamps) read(into []byte) (n int, came time.Time, err error) {
	var control [stampBytes]byte
	var told int
	failed := s.conn.Read(func(fd uintptr) (done bool) {
		for {
			n, told, _, _, err = unix.Recvmsg(int(fd), into, control[:], 0)
			if err != unix.EINTR {
				return err != unix.EAGAIN
			}
		}
	})
	came = time.Now()
	switch {
	case failed != nil:
		return 0, came, failed
	case err != nil:
		return 0, came, err
	case n == 0:
		return 0, came, io.EOF
	}
	if at, found := readStamp(control[:told]); found {
		came = came.Add(at.Sub(came.Round(0))) // its clock may be set, but the difference is short
	}
	return n, came, nil
}

// readStamp is the time in a control message, two 64-bit numbers (SO_TIMESTAMPNS_NEW).
func readStamp(control []byte) (at time.Time, found bool) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return at, false
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS_NEW && len(m.Data) >= 16 {
			seconds, nanoseconds := binary.NativeEndian.Uint64(m.Data), binary.NativeEndian.Uint64(m.Data[8:])
			return time.Unix(int64(seconds), int64(nanoseconds)), true
		}
	}
	return at, false
}

// dataSegments is how many segments with data the peer sent. On loopback, where 64 KiB fit into
// one, that is how often it wrote.
func dataSegments(nc net.Conn) (n int64) {
	tcp, ok := nc.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0
	}
	raw.Control(func(fd uintptr) { // an error leaves 0
		if told, err := unix.GetsockoptTCPInfo(int(fd), unix.SOL_TCP, unix.TCP_INFO); err == nil {
			n = int64(told.Data_segs_in)
		}
	})
	return n
}

// usage is what a process has used so far.
type usage struct {
	at       time.Time
	cpu      time.Duration
	resident int64 // bytes
	writes   int64 // write system calls, of whatever kind
}

// clockTicks is the unit of /proc/PID/stat, on every Linux.
const clockTicks = 100

// used reads what a process has used.
func used(pid int) (u usage, err error) {
	at := "/proc/" + strconv.Itoa(pid)
	u.at = time.Now()
	stat, err := os.ReadFile(at + "/stat")
	if err != nil {
		return u, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name may hold anything
	if f := strings.Fields(rest); len(f) > 21 {
		ticks := number(f[11]) + number(f[12])
		u.cpu = time.Duration(ticks) * time.Second / clockTicks
		u.resident = number(f[21]) * int64(os.Getpagesize())
	}
	io, err := os.ReadFile(at + "/io")
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(io)) {
		if n, is := strings.CutPrefix(line, "syscw: "); is {
			u.writes = number(strings.TrimSpace(n))
		}
	}
	return u, nil
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// machine is how long all cores together have worked, were idle, and were held back by the host of
// a virtual machine (steal, proc(5)).
type machine struct{ busy, idle, stolen time.Duration }

func machineUse() (m machine) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return m
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	for i, f := range strings.Fields(line) {
		t := time.Duration(number(f)) * time.Second / clockTicks
		switch i {
		case 0, 9, 10: // the name; guests, which are counted as user already
		case 4, 5:
			m.idle += t
		case 8:
			m.stolen += t
		default:
			m.busy += t
		}
	}
	return m
}
