package esl

import "strings"

// Reply is FreeSWITCH's answer to one command.
type Reply struct{ frame *Event }

// Event returns the whole frame. The reply to `connect` has the channel in it.
func (r Reply) Event() *Event { return r.frame }

// OK reports whether FreeSWITCH accepted the command: any reply but -ERR and -USAGE.
func (r Reply) OK() bool {
	text := r.Text()
	return !strings.HasPrefix(text, "-ERR") && !strings.HasPrefix(text, "-USAGE")
}

// Text returns Reply-Text. For an api command it returns the output without the last newline.
func (r Reply) Text() string {
	if r.frame == nil {
		return ""
	}
	if r.frame.Raw("Content-Type") == ContentAPI {
		return strings.TrimSuffix(r.frame.Body(), "\n")
	}
	text := r.frame.Raw("Reply-Text")
	if strings.HasPrefix(text, "%2B") { // only the reply to `connect` has encoded headers: %2BOK%0A
		text = strings.TrimSpace(unescape(text))
	}
	return text
}
