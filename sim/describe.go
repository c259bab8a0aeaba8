package sim

import (
	"strconv"
	"time"

	"nwayacd/esl"
)

// fire sends an event of this channel, with all headers that FreeSWITCH adds about a channel.
func (c *channel) fire(name string, more ...esl.Header) {
	if look := c.s.opt.OnEvent; look != nil {
		look(c.glimpse(name))
	}
	c.s.fire(event{name: name, channel: c.uuid, headers: more}, c.describe)
}

func (c *channel) glimpse(name string) ChannelEvent {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := ChannelEvent{
		Name: name, UUID: c.uuid, Extension: c.ext, Outbound: c.outbound, App: c.app, Data: c.data, Cause: c.cause,
		PresenceData: c.getVarLocked("presence_data"), Device: c.device, Originate: c.originate,
		ByPhone: c.getVarLocked("sip_term_status") == "200",
	}
	if c.peer != nil {
		e.Peer = c.peer.uuid
	}
	return e
}

// describe appends the channel's headers (switch_channel_event_set_data).
func (c *channel) describe(h []esl.Header) []esl.Header {
	c.mu.Lock()
	other, kind := c.otherLeg, c.otherType
	h = append(h,
		esl.Header{Name: "Channel-State", Value: c.state},
		esl.Header{Name: "Channel-Call-State", Value: c.callState},
		esl.Header{Name: "Channel-State-Number", Value: stateNumber(c.state)},
		esl.Header{Name: "Channel-Name", Value: c.name},
		esl.Header{Name: "Unique-ID", Value: c.uuid},
		esl.Header{Name: "Call-Direction", Value: c.direction()},
		esl.Header{Name: "Presence-Call-Direction", Value: c.direction()},
		esl.Header{Name: "Channel-HIT-Dialplan", Value: strconv.FormatBool(!c.outbound)},
	)
	if data := c.getVarLocked("presence_data"); data != "" {
		h = append(h, esl.Header{Name: "Channel-Presence-Data", Value: data})
	}
	callUUID := c.getVarLocked("call_uuid")
	if callUUID == "" {
		callUUID = c.uuid
	}
	h = append(h,
		esl.Header{Name: "Channel-Call-UUID", Value: callUUID},
		esl.Header{Name: "Answer-State", Value: c.answerStateLocked()})
	if c.cause != "" {
		h = append(h, esl.Header{Name: "Hangup-Cause", Value: c.cause})
	}
	if !c.answeredAt.IsZero() || !c.media.IsZero() {
		h = append(h, codecs...)
	}
	h = c.profile(h, "Caller")
	vars := c.vars
	extra := make([]esl.Header, len(vars))
	for i, v := range vars {
		extra[i] = esl.Header{Name: "variable_" + v.Name, Value: v.Value}
	}
	c.mu.Unlock()
	if other != nil {
		h = append(h, esl.Header{Name: "Other-Type", Value: kind})
		other.mu.Lock()
		h = other.profile(h, "Other-Leg")
		other.mu.Unlock()
	}
	return append(h, extra...)
}

var codecs = []esl.Header{
	{Name: "Channel-Read-Codec-Name", Value: "PCMA"},
	{Name: "Channel-Read-Codec-Rate", Value: "8000"},
	{Name: "Channel-Read-Codec-Bit-Rate", Value: "64000"},
	{Name: "Channel-Write-Codec-Name", Value: "PCMA"},
	{Name: "Channel-Write-Codec-Rate", Value: "8000"},
	{Name: "Channel-Write-Codec-Bit-Rate", Value: "64000"},
}

// profile appends the caller profile under a prefix. Empty fields are absent.
func (c *channel) profile(h []esl.Header, prefix string) []esl.Header {
	add := func(name, value string) {
		if value != "" {
			h = append(h, esl.Header{Name: prefix + name, Value: value})
		}
	}
	add("-Direction", c.direction())
	add("-Logical-Direction", c.direction())
	add("-Username", c.getVarLocked("user_name"))
	add("-Dialplan", c.dialplan)
	add("-Caller-ID-Name", c.callerName)
	add("-Caller-ID-Number", c.callerID)
	add("-Orig-Caller-ID-Name", c.callerName)
	add("-Orig-Caller-ID-Number", c.callerID)
	if c.outbound {
		add("-Callee-ID-Name", "Outbound Call")
		add("-Callee-ID-Number", c.dialled)
	}
	add("-Network-Addr", localIP)
	add("-ANI", c.callerID)
	add("-RDNIS", c.rdnis)
	add("-Destination-Number", c.dialled)
	add("-Unique-ID", c.uuid)
	add("-Source", "mod_sofia")
	add("-Context", "default")
	add("-Channel-Name", c.name)
	add("-Transfer-Source", c.transferred)
	add("-Profile-Index", strconv.Itoa(c.profiles))
	add("-Profile-Created-Time", stamp(c.created))
	add("-Channel-Created-Time", stamp(c.created))
	add("-Channel-Answered-Time", stamp(c.answeredAt))
	add("-Channel-Progress-Time", stamp(c.progressed))
	add("-Channel-Progress-Media-Time", stamp(c.media))
	add("-Channel-Hangup-Time", stamp(c.hungUp))
	add("-Channel-Transfer-Time", "0")
	add("-Channel-Resurrect-Time", "0")
	add("-Channel-Bridged-Time", stamp(c.bridgedAt))
	add("-Channel-Last-Hold", "0")
	add("-Channel-Hold-Accum", "0")
	add("-Screen-Bit", "true")
	add("-Privacy-Hide-Name", "false")
	add("-Privacy-Hide-Number", "false")
	return h
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.UnixMicro(), 10)
}

func (c *channel) direction() string {
	if c.outbound {
		return "outbound"
	}
	return "inbound"
}

func (c *channel) answerStateLocked() string {
	switch {
	case c.cause != "":
		return "hangup"
	case !c.answeredAt.IsZero():
		return "answered"
	case !c.media.IsZero():
		return "early"
	}
	return "ringing"
}

// stateNumber is the state's place in switch_channel_state_t.
func stateNumber(state string) string {
	for i, s := range []string{
		"CS_NEW", "CS_INIT", "CS_ROUTING", "CS_SOFT_EXECUTE", "CS_EXECUTE", "CS_EXCHANGE_MEDIA", "CS_PARK",
		"CS_CONSUME_MEDIA", "CS_HIBERNATE", "CS_RESET", "CS_HANGUP", "CS_REPORTING", "CS_DESTROY",
	} {
		if s == state {
			return strconv.Itoa(i)
		}
	}
	return "0"
}

// sipVariables are those that a SIP call has from its first moment on, so that the `connect` reply
// has the real size.
func (c *channel) sipVariables(user string) {
	host := localIP
	for _, v := range []esl.Header{
		{Name: "direction", Value: c.direction()},
		{Name: "uuid", Value: c.uuid},
		{Name: "session_id", Value: strconv.FormatUint(c.serial, 10)},
		{Name: "sip_from_user", Value: c.callerID},
		{Name: "sip_from_uri", Value: c.callerID + "@" + host},
		{Name: "sip_from_host", Value: host},
		{Name: "video_media_flow", Value: "inactive"},
		{Name: "text_media_flow", Value: "inactive"},
		{Name: "channel_name", Value: c.name},
		{Name: "ep_codec_string", Value: "mod_spandsp.PCMA@8000h@20i@64000b,CORE_PCM_MODULE.PCMU@8000h@20i@64000b"},
		{Name: "sip_local_network_addr", Value: host},
		{Name: "sip_network_ip", Value: host},
		{Name: "sip_network_port", Value: "5060"},
		{Name: "sip_invite_stamp", Value: stamp(c.created)},
		{Name: "sip_received_ip", Value: host},
		{Name: "sip_received_port", Value: "5060"},
		{Name: "sip_via_protocol", Value: "udp"},
		{Name: "sip_from_user_stripped", Value: c.callerID},
		{Name: "sip_from_tag", Value: "tag-" + c.uuid},
		{Name: "sofia_profile_name", Value: "internal"},
		{Name: "sofia_profile_url", Value: "sip:mod_sofia@" + host + ":5060"},
		{Name: "recovery_profile_name", Value: "internal"},
		{Name: "sip_req_user", Value: c.dialled},
		{Name: "sip_req_uri", Value: c.dialled + "@" + host},
		{Name: "sip_req_host", Value: host},
		{Name: "sip_to_user", Value: c.dialled},
		{Name: "sip_to_uri", Value: c.dialled + "@" + host},
		{Name: "sip_to_host", Value: host},
		{Name: "sip_contact_user", Value: c.callerID},
		{Name: "sip_contact_uri", Value: c.callerID + "@" + host + ":5060"},
		{Name: "sip_contact_host", Value: host},
		{Name: "sip_user_agent", Value: "sim phone 1.0"},
		{Name: "sip_via_host", Value: host},
		{Name: "sip_via_port", Value: "5060"},
		{Name: "max_forwards", Value: "70"},
		{Name: "sip_call_id", Value: c.uuid + "@" + host},
		{
			Name: "switch_r_sdp",
			Value: "v=0\r\no=- 1 1 IN IP4 " + host + "\r\ns=-\r\nc=IN IP4 " + host +
				"\r\nm=audio 4000 RTP/AVP 8 0 101\r\n",
		},
		{Name: "endpoint_disposition", Value: "DELAYED NEGOTIATION"},
		{Name: "call_uuid", Value: c.uuid},
		{Name: "user_name", Value: user},
	} {
		c.setVarLocked(v.Name, v.Value)
	}
}
