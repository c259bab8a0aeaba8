package app

import (
	"slices"

	"nwayacd/conf"
	"nwayacd/internal/auth"
)

// secrets are those of the configuration that a reload can replace.
type secrets struct {
	control, http, directory *auth.Secret
	freeswitch               map[string]*auth.Secret // by the name of the FreeSWITCH
}

func newSecrets(c *conf.Config) secrets {
	s := secrets{
		control: auth.NewSecret(string(c.Control.Password)), http: auth.NewSecret(string(c.HTTP.Token)),
		directory: auth.NewSecret(string(c.HTTP.DirectoryToken)), freeswitch: map[string]*auth.Secret{},
	}
	for _, f := range c.FreeSWITCH {
		s.freeswitch[f.Name] = auth.NewSecret(string(f.Password))
	}
	return s
}

// replace puts the secrets of a configuration that was read again in force. It returns the keys of
// those that have changed.
func (s secrets) replace(next *conf.Config) (changed []string) {
	replace := func(key string, secret *auth.Secret, text conf.Secret) {
		if secret.Replace(string(text)) {
			changed = append(changed, key)
		}
	}
	replace("control.password", s.control, next.Control.Password)
	replace("http.token", s.http, next.HTTP.Token)
	replace("http.directory-token", s.directory, next.HTTP.DirectoryToken)
	for _, f := range next.FreeSWITCH {
		if secret := s.freeswitch[f.Name]; secret != nil {
			replace("freeswitch."+f.Name+".password", secret, f.Password)
		}
	}
	slices.Sort(changed)
	return changed
}
