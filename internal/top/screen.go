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

// Screen is the terminal while top uses it: in raw mode, on its alternate screen, without a cursor.
type Screen struct {
	tty     *os.File
	before  *term.State
	resized chan os.Signal
}

const (
	enterScreen = "\x1b[?1049h\x1b[?25l"
	leaveScreen = "\x1b[?25h\x1b[?1049l"
)

// openScreen prepares the terminal. It returns nil if there is none that can move its cursor: if
// the output goes to a file, or TERM says so.
func openScreen() *Screen {
	if kind := os.Getenv("TERM"); kind == "" || kind == "dumb" || !term.IsTerminal(int(os.Stdout.Fd())) {
		return nil
	}
	// A terminal that is opened by name has a Read that Close ends.
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

// close restores the terminal, and ends readKeys.
func (s *Screen) close() error {
	signal.Stop(s.resized)
	_, err := io.WriteString(s.tty, leaveScreen)
	return errors.Join(err, s.control(func(fd int) error { return term.Restore(fd, s.before) }), s.tty.Close())
}

// control runs do with the file descriptor. File.Fd would make reads block even after Close.
func (s *Screen) control(do func(fd int) error) error {
	raw, err := s.tty.SyscallConn()
	if err != nil {
		return err
	}
	var done error
	err = raw.Control(func(fd uintptr) { done = do(int(fd)) })
	return errors.Join(err, done)
}

// size returns the size of the terminal, or 80 by 24 if it is unknown.
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

// paint returns the bytes that replace the screen with text. It clears each line before it writes
// it, because clearing after a line that reaches the edge would delete the last character.
func paint(text string, height int) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	painted := "\x1b[H\x1b[K" + strings.Join(lines, "\r\n\x1b[K")
	if len(lines) < height {
		painted += "\r\n\x1b[J"
	}
	return painted
}

// readKeys returns when the user wants to quit, or the terminal is closed.
func (s *Screen) readKeys() {
	keys := make([]byte, 64)
	for {
		n, err := s.tty.Read(keys)
		if err != nil || quits(keys[:n]) {
			return
		}
	}
}

// quits reports whether keys has q, or what a raw terminal sends for Ctrl-C and Ctrl-D.
func quits(keys []byte) bool { return strings.ContainsAny(string(keys), "qQ\x03\x04") }
