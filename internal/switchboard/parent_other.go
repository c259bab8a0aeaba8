//go:build !linux

package switchboard

import "syscall"

// dieWithParent is a wish that only Linux grants.
func dieWithParent() *syscall.SysProcAttr { return nil }
