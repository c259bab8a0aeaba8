//go:build !linux

package bench

import (
	"errors"
	"net"
	"syscall"
	"time"
)

func supported() error {
	return errors.New("bench: only on Linux: what the server uses is read from /proc")
}

type usage struct {
	at       time.Time
	cpu      time.Duration
	resident int64
	writes   int64
}

type stamps struct{ conn net.Conn }

type machine struct{ busy, idle, stolen time.Duration }

func sleepUntil(time.Time)                           {}
func lateBind(string, string, syscall.RawConn) error { return nil }
func stampsOf(net.Conn) (s stamps)                   { return s }
func dataSegments(net.Conn) int64                    { return 0 }
func used(int) (usage, error)                        { return usage{}, supported() }
func machineUse() machine                            { return machine{} }

func (stamps) read([]byte) (int, time.Time, error) { return 0, time.Time{}, supported() }
