package httpapi

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// directoryKey says what the directory needs.
const directoryKey = "set [http] directory-token in nwayacd's configuration, and the same in " +
	"xml_curl.conf.xml (gateway-credentials)"

// isDirectory reports whether the path is FreeSWITCH's user directory, which has telephones'
// passwords.
func isDirectory(path string) bool { return strings.HasPrefix(path, "/freeswitch/") }

// mayReadDirectory reports whether the request may have FreeSWITCH's user directory, and answers it
// where not.
func (p *Port) mayReadDirectory(w http.ResponseWriter, r *http.Request) bool {
	if p.DirectoryOpen && isLocal(r.Host) || p.authorized(w, r, p.DirectoryToken, p.Token) {
		return true
	}
	if p.directoryRefused.note() {
		p.Log.Error().Str("client", r.RemoteAddr).
			Msg("a request for FreeSWITCH's user directory was refused: " + directoryKey)
	}
	return false
}

// Telephones that cannot register are worth a line a minute, and a warning for as long as they try.
const (
	directoryLineEvery = time.Minute
	directoryWarning   = 5 * time.Minute
)

// refusedDirectory remembers that the directory was refused. The zero value is ready to use.
type refusedDirectory struct {
	mu           sync.Mutex
	last, logged time.Time
}

// note notes a refusal and reports whether it is worth a line in the log.
func (d *refusedDirectory) note() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = time.Now()
	if d.last.Sub(d.logged) < directoryLineEvery {
		return false
	}
	d.logged = d.last
	return true
}

// lately reports whether the directory was refused in the last minutes.
func (d *refusedDirectory) lately() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.last.IsZero() && time.Since(d.last) < directoryWarning
}
