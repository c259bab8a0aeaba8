package testlab

import "syscall"

// attributes let a child process die with its parent, and put it into a process group of its own.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
