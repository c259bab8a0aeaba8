package conf

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// longestSecret is the largest file that is taken for one secret, in bytes.
const longestSecret = 4 << 10

// containerSecrets is where containers have their secrets. Only the container sees them, and its
// engine decides about the mode.
const containerSecrets = "/run/secrets/"

// secretFile is the key that names a file with a secret: dbstring-file for dbstring. The file
// replaces the key of the text; reader.readSecretFile reads it.
func secretFile(of string, field *Secret, restart bool, checks ...check) key {
	v := secret(field, checks...)
	v.get = func() any { return "" } // the secret is shown, and compared, as the other key's
	return key{name: of + "-file", value: v, restart: restart, file: true}
}

// readSecretFile sets a secret from the file that the configuration names.
func (r *reader) readSecretFile(at, full string, k *key, v any, table map[string]any) {
	path, ok := v.(string)
	if !ok {
		r.reportAll(at, full, mismatch(v, "the path of a file in double quotes"))
		return
	}
	if path == "" {
		return
	}
	if given, _ := table[strings.TrimSuffix(k.name, "-file")].(string); given != "" {
		r.report(at, full, "is given beside "+strings.TrimSuffix(full, "-file")+"; keep one of the two")
		return
	}
	r.reportAll(at, full, r.setFromFile(r.besideFile(path), k.value))
}

// setFromFile reads a secret. It warns of a file that everybody on this host can read.
func (r *reader) setFromFile(path string, v value) error {
	content, mode, err := readLimited(path, longestSecret)
	if err != nil {
		return err
	}
	secret := strings.TrimRight(string(content), "\r\n")
	if secret == "" {
		return fmt.Errorf("the file %s is empty", path)
	}
	if mode.Perm()&0o004 != 0 && !strings.HasPrefix(path, containerSecrets) {
		r.warn(Fault{File: path, Text: "everybody on this host can read this secret; chmod 600"})
	}
	return v.set(secret)
}

var errTooLong = errors.New("is too long")

// readLimited reads a file of at most so many bytes.
func readLimited(path string, limit int64) (content []byte, mode os.FileMode, err error) {
	if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		return nil, 0, fmt.Errorf("%s is a pipe, which may have no end", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	content, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("the file %s %w", path, errTooLong)
	}
	return content, info.Mode(), err
}
