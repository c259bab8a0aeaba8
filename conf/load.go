package conf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Load reads the file at path, and then the secrets of the environment, which have priority over
// the file (see readEnvironment). If path is empty, Load reads DefaultPath, and if that does not
// exist it returns the defaults. The error is a Faults if the file could be read but is wrong.
func Load(path string) (*Config, error) {
	name := path
	if path == "" {
		name = DefaultPath
	}
	content, mode, err := readLimited(name, tooLong)
	switch {
	case path == "" && errors.Is(err, fs.ErrNotExist):
		name = ""
	case errors.Is(err, errTooLong): // the reader says so
	case err != nil:
		return nil, fmt.Errorf("conf: %w", err)
	}
	return parse(name, content, mode, os.LookupEnv)
}

// Parse reads text and ignores the environment. Faults use name as the name of the file. The error
// is a Faults with everything that is wrong, not only the first fault.
func Parse(name string, text []byte) (*Config, error) {
	return parse(name, text, 0, func(string) (string, bool) { return "", false })
}

func parse(name string, content []byte, mode fs.FileMode, lookup func(string) (string, bool)) (*Config, error) {
	r := &reader{file: name, mode: mode, config: Default()}
	r.config.File = name
	r.read(string(content))
	r.readEnvironment(lookup)
	r.settle()
	if len(r.faults) > 0 {
		return nil, r.located(r.faults)
	}
	r.look()
	r.config.Warnings, r.config.Refused = r.located(r.warnings), r.located(r.refused)
	r.config.Unusable = r.located(r.unusable)
	return r.config, nil
}

// readEnvironment reads the secrets that should not be in the file. The first of these counts:
//   - NWAYACD_HTTP_TOKEN, the secret;
//   - NWAYACD_HTTP_TOKEN_FILE, the path of a file with it;
//   - the file http-token in $CREDENTIALS_DIRECTORY, which systemd sets.
func (r *reader) readEnvironment(lookup func(string) (string, bool)) {
	c := r.config
	r.override(lookup, "DBSTRING", secret(&c.Database.DSN, isDSN))
	r.override(lookup, "CONTROL_PASSWORD", secret(&c.Control.Password, isPassword))
	r.override(lookup, "HTTP_TOKEN", secret(&c.HTTP.Token, isToken))
	r.override(lookup, "DIRECTORY_TOKEN", secret(&c.HTTP.DirectoryToken, isToken))
	for i := range c.FreeSWITCH {
		r.override(lookup, "FREESWITCH_PASSWORD", secret(&c.FreeSWITCH[i].Password, isPassword))
	}
}

// override sets one secret from the environment. A variable that is set but empty is a fault: an
// empty secret would open a port to everybody.
func (r *reader) override(lookup func(string) (string, bool), name string, v value) {
	variable := "NWAYACD_" + name
	content, given := lookup(variable)
	path, inFile := lookup(variable + "_FILE")
	switch {
	case given && inFile:
		r.blameEnvironment(variable, fmt.Errorf("is given beside %s_FILE; keep one of the two", variable))
	case given && content == "":
		r.blameEnvironment(variable, errEmptySecret)
	case given:
		r.blameEnvironment(variable, v.set(content))
	case inFile && path == "":
		r.blameEnvironment(variable+"_FILE", errEmptySecret)
	case inFile:
		r.blameEnvironment(variable+"_FILE", r.setFromFile(path, v))
	default:
		r.overrideByCredential(lookup, name, v)
	}
}

// overrideByCredential sets one secret from the directory that systemd makes (LoadCredential=).
func (r *reader) overrideByCredential(lookup func(string) (string, bool), name string, v value) {
	directory, _ := lookup("CREDENTIALS_DIRECTORY")
	if directory == "" {
		return
	}
	path := filepath.Join(directory, strings.ReplaceAll(strings.ToLower(name), "_", "-"))
	if err := r.setFromFile(path, v); !errors.Is(err, fs.ErrNotExist) {
		r.blameEnvironment("CREDENTIALS_DIRECTORY", err)
	}
}

var errEmptySecret = errors.New("is set but empty; remove the variable, or give it a secret")

func (r *reader) blameEnvironment(variable string, err error) {
	if err != nil && !r.blames(variable) {
		r.faults = append(r.faults, finding{Fault: Fault{File: "environment", Key: variable, Text: err.Error()}})
	}
}
