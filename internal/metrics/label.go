package metrics

import (
	"strconv"
	"unicode/utf8"
)

// label makes a label's value of any text that an operator or a database gave a group or a switch.
// Prometheus takes all of Unicode, and refuses a whole scrape for one byte that is not; such a text
// is shown as Go would quote it.
func label(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strconv.Quote(text)
}
