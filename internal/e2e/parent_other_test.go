//go:build !linux

package e2e

import "syscall"

// dieWithParent is a wish that only Linux grants.
func dieWithParent() *syscall.SysProcAttr { return nil }
