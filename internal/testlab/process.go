package testlab

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Process is a child process. On Linux it dies with its parent, however the parent ends, and the
// terminal's Ctrl-C does not reach it.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Run starts a program. Its output is appended to the file log; "" = it is dropped. The caller has
// to call Stop or Kill.
func Run(log, program string, args ...string) (*Process, error) {
	cmd := exec.Command(program, args...) //nolint:noctx // Stop and Kill end it
	cmd.SysProcAttr = attributes()
	if log != "" {
		out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		defer out.Close() // the process has it open by itself
		cmd.Stdout, cmd.Stderr = out, out
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	go func() { // ends with the process, for which Stop and Kill wait
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err returns how the process ended, after Done is closed.
func (p *Process) Err() error { return p.err }

// Pid returns the process's id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Signal sends a signal. A process that has ended does not get it.
func (p *Process) Signal(sig os.Signal) {
	p.cmd.Process.Signal(sig) // fails if it has ended
}

// Kill ends the process as a crash would.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.done
}

// quitLimit is how long a process may print its goroutines.
const quitLimit = 20 * time.Second

// Stop sends SIGTERM and returns how the process ended. After the limit it sends SIGQUIT: a Go
// program then prints its goroutines and ends.
func (p *Process) Stop(limit time.Duration) error {
	p.Signal(syscall.SIGTERM)
	if p.wait(limit) {
		return p.err
	}
	p.Signal(syscall.SIGQUIT)
	if !p.wait(quitLimit) {
		p.Kill()
	}
	return fmt.Errorf("it did not end within %s of SIGTERM", limit)
}

// wait reports whether the process has ended within the limit.
func (p *Process) wait(limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
		return false
	}
}
