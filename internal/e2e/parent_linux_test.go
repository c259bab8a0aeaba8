package e2e

import "syscall"

// dieWithParent lets a child process end when the test process does, however that ends.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
