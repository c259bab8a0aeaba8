package users

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// Device returns a text by which LoginOn knows a browser in which the user has logged in. It gives
// no right: a client that shows it still needs the password. It is good until the user gets another
// password. The server keeps nothing of it. The result is "" if there is no such user.
func (b *Book) Device(name string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	u := b.users[name]
	if u == nil {
		return ""
	}
	one := newKey()
	return one + "." + deviceMark(one, name, u.Password)
}

// ownsDevice reports whether the text is one of Device for the user.
func (b *Book) ownsDevice(name, device string) bool {
	one, mark, _ := strings.Cut(device, ".")
	b.mu.Lock()
	defer b.mu.Unlock()
	u := b.users[name]
	return u != nil && hmac.Equal([]byte(mark), []byte(deviceMark(one, name, u.Password)))
}

// deviceMark returns what only a server can make that has the hash of the user's password. The salt
// in the hash is secret here, so the mark cannot be used to guess the password.
func deviceMark(one, name, hash string) string {
	mac := hmac.New(sha256.New, []byte(hash))
	mac.Write([]byte("device\x00" + one + "\x00" + name))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
