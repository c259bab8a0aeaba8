//go:build !linux

package testlab

import "syscall"

// attributes are those of any process: only Linux lets one die with its parent.
func attributes() *syscall.SysProcAttr { return nil }
