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
func NewLog(c *conf.Config, to io.Writer) zerolog.Logger { return logger(c, formatted(c, to)) }

// NewServerLog returns the same log behind a queue, so that no part of a server ever waits for it.
func NewServerLog(c *conf.Config, to io.Writer) (zerolog.Logger, *LogQueue) {
	queue := NewLogQueue(formatted(c, to))
	return logger(c, queue), queue
}

func logger(c *conf.Config, to io.Writer) zerolog.Logger {
	setLogLevel(c)
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
	return zerolog.New(to).With().Timestamp().Logger()
}

// formatted returns a writer that writes lines of JSON in the configured format.
func formatted(c *conf.Config, to io.Writer) io.Writer {
	format := c.Log.Format
	if format == "auto" {
		format = "json"
		if f, ok := to.(*os.File); ok && IsTerminal(f) {
			format = "console"
		}
	}
	if format == "console" {
		return zerolog.ConsoleWriter{Out: to, TimeFormat: "15:04:05.000"}
	}
	return to
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
