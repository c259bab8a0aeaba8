package sim

import (
	"cmp"
	"slices"
	"strings"

	"nwayacd/esl"
)

// phone is an extension's telephone.
type phone struct {
	behaviour  Behaviour
	registered bool
}

// Agent sets how the phone of ext behaves from its next call on. A phone that
// is new registers; one that becomes Unregistered, or comes back, fires
// sofia::unregister or sofia::register.
func (s *Switch) Agent(ext string, b Behaviour) {
	s.mu.Lock()
	p := s.phones[ext]
	if p == nil {
		p = &phone{}
		s.phones[ext] = p
	}
	was := p.registered
	p.behaviour, p.registered = b, b.Do != Unregistered
	is := p.registered
	s.mu.Unlock()
	switch {
	case is && !was:
		s.registration("sofia::register", "from-user", "from-host", ext)
	case was && !is:
		s.registration("sofia::unregister", "from-user", "from-host", ext)
	}
}

// Expire lets the registration of ext run out: sofia::expire, which names the
// phone by `user`, not by `from-user` as the other two do (sofia_reg.c).
func (s *Switch) Expire(ext string) {
	s.mu.Lock()
	p := s.phones[ext]
	was := p != nil && p.registered
	if was {
		p.registered = false
	}
	s.mu.Unlock()
	if was {
		s.registration("sofia::expire", "user", "host", ext)
	}
}

func (s *Switch) registration(subclass, user, host, ext string) {
	s.trace(subclass, ext)
	s.fire(event{name: "CUSTOM", subclass: subclass, headers: []esl.Header{
		{Name: "profile-name", Value: "internal"},
		{Name: user, Value: ext},
		{Name: host, Value: s.domain()},
		{Name: "contact", Value: "<sip:" + ext + "@" + localIP + ":5060>"},
		{Name: "call-id", Value: "register-" + ext},
		{Name: "expires", Value: "3600"},
		{Name: "username", Value: ext},
		{Name: "realm", Value: s.domain()},
		{Name: "network-ip", Value: localIP},
		{Name: "network-port", Value: "5060"},
		{Name: "user-agent", Value: "sim phone 1.0"},
	}}, nil)
}

func (s *Switch) domain() string { return cmp.Or(s.global("domain"), localIP) }

func (s *Switch) registrations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var exts []string
	for ext, p := range s.phones {
		if p.registered {
			exts = append(exts, ext)
		}
	}
	slices.Sort(exts)
	return exts
}

// Gateway adds a sofia gateway and how the numbers behind it behave.
func (s *Switch) Gateway(name string, b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateways[name] = b
}

// Ringing says whether a leg to ext rings now.
func (s *Switch) Ringing(ext string) bool {
	return slices.ContainsFunc(s.Channels(), func(c ChannelState) bool {
		return c.Extension == ext && c.Direction == "outbound" && !c.Answered && c.CallState != "HANGUP"
	})
}

// destinationPhone is what a dial string leads to.
type destinationPhone struct {
	ext         string // "" when it is no phone of this switch
	number      string
	channelName string
	user        bool // dialled as user/EXT
	behaviour   Behaviour
}

// locate finds what a dial string leads to, or the cause why nothing does.
func (s *Switch) locate(dial string) (destinationPhone, string) {
	endpoint, rest, _ := strings.Cut(dial, "/")
	switch strings.ToLower(endpoint) {
	case "user":
		return s.locateUser(rest)
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

func (s *Switch) locateUser(rest string) (destinationPhone, string) {
	ext, domain, _ := strings.Cut(rest, "@")
	domain = cmp.Or(domain, s.global("domain"))
	b, ok := s.registered(ext)
	if domain == "" || !ok {
		return destinationPhone{}, "SUBSCRIBER_ABSENT"
	}
	return destinationPhone{ext: ext, number: ext, channelName: "sofia/internal/" + ext + "@" + domain, user: true, behaviour: b}, ""
}

func (s *Switch) locateAddress(profile, number, host string) (destinationPhone, string) {
	b, ok := s.registered(number)
	if !ok {
		return destinationPhone{}, "NORMAL_TEMPORARY_FAILURE"
	}
	return destinationPhone{ext: number, number: number, channelName: "sofia/" + profile + "/" + number + "@" + host, behaviour: b}, ""
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
	p := s.phones[ext]
	if p == nil || !p.registered {
		return Behaviour{}, false
	}
	return p.behaviour, true
}
