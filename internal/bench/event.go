package bench

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The events are as large as a real FreeSWITCH's, some 100 headers, because reading them is a good
// part of a server's work. Only what differs between channels is filled in.

// channelText describes a channel. {number} is the caller's.
const channelText = `Channel-State: CS_EXECUTE
Channel-Call-State: ACTIVE
Channel-State-Number: 4
Channel-Name: {name}
Unique-ID: {uuid}
Call-Direction: {direction}
Presence-Call-Direction: {direction}
Channel-HIT-Dialplan: true
Channel-Call-UUID: {uuid}
Answer-State: ringing
Channel-Read-Codec-Name: PCMA
Channel-Read-Codec-Rate: 8000
Channel-Read-Codec-Bit-Rate: 64000
Channel-Write-Codec-Name: PCMA
Channel-Write-Codec-Rate: 8000
Channel-Write-Codec-Bit-Rate: 64000
Caller-Direction: {direction}
Caller-Logical-Direction: {direction}
Caller-Dialplan: XML
Caller-Caller-ID-Name: {number}
Caller-Caller-ID-Number: {number}
Caller-Orig-Caller-ID-Name: {number}
Caller-Orig-Caller-ID-Number: {number}
Caller-Network-Addr: 127.0.0.1
Caller-ANI: {number}
Caller-Destination-Number: {dialled}
Caller-Unique-ID: {uuid}
Caller-Source: mod_sofia
Caller-Context: default
Caller-Channel-Name: {name}
Caller-Profile-Index: 1
Caller-Profile-Created-Time: {created}
Caller-Channel-Created-Time: {created}
Caller-Channel-Answered-Time: 0
Caller-Channel-Progress-Time: 0
Caller-Channel-Progress-Media-Time: 0
Caller-Channel-Hangup-Time: 0
Caller-Channel-Transfer-Time: 0
Caller-Channel-Resurrect-Time: 0
Caller-Channel-Bridged-Time: 0
Caller-Channel-Last-Hold: 0
Caller-Channel-Hold-Accum: 0
Caller-Screen-Bit: true
Caller-Privacy-Hide-Name: false
Caller-Privacy-Hide-Number: false
variable_direction: {direction}
variable_uuid: {uuid}
variable_session_id: 4711
variable_sip_from_user: {number}
variable_sip_from_uri: {number}%40127.0.0.1
variable_sip_from_host: 127.0.0.1
variable_video_media_flow: inactive
variable_text_media_flow: inactive
variable_channel_name: {name}
variable_ep_codec_string: mod_spandsp.PCMA%408000h%4020i%4064000b,CORE_PCM_MODULE.PCMU%408000h%4020i%4064000b
variable_sip_local_network_addr: 127.0.0.1
variable_sip_network_ip: 127.0.0.1
variable_sip_network_port: 5060
variable_sip_invite_stamp: {created}
variable_sip_received_ip: 127.0.0.1
variable_sip_received_port: 5060
variable_sip_via_protocol: udp
variable_sip_from_user_stripped: {number}
variable_sip_from_tag: tag-{uuid}
variable_sofia_profile_name: internal
variable_sofia_profile_url: sip%3Amod_sofia%40127.0.0.1%3A5060
variable_recovery_profile_name: internal
variable_sip_req_user: {dialled}
variable_sip_req_uri: {dialled}%40127.0.0.1
variable_sip_req_host: 127.0.0.1
variable_sip_to_user: {dialled}
variable_sip_to_uri: {dialled}%40127.0.0.1
variable_sip_to_host: 127.0.0.1
variable_sip_contact_user: {number}
variable_sip_contact_uri: {number}%40127.0.0.1%3A5060
variable_sip_contact_host: 127.0.0.1
variable_sip_user_agent: bench%20phone%201.0
variable_sip_via_host: 127.0.0.1
variable_sip_via_port: 5060
variable_max_forwards: 70
variable_sip_call_id: {uuid}%40127.0.0.1
variable_switch_r_sdp: v%3D0%0D%0Ao%3D-%201%201%20IN%20IP4%20127.0.0.1%0D%0As%3D-%0D%0Ac%3DIN%20IP4%20127.0.0.1%0D%0Am%3Daudio%204000%20RTP/AVP%208%200%20101%0D%0A
variable_endpoint_disposition: DELAYED%20NEGOTIATION
variable_call_uuid: {uuid}
variable_socket_resume: true
variable_socket_path: nwayacd/{dialled}
variable_socket_host: 127.0.0.1
variable_{kind}: {dialled}
`

const stampText = `Core-UUID: ` + coreUUID + `
FreeSWITCH-Hostname: bench
FreeSWITCH-Switchname: bench
FreeSWITCH-IPv4: 127.0.0.1
FreeSWITCH-IPv6: %3A%3A1
Event-Date-Local: 2026-01-01%2012%3A00%3A00
Event-Date-GMT: Thu,%2001%20Jan%202026%2012%3A00%3A00%20GMT
Event-Calling-File: switch_channel.c
Event-Calling-Function: switch_channel_perform_event
Event-Calling-Line-Number: 1000
`

const coreUUID = "bbbbbbbb-0000-4000-8000-bbbbbbbbbbbb"

// channel has what each event of a channel says about it.
type channel struct {
	uuid  string
	text  string
	count *atomic.Uint64 // of the switch's events
}

func newChannel(count *atomic.Uint64, uuid, number, dialled, name string, outbound bool) channel {
	direction, kind := "inbound", "called"
	if outbound {
		direction, kind = "outbound", "dialed_user"
	}
	fill := strings.NewReplacer("{uuid}", uuid, "{number}", number, "{dialled}", dialled, "{name}", name, "{direction}",
		direction,
		"{kind}", kind, "{created}", strconv.FormatInt(time.Now().UnixMicro(), 10))
	return channel{uuid: uuid, text: fill.Replace(channelText), count: count}
}

// event appends an event of the channel; more are further header lines.
func (c channel) event(dst []byte, name, more string) []byte {
	return appendEvent(dst, c.count.Add(1), name, c.text, more, "")
}

// dump is the output of uuid_dump. more are further header lines.
func (c channel) dump(more string) string {
	return "Event-Name: CHANNEL_DATA\n" + stampText + c.text + more + "\n"
}

// connected appends the reply to the command `connect`: the whole channel.
func (c channel) connected(dst []byte) []byte {
	dst = append(dst, "Event-Name: CHANNEL_DATA\n"+stampText...)
	dst = append(dst, c.text...)
	return append(dst, "Content-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: async\nControl: full\n\n"...)
}

// jobDone appends the result of a background job of the channel.
func (c channel) jobDone(dst []byte, job, answer string) []byte {
	return appendEvent(dst, c.count.Add(1), "BACKGROUND_JOB", "",
		"Job-UUID: "+job+"\nJob-Command: originate\nJob-Owner-UUID: "+c.uuid+"\n", answer)
}

var bodies = sync.Pool{New: func() any { return new([]byte) }}

func appendEvent(dst []byte, sequence uint64, name, text, more, body string) []byte {
	buffer := bodies.Get().(*[]byte)
	defer bodies.Put(buffer)
	inner := append((*buffer)[:0], "Event-Name: "...)
	inner = append(inner, name...)
	inner = append(inner, "\n"+stampText+"Event-Date-Timestamp: "...)
	inner = strconv.AppendInt(inner, time.Now().UnixMicro(), 10)
	inner = append(inner, "\nEvent-Sequence: "...)
	inner = strconv.AppendUint(inner, sequence, 10)
	inner = append(inner, '\n')
	inner = append(inner, text...)
	inner = append(inner, more...)
	if body != "" {
		inner = append(inner, "Content-Length: "...)
		inner = strconv.AppendInt(inner, int64(len(body)), 10)
		inner = append(inner, '\n')
	}
	inner = append(inner, '\n')
	inner = append(inner, body...)
	*buffer = inner
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(inner)), 10)
	dst = append(dst, "\nContent-Type: text/event-plain\n\n"...)
	return append(dst, inner...)
}
