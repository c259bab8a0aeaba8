package conf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Load reads the file at path, and then the environment, which has priority over the file:
// NWAYACD_DBSTRING, NWAYACD_CONTROL_PASSWORD, NWAYACD_HTTP_TOKEN and NWAYACD_FREESWITCH_PASSWORD
// (for every [[freeswitch]]). An empty variable counts as unset. If path is empty, Load reads
// DefaultPath, and if that does not exist it returns the defaults. The error is a Faults if the
// file could be read but is wrong.
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

// Parse reads text and ignores the environment. Faults use name as the name of the file. The error
// is a Faults with everything that is wrong, not only the first fault.
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

// readEnvironment reads the secrets that a container should not have in a file.
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
