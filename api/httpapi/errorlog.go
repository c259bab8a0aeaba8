package httpapi

import (
	"bytes"
	"net/netip"

	"github.com/rs/zerolog"

	"nwayacd/esl"
)

// errorLog is where net/http writes what went wrong on a connection. Strangers can make TLS fail as
// often as they like, so that is one line a minute.
type errorLog struct {
	log     zerolog.Logger
	reports esl.Reports
}

// Write logs one line.
func (l *errorLog) Write(line []byte) (int, error) {
	text := string(bytes.TrimSpace(line))
	if !bytes.Contains(line, []byte("TLS handshake error")) {
		l.log.Error().Msg(text)
		return len(line), nil
	}
	if passed, due := l.reports.Due(netip.Addr{}); due {
		l.log.Warn().Int("more-like-it", passed).Msg(text)
	}
	return len(line), nil
}
