package conf

import "fmt"

// shortSecret is the length below which a secret can be guessed.
const shortSecret = 12

// look finds what is allowed but dangerous in a configuration that has no fault.
func (r *reader) look() {
	c := r.config
	if c.Control.PassThrough != "" && c.Control.Password == "" {
		r.refused = append(r.refused, r.found("control.pass-through",
			"needs control.password: without it everybody on this host may run programs as FreeSWITCH's user; "+
				"it is off"))
		c.Control.PassThrough = ""
	}
	r.lookAtCertificate("control", c.Control.TLS)
	r.lookAtCertificate("http", c.HTTP.TLS)
	r.lookAtPlainText()
	for _, s := range []struct {
		key    string
		secret Secret
	}{
		{"control.password", c.Control.Password},
		{"http.token", c.HTTP.Token},
		{"http.directory-token", c.HTTP.DirectoryToken},
	} {
		r.lookAtSecret(s.key, s.key, s.secret)
	}
	for i := range c.FreeSWITCH {
		r.lookAtSecret(fmt.Sprintf("freeswitch[%d].password", i), "freeswitch.password", c.FreeSWITCH[i].Password)
	}
	for _, network := range c.Server.Allow {
		if network.Bits() == 0 {
			r.warnings = append(r.warnings, r.found("server.allow",
				fmt.Sprintf("%s is everybody, who may then pretend to be a FreeSWITCH", network)))
		}
	}
	for _, network := range c.HTTP.TrustedProxies {
		if network.Bits() == 0 {
			r.warnings = append(r.warnings, r.found("http.trusted-proxies",
				fmt.Sprintf("%s is everybody, who may then pretend to be at any address", network)))
		}
	}
	if r.secrets && r.mode.Perm()&0o004 != 0 {
		r.warn(Fault{File: r.file, Text: "everybody on this host can read its secrets; chmod 640 or 600"})
	}
}

// lookAtPlainText warns of passwords and callers' numbers that other hosts could read on the way. A
// trusted proxy is taken for one that speaks TLS.
func (r *reader) lookAtPlainText() {
	c := r.config
	if !OnLoopback(c.Control.Listen) && !c.Control.TLS.IsSet() {
		r.warnings = append(r.warnings, r.found("control.listen",
			"other hosts can reach it without TLS, so the password can be read on the way; see control.tls-cert"))
	}
	if !OnLoopback(c.HTTP.Listen) && !c.HTTP.TLS.IsSet() && len(c.HTTP.TrustedProxies) == 0 {
		r.warnings = append(r.warnings, r.found("http.listen",
			"other hosts can reach it without TLS, so tokens can be read on the way; set http.tls-cert"))
	}
}

func (r *reader) lookAtSecret(path, key string, secret Secret) {
	f := r.found(key, "")
	f.path = path
	switch {
	case secret == defaultFreeSWITCH().Password:
		f.Text = "is FreeSWITCH's default, which everybody knows"
	case secret != "" && len(secret) < shortSecret:
		f.Text = fmt.Sprintf("has fewer than %d characters and can be guessed", shortSecret)
	default:
		return
	}
	r.warnings = append(r.warnings, f)
}

func (r *reader) found(key, text string) finding {
	return finding{Fault{File: r.file, Key: key, Text: text}, key}
}
