package conf

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"nwayacd/internal/prompt"
)

// settle checks what concerns several keys, and fills in values that one key takes from another.
func (r *reader) settle() {
	r.settleSwitches()
	if r.broken {
		return // a key that seems missing may be in a line that could not be read
	}
	c := r.config
	r.guard("control.listen", c.Control.Listen, "control.password", c.Control.Password != "")
	r.guard("http.listen", c.HTTP.Listen, "http.token", c.HTTP.Token != "")
	r.guard("server.listen", c.Server.Listen, "server.allow", len(c.Server.Allow) > 0)
	if c.HTTP.DirectoryOpen && !OnLoopback(c.HTTP.Listen) {
		r.require("http.directory-open", "http.listen", fmt.Sprintf(
			"is on, but http.listen is %q, which other hosts can reach: use http.directory-token", c.HTTP.Listen))
	}
	r.settleCertificate("control", &c.Control.TLS)
	r.settleCertificate("http", &c.HTTP.TLS)
	if len(c.HTTP.TrustedProxies) > 0 && c.HTTP.Token == "" {
		r.require("http.trusted-proxies", "http.token",
			"is set, but http.token is empty: everybody whom a proxy serves could do everything")
	}
	r.checkPorts()
	r.checkDigits()
	r.checkPrompts()
	if c.ACD.UseASR && c.ACD.ASRString == "" {
		r.require("acd.use-asr", "acd.asr-str", "is on, but acd.asr-str, the application to execute, is empty")
	}
	if name := c.Control.PassThrough; name != "" && indexOf(c.FreeSWITCH, name) < 0 {
		r.require("control.pass-through", "freeswitch", fmt.Sprintf("is %q, but no [[freeswitch]] has that name", name))
	}
}

func (r *reader) settleSwitches() {
	names, addresses := map[string]bool{}, map[string]bool{}
	for i := range r.config.FreeSWITCH {
		f := &r.config.FreeSWITCH[i]
		path := fmt.Sprintf("freeswitch[%d]", i)
		r.unique(names, path, "name", f.Name)
		r.unique(addresses, path, "address", f.Address)
		if f.LocalIP == "" {
			f.LocalIP = r.config.ACD.LocalIP
		}
	}
}

func (r *reader) unique(seen map[string]bool, path, key, content string) {
	if content != "" && seen[content] {
		r.report(path+"."+key, "freeswitch."+key,
			fmt.Sprintf("is %q, which another [[freeswitch]] already has; each needs its own", content))
	}
	seen[content] = true
}

// guard refuses a port that strangers can reach without protection.
func (r *reader) guard(listenKey, listen, protectionKey string, protected bool) {
	if !protected && !OnLoopback(listen) {
		r.require(listenKey, protectionKey,
			fmt.Sprintf("is %q, which other hosts can reach; set %s, or listen on 127.0.0.1", listen,
				protectionKey))
	}
}

// require reports a fault of key, unless key itself or the key that it needs already has one.
func (r *reader) require(key, lacking, text string) {
	if !r.blames(key, lacking) {
		r.report(key, key, text)
	}
}

// OnLoopback accepts no host name but localhost, because a name can resolve to another address
// later.
func OnLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// checkPorts finds two of our ports that cannot both be opened.
func (r *reader) checkPorts() {
	c := r.config
	ports := []struct{ key, listen string }{
		{"server.listen", c.Server.Listen}, {"control.listen", c.Control.Listen}, {"http.listen", c.HTTP.Listen},
	}
	for i, later := range ports {
		for _, earlier := range ports[:i] {
			if collide(earlier.listen, later.listen) {
				r.require(later.key, earlier.key,
					fmt.Sprintf("is %q, a port that %s already uses", later.listen, earlier.key))
			}
		}
	}
}

func collide(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	return hostA == hostB || isWildcard(hostA) || isWildcard(hostB)
}

func isWildcard(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

// checkDigits refuses a part of the digits, because some job numbers would then be played wrong.
func (r *reader) checkDigits() {
	digits := r.config.Prompts.JobDigits
	if digits == [len(digits)]string{} {
		return
	}
	var missing []string
	for digit, file := range digits {
		if file == "" && !r.blames("prompts."+jobDigitKey(digit)) {
			missing = append(missing, jobDigitKey(digit))
		}
	}
	if len(missing) > 0 {
		r.report("prompts", "prompts",
			fmt.Sprintf("lacks %s; set either all of jn-0 to jn-9, or none", strings.Join(missing, ", ")))
	}
}

// checkPrompts refuses prompts that could run programs, or fetch something from another host.
func (r *reader) checkPrompts() {
	allowed := r.config.Prompts.Schemes
	for _, k := range r.config.Prompts.keys() {
		text, is := k.value.get().(string)
		if full := "prompts." + k.name; is && !r.blames(full, "prompts.schemes") {
			if err := prompt.Check(text, allowed); err != nil {
				r.report(full, full, err.Error())
			}
		}
	}
}
