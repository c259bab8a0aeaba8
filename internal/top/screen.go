package top

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// Screen is the terminal while top has it: raw, on its alternate screen, without a cursor.
type Screen struct {
	tty     *os.File
	before  *term.State
	resized chan os.Signal
}

const (
	enterScreen = "\x1b[?1049h\x1b[?25l"
	leaveScreen = "\x1b[?25h\x1b[?1049l"
)

// openScreen takes the terminal. It returns nil where there is none that can move its cursor:
// output goes to a file, or TERM says so.
func openScreen() *Screen {
	if kind := os.Getenv("TERM"); kind == "" || kind == "dumb" || !term.IsTerminal(int(os.Stdout.Fd())) {
		return nil
	}
	// Opened by name, the terminal is one whose Read ends with Close.
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	s := &Screen{tty: tty, resized: make(chan os.Signal, 1)}
	if err := s.control(func(fd int) (err error) { s.before, err = term.MakeRaw(fd); return err }); err != nil {
		tty.Close()
		return nil
	}
	signal.Notify(s.resized, syscall.SIGWINCH)
	if _, err := io.WriteString(tty, enterScreen); err != nil {
		s.close()
		return nil
	}
	return s
}

// close gives the terminal back as it was, and ends readKeys.
func (s *Screen) close() error {
	signal.Stop(s.resized)
	_, err := io.WriteString(s.tty, leaveScreen)
	return errors.Join(err, s.control(func(fd int) error { return term.Restore(fd, s.before) }), s.tty.Close())
}

// control runs do on the file descriptor without what File.Fd does to it: make reads block beyond
// Close.
func (s *Screen) control(do func(fd int) error) error {
	raw, err := s.tty.SyscallConn()
	if err != nil {
		return err
	}
	var done error
	err = raw.Control(func(fd uintptr) { done = do(int(fd)) })
	return errors.Join(err, done)
}

// size is the terminal's; 80 by 24 where it does not know.
func (s *Screen) size() (width, height int) {
	err := s.control(func(fd int) (err error) { width, height, err = term.GetSize(fd); return err })
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

// draw shows the view in one write.
func (s *Screen) draw(v View) error {
	width, height := s.size()
	_, err := io.WriteString(s.tty, paint(v.render(width, height), height))
	return err
}

// paint is text as what replaces the screen. Each line is cleared before it is written: after one
// that reaches the edge, clearing would take its last character.
func paint(text string, height int) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	painted := "\x1b[H\x1b[K" + strings.Join(lines, "\r\n\x1b[K")
	if len(lines) < height {
		painted += "\r\n\x1b[J"
	}
	return painted
}

// readKeys returns when somebody wants to go, or the terminal is gone.
func (s *Screen) readKeys() {
	keys := make([]byte, 64)
	for {
		n, err := s.tty.Read(keys)
		if err != nil || quits(keys[:n]) {
			return
		}
	}
}

// quits: q, and what a raw terminal makes of Ctrl-C and Ctrl-D.
func quits(keys []byte) bool { return strings.ContainsAny(string(keys), "qQ\x03\x04") }
