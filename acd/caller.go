package acd

import (
	"slices"
	"strings"

	"nwayacd/esl"
)

// What an agent's telephone shows of the caller, and which variables of the dialplan go to the leg.

// exportVariable is a variable of the caller's channel. It lists the variables that the agents'
// legs get, separated by commas.
const exportVariable = "nwayacd_export"

// Bounds of what is exported. FreeSWITCH reads an originate byte by byte, so it must stay short.
const (
	mostExports = 20
	exportName  = 64  // bytes
	exportValue = 256 // the same
)

// nameRoom is how many bytes of a caller's name are kept.
const nameRoom = 128

// knownName returns the caller's name. It returns "" if the network says that the name is unknown,
// or if the name is the number again. FreeSWITCH sets the number as the name of a caller without
// one.
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

// shownName returns the name that the agent's telephone shows beside the number: the group's prefix
// and the caller's name. For a caller without a name it returns only the prefix, because the
// telephone would otherwise show the number twice.
func (c *call) shownName() string {
	g, _ := c.server.Dispatcher.group(c.group)
	return quotable(g.CallerPrefix + c.who().name)
}

// quotable removes from a text what cannot be inside quotes in a SIP header.
func quotable(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`"<>;`, r) {
			return -1
		}
		return r
	}, esl.Clean(text))
}

// exportsOf returns the variables that nwayacd_export of the caller's channel lists, with their
// present values.
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

// mayExport reports whether a leg may get a variable of that name from a dialplan. The name must be
// plain, and neither nwayacd nor FreeSWITCH may act on it. Of SIP's headers only those may be set
// that inform.
func mayExport(name string) bool {
	if name == "" || len(name) > exportName || strings.ContainsFunc(name, notInName) {
		return false
	}
	lower := strings.ToLower(name)
	if header, isHeader := strings.CutPrefix(lower, "sip_h_"); isHeader {
		return strings.HasPrefix(header, "x-") || strings.HasPrefix(header, "p-") ||
			slices.Contains(plainHeaders, header)
	}
	return !slices.ContainsFunc(acting, func(prefix string) bool { return strings.HasPrefix(lower, prefix) })
}

func notInName(r rune) bool {
	return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// plainHeaders are SIP headers that inform a telephone and make it do nothing that matters here.
var plainHeaders = []string{"alert-info", "subject", "priority", "user-to-user", "organization"}

// acting are the beginnings of the names of variables on which FreeSWITCH acts, or that are
// nwayacd's. A dialplan's own variables begin with none of them.
var acting = []string{
	"absolute_", "api_", "app_", "bind_", "bridge_", "bypass_", "call_", "caller_", "campon", "cc_", "channel_",
	"codec_", "continue_", "current_", "destination_", "dialed_", "direct", "disable_", "dtmf", "early_",
	"effective_", "enable_", "endpoint_", "enterprise_", "exec", "export", "fail_", "fax_", "fifo_", "force_",
	"fork", "fs_", "group_confirm", "hangup_", "hold_", "ignore_", "inherit", "inline_", "instant_", "intercept",
	"jitter", "jb_", "last_", "leg_", "limit_", "local_", "loopback_", "max_", "media_", "monitor_", "nolocal",
	"nway", "origin", "outbound_", "park", "pass_", "pickup", "playback_", "presence_", "process_", "progress_",
	"proxy_", "read_", "record_", "recovery_", "remote_", "resume_", "ring", "rtcp_", "rtp_", "sched_", "sdp_",
	"secure_", "send_", "session_", "signal_", "sip_", "socket_", "soft_", "srtp_", "suppress_", "switch_", "t38",
	"t43", "timer_", "total_", "transfer_", "uuid", "verbose_", "verto_", "video_", "webrtc_", "write_", "zrtp_",
}
