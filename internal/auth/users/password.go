package users

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// A password is kept as an argon2id hash in the PHC form:
//
//	$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH
//
// salt and hash are in base64 without padding. These are the costs of a new one.
const (
	memoryKiB = 19 << 10
	passes    = 2
	threads   = 1
	saltBytes = 16
	hashBytes = 32
)

// Bounds of a hash that another program wrote into the database. Looking at a password must not
// take all memory or seconds.
const (
	mostKiB    = 64 << 10
	mostPasses = 10
	mostBytes  = 64 // of the salt, and of the hash
)

// Bounds of a password, in bytes.
const (
	leastPassword = 10
	mostPassword  = 128
)

var errHash = errors.New("the password's hash is not argon2id in the PHC form, or too costly")

// costly is a parsed hash.
type costly struct {
	memory, time uint32
	threads      uint8
	salt, hash   []byte
}

// CheckNewPassword returns why the text cannot be the password of the user, or nil.
func CheckNewPassword(name, password string) error {
	switch {
	case len(password) < leastPassword || len(password) > mostPassword:
		return fmt.Errorf("a password has %d to %d bytes", leastPassword, mostPassword)
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return errors.New("a password is UTF-8 without control characters")
	case strings.EqualFold(password, name):
		return errors.New("the password must not be the name")
	}
	return nil
}

// HashPassword returns the hash of a password with a new salt. It takes 19 MiB, and some 30 ms of
// one core.
func HashPassword(password string) string {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails
	hash := argon2.IDKey([]byte(password), salt, passes, memoryKiB, threads, hashBytes)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memoryKiB, passes, threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(hash))
}

// CheckHash returns nil if text is a hash that a password can be compared with.
func CheckHash(text string) error {
	_, err := parseHash(text)
	return err
}

func parseHash(text string) (c costly, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, errHash
	}
	n, err := fmt.Sscanf(parts[3]+"\n", "m=%d,t=%d,p=%d\n", &c.memory, &c.time, &c.threads)
	if err != nil || n != 3 || c.memory < 8*uint32(c.threads) || c.memory > mostKiB || c.time < 1 ||
		c.time > mostPasses || c.threads < 1 {
		return c, errHash
	}
	if c.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return c, errHash
	}
	if c.hash, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return c, errHash
	}
	if len(c.salt) < 8 || len(c.salt) > mostBytes || len(c.hash) < 16 || len(c.hash) > mostBytes {
		return c, errHash
	}
	return c, nil
}

// is reports whether the hash is that of the password.
func (c *costly) is(password string) bool {
	hash := argon2.IDKey([]byte(password), c.salt, c.time, c.memory, c.threads, uint32(len(c.hash)))
	return subtle.ConstantTimeCompare(hash, c.hash) == 1
}

// noUser is compared with the password of an unknown name, so that it costs as much as a known one.
// No password has this hash.
var noUser = costly{
	memory: memoryKiB, time: passes, threads: threads, salt: make([]byte, saltBytes), hash: make([]byte, hashBytes),
}

// letters are those of a password that is made: 32 that do not look like each other.
const letters = "abcdefghijkmnpqrstuvwxyz23456789"

// MakePassword returns a password of 100 random bits: four words of five letters.
func MakePassword() string {
	bits := make([]byte, 20)
	rand.Read(bits) // never fails
	var b strings.Builder
	for i, one := range bits {
		if i > 0 && i%5 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(letters[int(one)%len(letters)])
	}
	return b.String()
}
