package users

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"time"

	"nwayacd/internal/auth"
)

// newKey returns 256 random bits in characters that a URL, a header and a shell take.
func newKey() string {
	bits := make([]byte, 32)
	rand.Read(bits) // never fails
	return base64.RawURLEncoding.EncodeToString(bits)
}

// hashKey returns the hash with which a key is kept. The key is random, so one pass is enough.
func hashKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// NewToken returns the key of a new token, and the hash of it that AddToken takes.
func NewToken() (key, hash string) {
	key = auth.TokenPrefix + newKey()
	return key, hashKey(key)
}

// Authenticate returns the actor to whom a token belongs. ok is false if no usable token has this
// key. The caller fills in Source and Way. It is not slowed down by those who are wrong.
func (b *Book) Authenticate(key string) (actor auth.Actor, ok bool) {
	if !auth.IsToken(key) {
		return actor, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	t := b.keys[hashKey(key)]
	if t == nil || !usable(t, now) {
		return actor, false
	}
	b.noteUse(t, now)
	return actorOfToken(t), true
}

func usable(t *auth.Token, now time.Time) bool {
	return !t.Disabled && (t.Expires.IsZero() || now.Before(t.Expires))
}

// noteUse writes the day of the last use, once a day.
func (b *Book) noteUse(t *auth.Token, now time.Time) {
	if day := now.UTC().Truncate(24 * time.Hour); t.LastUsed.Before(day) {
		b.write([]auth.Change{{Token: &auth.TokenUpdate{Name: t.Name, LastUsed: &day}}})
	}
}

func actorOfToken(t *auth.Token) auth.Actor {
	return auth.Actor{Name: "token:" + t.Name, Role: t.Role, Groups: t.Groups, Extension: t.Extension}
}

// AddToken adds a token, and returns its key. If t has a hash, the key is the caller's, and the
// result is "". A token has one of the roles but local and dialplan.
func (b *Book) AddToken(ctx context.Context, t auth.Token) (key string, err error) {
	if err := invalid(checkToken(&t)); err != nil {
		return "", err
	}
	if t.Hash == "" {
		key, t.Hash = NewToken()
	}
	err = b.do(ctx, func(now time.Time) ([]auth.Change, error) {
		switch {
		case b.tokens[t.Name] != nil || b.keys[t.Hash] != nil:
			return nil, ErrTokenExists
		case len(b.tokens) >= mostTokens:
			return nil, ErrFull
		}
		t.Created, t.LastUsed = now, time.Time{}
		t.Expires = stampUnlessZero(t.Expires)
		if a, is := auth.From(ctx); is && t.CreatedBy == "" {
			t.CreatedBy = a.Name
		}
		return []auth.Change{{TokenAdded: &t}}, nil
	})
	return key, err
}

// ChangeToken changes a token. What it was may do no more ends at once.
func (b *Book) ChangeToken(ctx context.Context, u auth.TokenUpdate) error {
	u.Groups = notNil(u.Groups)
	return b.do(ctx, func(time.Time) ([]auth.Change, error) {
		t := b.tokens[u.Name]
		if t == nil {
			return nil, ErrNoToken
		}
		after := *t
		u.Apply(&after)
		if err := invalid(checkToken(&after)); err != nil {
			return nil, err
		}
		changes := []auth.Change{{Token: &u}}
		if !usable(&after, time.Now()) || after.Role != auth.Wall {
			changes = append(changes, b.endSessions(func(s *auth.Session) bool { return s.Token == u.Name })...)
		}
		return changes, nil
	})
}

// RemoveToken removes a token, and ends its sessions.
func (b *Book) RemoveToken(ctx context.Context, name string) error {
	return b.do(ctx, func(time.Time) ([]auth.Change, error) {
		if b.tokens[name] == nil {
			return nil, ErrNoToken
		}
		ended := b.endSessions(func(s *auth.Session) bool { return s.Token == name })
		return append([]auth.Change{{TokenRemoved: &name}}, ended...), nil
	})
}

func stampUnlessZero(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return stamp(t)
}
