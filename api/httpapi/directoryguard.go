package httpapi

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"nwayacd/internal/auth"
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
	if p.DirectoryOpen && isLocal(r.Host) {
		return true
	}
	actor, known, wait := auth.Actor{}, false, time.Duration(0)
	if given, shown := token(r); shown {
		known, wait = p.tokens.Try(sourceOf(r), func() (ok bool) {
			actor, ok = p.directoryReader(given)
			return ok
		})
	}
	var err error
	if known {
		actor.Way, actor.Source = auth.WayHTTP, sourceOf(r).String()
		if err = p.Server.Allow(auth.With(r.Context(), actor), auth.OpDirectory); err == nil {
			return true
		}
	}
	if p.directoryRefused.note() {
		p.Log.Error().Str("client", r.RemoteAddr).
			Msg("a request for FreeSWITCH's user directory was refused: " + directoryKey)
	}
	if known {
		writeProblem(w, http.StatusForbidden, err.Error())
	} else {
		p.refuse(w, r, wait)
	}
	return false
}

// directoryReader returns the actor with the token.
func (p *Port) directoryReader(given string) (actor auth.Actor, ok bool) {
	if p.DirectoryToken.Is(given) {
		return auth.Actor{Name: "directory", Role: auth.Directory}, true
	}
	actor, ok = p.holder(given)
	return actor, ok && actor.Role != auth.Local
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
