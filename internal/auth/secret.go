package auth

import (
	"crypto/subtle"
	"sync"
	"time"
)

// secretOverlap is how long a secret is valid after another has taken its place, so that clients
// can be given the new one.
const secretOverlap = time.Minute

// Secret is a password or a token of the configuration, which a reload may replace. A nil Secret is
// not set. All methods may be called from any goroutine.
type Secret struct {
	mu     sync.Mutex
	text   string
	before string
	until  time.Time // before is valid until then
}

// NewSecret returns a secret with that text. If the text is empty, the secret is not set.
func NewSecret(text string) *Secret { return &Secret{text: text} }

// IsSet reports whether there is a secret. If there is none, nothing is equal to it.
func (s *Secret) IsSet() bool { return s.Text() != "" }

// Text returns the secret, for a login at another server.
func (s *Secret) Text() string {
	if s == nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text
}

// Is reports whether that is the secret, or the one before it for another minute. It compares in
// constant time.
func (s *Secret) Is(given string) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return isEqual(given, s.text) || time.Now().Before(s.until) && isEqual(given, s.before)
}

// Replace makes another text the secret and reports whether it was another. An empty text is not
// taken, because that would open a port, and neither is any text if the secret was not set: a
// restart does both.
func (s *Secret) Replace(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text == s.text || text == "" || s.text == "" {
		return false
	}
	s.before, s.text, s.until = s.text, text, time.Now().Add(secretOverlap)
	return true
}

func isEqual(given, secret string) bool {
	return secret != "" && subtle.ConstantTimeCompare([]byte(given), []byte(secret)) == 1
}
