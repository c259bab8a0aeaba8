package conf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Load reads the file at path, then the environment, which outranks the file: NWAYACD_DBSTRING,
// NWAYACD_CONTROL_PASSWORD, NWAYACD_HTTP_TOKEN and NWAYACD_FREESWITCH_PASSWORD (for every
// [[freeswitch]]); an empty variable counts as unset. With an empty path it reads DefaultPath, and
// if that does not exist returns the defaults. The error is a Faults when the file could be read
// and is wrong.
func Load(path string) (*Config, error) {
	name := path
	if path == "" {
		name = DefaultPath
	}
	content, err := os.ReadFile(name)
	switch {
	case path == "" && errors.Is(err, fs.ErrNotExist):
		name = ""
	case err != nil:
		return nil, fmt.Errorf("conf: %w", err)
	}
	return parse(name, content, os.Getenv)
}

// Parse reads text without regard to the environment; name stands for the file in faults. The error
// is a Faults with all that is wrong, never just the first of it.
func Parse(name string, text []byte) (*Config, error) {
	return parse(name, text, func(string) string { return "" })
}

func parse(name string, content []byte, getenv func(string) string) (*Config, error) {
	r := &reader{file: name, config: Default()}
	r.config.File = name
	r.read(string(content))
	r.readEnvironment(getenv)
	r.settle()
	if len(r.faults) > 0 {
		return nil, r.located()
	}
	return r.config, nil
}

// readEnvironment takes the secrets that a container should not have in a file.
func (r *reader) readEnvironment(getenv func(string) string) {
	c := r.config
	r.override(getenv, "NWAYACD_DBSTRING", secret(&c.Database.DSN, isDSN))
	r.override(getenv, "NWAYACD_CONTROL_PASSWORD", secret(&c.Control.Password, isPassword))
	r.override(getenv, "NWAYACD_HTTP_TOKEN", secret(&c.HTTP.Token, isToken))
	for i := range c.FreeSWITCH {
		r.override(getenv, "NWAYACD_FREESWITCH_PASSWORD", secret(&c.FreeSWITCH[i].Password, isPassword))
	}
}

func (r *reader) override(getenv func(string) string, variable string, v value) {
	content := getenv(variable)
	if content == "" {
		return
	}
	if err := v.set(content); err != nil && !r.blames(variable) {
		r.faults = append(r.faults, finding{Fault: Fault{File: "environment", Key: variable, Text: err.Error()}})
	}
}
