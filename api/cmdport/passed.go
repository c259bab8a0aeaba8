package cmdport

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nwayacd/api"
	"nwayacd/esl"
	"nwayacd/internal/auth"
)

// passedOnly are requests that change nothing but what the client itself gets.
var passedOnly = []string{
	"event", "nixevent", "noevents", "filter", "myevents", "divert_events", "log", "nolog", "linger", "nolinger",
}

// looks are commands of FreeSWITCH that programs repeat to watch it, and that show no secret.
var looks = []string{
	"status", "show", "version", "uptime", "hostname", "switchname", "uuid_exists", "module_exists",
	"console_complete", "console_complete_xml", "strepoch", "help",
}

var (
	isWord = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`).MatchString
	isUUID = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`).MatchString
)

// passedOrder returns what the audit log has of a request that goes to FreeSWITCH, or nil if the
// request only looks. Any argument of FreeSWITCH may be a secret, and no table says which. So the
// entry has only the name of the command, the channel, and how long the rest is.
func passedOrder(r *esl.Request) *auth.Order {
	verb, rest, _ := strings.Cut(strings.TrimSpace(r.Line), " ")
	verb = strings.ToLower(verb)
	if slices.Contains(passedOnly, verb) {
		return nil
	}
	words := strings.Fields(rest)
	o := &auth.Order{Action: auth.OpPassThrough, Detail: map[string]string{"request": nameOrMask(verb)}}
	switch verb {
	case "api", "bgapi":
		if len(words) == 0 {
			return nil // FreeSWITCH refuses it
		}
		command := strings.ToLower(words[0])
		if slices.Contains(looks, command) {
			return nil
		}
		o.Object, words = nameOrMask(command), words[1:]
	case "sendmsg":
		o.Object = nameOrMask(strings.ToLower(r.Get("execute-app-name")))
	case "sendevent":
		o.Object, words = nameOrMask(strings.ToLower(rest)), nil
	}
	if len(words) > 0 && isUUID(words[0]) {
		o.Detail["uuid"], words = words[0], words[1:]
	}
	if hidden := len(strings.Join(words, " ")) + len(r.Body()); hidden > 0 {
		o.Detail["hidden"] = strconv.Itoa(hidden) + " bytes"
	}
	return o
}

// nameOrMask returns the word if it can be the name of a command.
func nameOrMask(word string) string {
	if word == "" || isWord(word) {
		return word
	}
	return auth.Masked
}

// errPassed is why a request that went to FreeSWITCH has failed. FreeSWITCH's words are not in it,
// because they may repeat the request.
var errPassed = fmt.Errorf("%wFreeSWITCH's answer is -ERR or -USAGE", api.ErrFailed)

// refusedThere returns errPassed if the frame is the answer to a request that FreeSWITCH refuses.
func refusedThere(f *esl.Event) error {
	text := f.Raw("Reply-Text")
	if f.Raw("Content-Type") == esl.ContentAPI {
		text = f.Body()
	}
	if strings.HasPrefix(text, "-ERR") || strings.HasPrefix(text, "-USAGE") {
		return errPassed
	}
	return nil
}
