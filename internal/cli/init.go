package cli

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"nwayacd/conf"
	"nwayacd/internal/auth/users"
)

// Init is `nwayacd init`.
type Init struct {
	Dir        string `default:"/etc/nwayacd" help:"The directory to write into. No file there is replaced."`
	FreeSWITCH string `name:"freeswitch" default:"127.0.0.1:8021" help:"The Event Socket of the FreeSWITCH."`
}

// Help is what `nwayacd init --help` adds.
func (*Init) Help() string {
	return "Writes nwayacd.toml, and its secrets in files of mode 0600 beside it, and prints the lines that " +
		"FreeSWITCH needs, and the password of the first administrator."
}

// secretsDir is beside the configuration.
const secretsDir = "secrets"

// The files of the secrets.
const (
	controlSecret   = "control-password"
	httpSecret      = "http-token"
	directorySecret = "directory-token"
	switchSecret    = "freeswitch-password"
	adminSecret     = "first-admin"
)

// initialConfiguration has the address of the FreeSWITCH in it.
const initialConfiguration = `# Written by nwayacd init. The example conf/nwayacd.toml explains every key.

[database]
# PostgreSQL in libpq form, or empty for SQLite in data-dir.
dbstring = ""
data-dir = "data"

[[freeswitch]]
name = "fs1"
address = %q
password-file = "secrets/freeswitch-password"

[control]
password-file = "secrets/control-password"

[http]
token-file = "secrets/http-token"
directory-token-file = "secrets/directory-token"
first-admin-file = "secrets/first-admin"
`

// switchLines are for FreeSWITCH: its password, and the directory's token.
const switchLines = `
autoload_configs/event_socket.conf.xml of FreeSWITCH needs:
  <param name="password" value="%s"/>
autoload_configs/xml_curl.conf.xml, if telephones register with accounts of nwayacd, needs:
  <param name="gateway-url" value="http://127.0.0.1:8085/freeswitch/directory" bindings="directory"/>
  <param name="gateway-credentials" value="freeswitch:%s"/>
  <param name="auth-scheme" value="basic"/>

If the service runs as another user: chown -R nwayacd %s
`

// firstAdmin is the name of the first user.
const firstAdmin = "admin"

// adminLines are for the person who looks at the console first.
const adminLines = `
The console is http://127.0.0.1:8085/ui/ for the user %s with the password
  %s
which is shown once. "nwayacd user" adds others.
`

// Run writes the files, or none of them.
func (i *Init) Run() error { return i.write(os.Stdout) }

func (i *Init) write(out io.Writer) error {
	link := fmt.Sprintf("[[freeswitch]]\nname = \"fs1\"\naddress = %q\n", i.FreeSWITCH)
	if _, err := conf.Parse("--freeswitch", []byte(link)); err != nil {
		return err
	}
	file := filepath.Join(i.Dir, "nwayacd.toml")
	texts := map[string]string{file: fmt.Sprintf(initialConfiguration, i.FreeSWITCH)}
	secrets := map[string]string{}
	for _, name := range []string{controlSecret, httpSecret, directorySecret, switchSecret} {
		secrets[name] = newSecret()
		texts[filepath.Join(i.Dir, secretsDir, name)] = secrets[name] + "\n"
	}
	password := users.MakePassword()
	texts[filepath.Join(i.Dir, secretsDir, adminSecret)] = firstAdmin + ":" + users.HashPassword(password) + "\n"
	for path := range texts {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already, and init replaces nothing", path)
		}
	}
	if err := os.MkdirAll(filepath.Join(i.Dir, secretsDir), 0o700); err != nil {
		return err
	}
	for path, text := range texts {
		if err := writeNew(path, text); err != nil {
			return err
		}
	}
	if _, err := conf.Load(file); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "written: %s, and the secrets in %s\n"+switchLines+adminLines, file,
		filepath.Join(i.Dir, secretsDir), secrets[switchSecret], secrets[directorySecret], i.Dir, firstAdmin, password)
	return err
}

// newSecret returns 192 random bits in characters that every file and command line takes.
func newSecret() string {
	bits := make([]byte, 24)
	rand.Read(bits) // never fails
	return hex.EncodeToString(bits)
}

// writeNew writes a file that does not exist.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, text)
	return errors.Join(err, f.Close())
}
