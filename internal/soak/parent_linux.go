package main

import "syscall"

// dieWithParent lets a child process end when the soak does, however that ends.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
