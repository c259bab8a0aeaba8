//go:build !linux

package esl

import "syscall"

func limitUnacknowledged(string, string, syscall.RawConn) error { return nil }
