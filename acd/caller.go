package acd

import (
	"slices"
	"strings"

	"nwayacd/esl"
)

// What an agent's telephone is shown of the caller, and what the dialplan sends along.

// exportVariable of the caller's channel lists variables for the agents' legs, separated by commas.
const exportVariable = "nwayacd_export"

// Bounds of what is exported: FreeSWITCH reads an originate byte by byte.
const (
	mostExports = 20
	exportName  = 64  // bytes
	exportValue = 256 // the same
)

// nameRoom bounds what is kept of a caller's name, in bytes.
const nameRoom = 128

// knownName is the caller's name. It is "" if the network says that there is none to know, or if it
// is the number again, which FreeSWITCH takes for the name of a caller without one.
func knownName(name, number string) string {
	name = quotable(name)
	if len(name) > nameRoom {
		name = strings.ToValidUTF8(name[:nameRoom], "")
	}
	if name == number || strings.TrimPrefix(name, "+") == strings.TrimPrefix(number, "+") || knownNumber(name) == "" {
		return ""
	}
	return strings.TrimSpace(name)
}

// shownName is the name that the agent's telephone shows beside the number: the group's prefix and
// the caller's name. A caller without a name has only the prefix, or nothing at all: the number
// would be shown twice.
func (c *call) shownName() string {
	g, _ := c.server.Dispatcher.group(c.group)
	return quotable(g.CallerPrefix + c.who.name)
}

// quotable leaves of a text what can stand in quotes, in a header of SIP.
func quotable(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`"<>;`, r) {
			return -1
		}
		return r
	}, esl.Clean(text))
}

// exportsOf reads the list of nwayacd_export off the caller's channel, and the values as they are
// now.
func exportsOf(channel *esl.Event) (exported []esl.Header) {
	for name := range strings.SplitSeq(channel.Get("variable_"+exportVariable), ",") {
		name = strings.TrimSpace(name)
		value := channel.Get("variable_" + name)
		if value == "" || !mayExport(name) {
			continue
		}
		if len(exported) == mostExports {
			break
		}
		if len(value) > exportValue {
			value = strings.ToValidUTF8(value[:exportValue], "")
		}
		exported = append(exported, esl.Header{Name: strings.Clone(name), Value: strings.Clone(value)})
	}
	return exported
}

// mayExport reports whether a leg may get a variable of that name from a dialplan: a plain name
// that neither we nor FreeSWITCH act on. Of SIP's headers it may have those that only inform.
func mayExport(name string) bool {
	if name == "" || len(name) > exportName || strings.ContainsFunc(name, notInName) {
		return false
	}
	lower := strings.ToLower(name)
	if header, isHeader := strings.CutPrefix(lower, "sip_h_"); isHeader {
		return strings.HasPrefix(header, "x-") || strings.HasPrefix(header, "p-") || slices.Contains(plainHeaders, header)
	}
	return !slices.ContainsFunc(acting, func(prefix string) bool { return strings.HasPrefix(lower, prefix) })
}

func notInName(r rune) bool {
	return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// plainHeaders are headers of SIP that tell a telephone something and order nothing that matters
// here.
var plainHeaders = []string{"alert-info", "subject", "priority", "user-to-user", "organization"}

// acting are how the names of variables begin that FreeSWITCH acts on, or that are ours. What a
// dialplan calls its own variables begins with none of them.
var acting = []string{
	"absolute_", "api_", "app_", "bind_", "bridge_", "bypass_", "call_", "caller_", "campon", "cc_", "channel_", "codec_", "continue_",
	"current_", "destination_", "dialed_", "direct", "disable_", "dtmf", "early_", "effective_", "enable_", "endpoint_", "enterprise_",
	"exec", "export", "fail_", "fax_", "fifo_", "force_", "fork", "fs_", "group_confirm", "hangup_", "hold_", "ignore_", "inherit",
	"inline_", "instant_", "intercept", "jitter", "jb_", "last_", "leg_", "limit_", "local_", "loopback_", "max_", "media_", "monitor_",
	"nolocal", "nway", "origin", "outbound_", "park", "pass_", "pickup", "playback_", "presence_", "process_", "progress_", "proxy_",
	"read_", "record_", "recovery_", "remote_", "resume_", "ring", "rtcp_", "rtp_", "sched_", "sdp_", "secure_", "send_", "session_",
	"signal_", "sip_", "socket_", "soft_", "srtp_", "suppress_", "switch_", "t38", "t43", "timer_", "total_", "transfer_", "uuid",
	"verbose_", "verto_", "video_", "webrtc_", "write_", "zrtp_",
}
