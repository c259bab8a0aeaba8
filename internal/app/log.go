package app

import (
	"io"
	"os"
	"strings"

	"github.com/rs/zerolog"

	"nwayacd/conf"
)

// NewLog returns a log in the configured format that writes to a file or a terminal. It also sets
// the configured level for the whole program.
func NewLog(c *conf.Config, to io.Writer) zerolog.Logger {
	format := c.Log.Format
	if format == "auto" {
		format = "json"
		if f, ok := to.(*os.File); ok && IsTerminal(f) {
			format = "console"
		}
	}
	if format == "console" {
		to = zerolog.ConsoleWriter{Out: to, TimeFormat: "15:04:05.000"}
	}
	setLogLevel(c)
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
	return zerolog.New(to).With().Timestamp().Logger()
}

// setLogLevel sets the configured level, at once and for the whole program.
func setLogLevel(c *conf.Config) {
	level, err := zerolog.ParseLevel(strings.ToLower(c.LogLevel()))
	if err != nil {
		level = zerolog.InfoLevel
	}
	zerolog.SetGlobalLevel(level)
}

// IsTerminal reports whether a file is a terminal, which can overwrite its lines.
func IsTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
