package sim

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"nwayacd/esl"
)

// phone is what an extension has: one telephone, or several that are registered side by side.
type phone struct{ devices []*device }

// device is one telephone of an extension, with a contact of its own.
type device struct {
	ext, name  string // name is "" for the one that Agent sets
	behaviour  Behaviour
	registered bool
}

// Agent sets how the phone of ext behaves from its next call on. A new phone registers. A phone
// that becomes Unregistered fires sofia::unregister, and one that comes back fires sofia::register.
func (s *Switch) Agent(ext string, b Behaviour) {
	switch d, was := s.setDevice(ext, "", b); {
	case b.Do != Unregistered && !was:
		s.registration("sofia::register", "from-user", "from-host", d)
	case b.Do == Unregistered && was:
		s.registration("sofia::unregister", "from-user", "from-host", d)
	}
}

// Register registers one more telephone of ext beside those it has, or the same one again. Each
// time it fires sofia::register.
func (s *Switch) Register(ext, name string, b Behaviour) {
	d, _ := s.setDevice(ext, name, b)
	s.registration("sofia::register", "from-user", "from-host", d)
}

// Unregister ends the registration of one telephone. It fires sofia::unregister, which names the
// contact.
func (s *Switch) Unregister(ext, name string) {
	if d := s.dropDevice(ext, name); d != nil {
		s.registration("sofia::unregister", "from-user", "from-host", d)
	}
}

// Expire lets the registration of ext run out. It fires sofia::expire, which names the phone by
// `user`, not by `from-user` as the other two do (sofia_reg.c).
func (s *Switch) Expire(ext string) { s.ExpireDevice(ext, "") }

// ExpireDevice lets the registration of one telephone of ext run out. As in sofia_reg.c
// the event is fired before the contact is gone.
func (s *Switch) ExpireDevice(ext, name string) {
	if d := s.device(ext, name); d != nil {
		s.registration("sofia::expire", "user", "host", d)
		s.dropDevice(ext, name)
	}
}

// DirectoryAway makes the user directory unreachable, or reachable again. Meanwhile user/EXT finds
// no phone.
func (s *Switch) DirectoryAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noDirectory = away
}

func (s *Switch) setDevice(ext, name string, b Behaviour) (d *device, was bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.phones[ext]
	if p == nil {
		p = &phone{}
		s.phones[ext] = p
	}
	at := slices.IndexFunc(p.devices, func(d *device) bool { return d.name == name })
	if at < 0 {
		at = len(p.devices)
		p.devices = append(p.devices, &device{ext: ext, name: name})
	}
	d = p.devices[at]
	was = d.registered
	d.behaviour, d.registered = b, b.Do != Unregistered
	return d, was
}

// device returns a registered telephone, or nil if this one is not registered.
func (s *Switch) device(ext, name string) *device {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.phones[ext]; p != nil {
		for _, d := range p.devices {
			if d.name == name && d.registered {
				return d
			}
		}
	}
	return nil
}

func (s *Switch) dropDevice(ext, name string) *device {
	d := s.device(ext, name)
	if d != nil {
		s.mu.Lock()
		d.registered = false
		s.mu.Unlock()
	}
	return d
}

// address is how the telephone is reached: EXT@HOST:PORT with the parameters of its contact.
func (d *device) address() string {
	address := d.ext + "@" + localIP + ":5060"
	if d.name != "" {
		address += ";line=" + d.name
	}
	return address
}

func (d *device) callID() string {
	if d.name == "" {
		return "register-" + d.ext
	}
	return "register-" + d.ext + "-" + d.name
}

func (s *Switch) registration(subclass, user, host string, d *device) {
	s.trace(subclass, d.ext, d.name)
	s.fire(event{name: "CUSTOM", subclass: subclass, headers: []esl.Header{
		{Name: "profile-name", Value: "internal"},
		{Name: user, Value: d.ext},
		{Name: host, Value: s.domain()},
		{Name: "contact", Value: "<sip:" + d.address() + ">"},
		{Name: "call-id", Value: d.callID()},
		{Name: "expires", Value: "3600"},
		{Name: "username", Value: d.ext},
		{Name: "realm", Value: s.domain()},
		{Name: "network-ip", Value: localIP},
		{Name: "network-port", Value: "5060"},
		{Name: "user-agent", Value: "sim phone 1.0"},
	}}, nil)
}

func (s *Switch) domain() string { return cmp.Or(s.global("domain"), localIP) }

// registrations lists the telephones that are registered, by extension.
func (s *Switch) registrations() []*device {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*device
	for _, ext := range slices.Sorted(maps.Keys(s.phones)) {
		all = append(all, s.phones[ext].there()...)
	}
	return all
}

// there are the devices of a phone that are registered.
func (p *phone) there() (devices []*device) {
	if p == nil {
		return nil
	}
	for _, d := range p.devices {
		if d.registered {
			devices = append(devices, d)
		}
	}
	return devices
}

// sofiaContact is sofia_contact [PROFILE/]EXT[@DOMAIN]. It prints the contacts, separated by
// commas.
func (s *Switch) sofiaContact(arg string) string {
	if _, after, found := strings.Cut(arg, "/"); found {
		arg = after
	}
	ext, domain, _ := strings.Cut(arg, "@")
	var contacts []string
	if domain == "" || domain == s.domain() {
		for _, d := range s.devices(ext) {
			contacts = append(contacts, "sofia/internal/sip:"+d.address())
		}
	}
	if len(contacts) == 0 {
		return "error/user_not_registered"
	}
	return strings.Join(contacts, ",")
}

// devices are the telephones of ext that are registered.
func (s *Switch) devices(ext string) []*device {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.phones[ext].there()
}

// Gateway adds a sofia gateway and the behaviour of the numbers behind it.
func (s *Switch) Gateway(name string, b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateways[name] = b
}

// Ringing reports whether a leg to ext rings now.
func (s *Switch) Ringing(ext string) bool {
	return slices.ContainsFunc(s.Channels(), func(c ChannelState) bool {
		return c.Extension == ext && c.Direction == "outbound" && !c.Answered && c.CallState != "HANGUP"
	})
}

// destinationPhone is the phone to which a dial string leads.
type destinationPhone struct {
	ext         string // "" if it is no phone of this switch
	number      string
	channelName string
	user        bool   // dialled as user/EXT
	device      string // the telephone's name
	behaviour   Behaviour
}

// locateAll finds all telephones to which a dial string leads, or the cause for which it leads to
// none.
func (s *Switch) locateAll(dial string) (all []destinationPhone, cause string) {
	if rest, isUser := strings.CutPrefix(dial, "user/"); isUser {
		return s.locateUser(rest)
	}
	p, cause := s.locate(dial)
	return []destinationPhone{p}, cause
}

// locate finds the phone to which a dial string leads, or the cause for which it leads to none.
func (s *Switch) locate(dial string) (destinationPhone, string) {
	endpoint, rest, _ := strings.Cut(dial, "/")
	switch strings.ToLower(endpoint) {
	case "loopback":
		number, _, _ := strings.Cut(rest, "/")
		return s.locateLoopback(number)
	case "sofia":
		profile, to, _ := strings.Cut(rest, "/")
		if profile == "gateway" {
			return s.locateGateway(to)
		}
		number, host, _ := strings.Cut(to, "@")
		return s.locateAddress(profile, number, host)
	case "error":
		return destinationPhone{}, causeOr(rest, "NORMAL_CLEARING")
	}
	return destinationPhone{}, "CHAN_NOT_IMPLEMENTED"
}

func (s *Switch) locateUser(rest string) (all []destinationPhone, cause string) {
	ext, domain, _ := strings.Cut(rest, "@")
	domain = cmp.Or(domain, s.global("domain"))
	s.mu.Lock()
	away := s.noDirectory
	s.mu.Unlock()
	if domain == "" || away {
		return nil, "SUBSCRIBER_ABSENT"
	}
	for _, d := range s.devices(ext) {
		p := s.reach(d, "sofia/internal/"+ext+"@"+domain)
		p.user = true
		all = append(all, p)
	}
	if len(all) == 0 {
		return nil, "SUBSCRIBER_ABSENT"
	}
	return all, ""
}

func (s *Switch) reach(d *device, channelName string) destinationPhone {
	s.mu.Lock()
	defer s.mu.Unlock()
	return destinationPhone{ext: d.ext, number: d.ext, device: d.name, channelName: channelName, behaviour: d.behaviour}
}

// locateAddress finds a telephone by its contact, or, for an address at another switch, by its
// number alone.
func (s *Switch) locateAddress(profile, number, host string) (destinationPhone, string) {
	number, isContact := strings.CutPrefix(number, "sip:")
	for _, d := range s.devices(number) {
		if !isContact || d.address() == number+"@"+host {
			address, _, _ := strings.Cut(host, ";")
			return s.reach(d, "sofia/"+profile+"/"+number+"@"+address), ""
		}
	}
	return destinationPhone{}, "NORMAL_TEMPORARY_FAILURE"
}

func (s *Switch) locateGateway(to string) (destinationPhone, string) {
	name, number, _ := strings.Cut(to, "/")
	s.mu.Lock()
	b, ok := s.gateways[name]
	s.mu.Unlock()
	switch {
	case !ok:
		return destinationPhone{}, "INVALID_GATEWAY"
	case number == "":
		return destinationPhone{}, "UNALLOCATED_NUMBER"
	}
	return destinationPhone{number: number, channelName: "sofia/external/" + number, behaviour: b}, ""
}

func (s *Switch) locateLoopback(number string) (destinationPhone, string) {
	to := destinationPhone{number: number, channelName: "loopback/" + number + "-a"}
	if b, ok := s.registered(number); ok {
		to.ext, to.behaviour = number, b
		return to, ""
	}
	if _, ok := s.route(number); ok {
		return to, ""
	}
	return to, "NO_ROUTE_DESTINATION"
}

func (s *Switch) registered(ext string) (Behaviour, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	devices := s.phones[ext].there()
	if len(devices) == 0 {
		return Behaviour{}, false
	}
	return devices[0].behaviour, true
}
