//go:build unix

package chaos

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// withPipe makes the log of the server a pipe. The test holds it open, and reads nothing.
func withPipe(s *scene) (reader *os.File) {
	s.Helper()
	if err := syscall.Mkfifo(s.srv.LogFile(), 0o600); err != nil {
		s.Fatal(err)
	}
	reader, err := os.OpenFile(s.srv.LogFile(), os.O_RDWR, 0)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { reader.Close() })
	return reader
}

// warns waits until /readyz says in a warning what is wrong with the log. Calls can be served.
func (s *scene) warns(word, text string) {
	s.Helper()
	s.eventually("/readyz warns: "+text, patience, func() bool {
		h := s.ready(httpToken)
		return h.OK && strings.Contains(strings.Join(h.Warnings, "; "), text)
	})
	if h := s.ready(""); !slices.Contains(h.Warnings, word) {
		s.Errorf("without the token: %+v", h)
	}
	s.hold()
}

func TestTheLogIsAPipeThatNobodyReads(t *testing.T) {
	s := prepare(t, nil)
	withPipe(s)
	s.start()
	s.staff()
	s.callersCome()
	s.warns("log", "nobody reads the log") // when the pipe is full
	s.serves(20)
	s.judge()
}

func TestTheReaderOfTheLogGoesAway(t *testing.T) {
	s := prepare(t, nil)
	reader := withPipe(s)
	s.start()
	s.staff()
	s.callersCome()
	s.serves(5)
	reader.Close()
	s.warns("log", "broken pipe")
	s.serves(20)
	s.judge()
}
