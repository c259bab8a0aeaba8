package switchboard

import "syscall"

// dieWithParent lets a child process end when this process does, however it ends.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
