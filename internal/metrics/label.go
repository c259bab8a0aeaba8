package metrics

import (
	"strconv"
	"unicode/utf8"
)

// label returns a valid label value for a text that an operator or a database gave a group or a
// switch. Prometheus accepts all of Unicode, but refuses a whole scrape for one byte that is not
// UTF-8. Such a text is shown as Go would quote it.
func label(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strconv.Quote(text)
}
