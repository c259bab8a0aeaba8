package conf

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// check says what is wrong with a text; nil: nothing. It sees secrets too: see isDSN, isPassword
// and isToken, which never quote what they were given.
type check func(string) error

// RecordPlaceholders are what record-path may hold: the caller's uuid, the group, the agent's
// extension, the uuid of the agent's channel, the caller's number, and the local day and time the
// talk began. The number comes from outside: whoever fills the template in cleans it of "/" and
// "..".
var RecordPlaceholders = []string{"{uuid}", "{group}", "{ext}", "{offer}", "{caller}", "{date}", "{time}"}

func orEmpty(c check) check {
	return func(s string) error {
		if s == "" {
			return nil
		}
		return c(s)
	}
}

func isDirectory(s string) error {
	if s == "" {
		return errors.New(`is empty, must be a directory, such as "data"`)
	}
	return nil
}

// isPlain refuses what would end a line of the Event Socket protocol and start another.
func isPlain(s string) error {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return errors.New("has a control character (line end, tab or the like), must be one plain line")
	}
	return nil
}

// isLiteral: what a file says is played is played, as for prompts in the database, which others may
// write to.
func isLiteral(s string) error {
	if strings.Contains(s, "${") {
		return errors.New("has ${, but variables of FreeSWITCH are not expanded in prompts; write the path in full")
	}
	return nil
}

// isUnspaced refuses what FreeSWITCH would take apart: the value is one argument of several.
func isUnspaced(s string) error {
	if strings.ContainsFunc(s, unicode.IsSpace) {
		return fmt.Errorf("%q has a blank, at which FreeSWITCH takes it apart", s)
	}
	return nil
}

func isHoldMusic(s string) error {
	if s == "" {
		return errors.New("is empty, must be a file or stream; silence is silence_stream://-1")
	}
	return nil
}

// isChained: the job number is played as one file_string, whose parts are divided by "!".
func isChained(s string) error {
	if strings.Contains(s, "!") {
		return errors.New(`has a "!", which divides the parts of a job number; rename the file`)
	}
	return nil
}

// isCarried: FreeSWITCH cannot carry "}" in a channel variable of an originate, escaped or not.
func isCarried(s string) error {
	if strings.Contains(s, "}") {
		return errors.New(`has a "}", which FreeSWITCH cannot carry in a channel variable`)
	}
	return nil
}

var codecList = regexp.MustCompile(`^[\w.@-]+(,[\w.@-]+)*$`)

func isCodecs(s string) error {
	if !codecList.MatchString(s) {
		return fmt.Errorf("%q is no list of codecs, must be such as PCMA,H264 without blanks", s)
	}
	return nil
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func isName(s string) error {
	if !plainName.MatchString(s) {
		return fmt.Errorf("%q is no name, must be 1 to 64 letters, digits, dots, dashes or underscores", s)
	}
	return nil
}

func isIP(s string) error {
	if _, err := netip.ParseAddr(s); err != nil {
		return fmt.Errorf("%q is no IP address, must be such as 10.0.0.21", s)
	}
	return nil
}

func isOneOf(choices ...string) check {
	return func(s string) error {
		if slices.Contains(choices, s) {
			return nil
		}
		return fmt.Errorf("is %q, must be one of %s%s", s, strings.Join(choices, ", "), didYouMean(s, choices))
	}
}

// isCommand accepts the name of a command. internal/app knows which there are.
func isCommand(s string) error {
	if isPlainWord(s) && strings.HasPrefix(s, "nway") {
		return nil
	}
	return fmt.Errorf("%q is not the name of a command, such as nway_ready", s)
}

func isPlainWord(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
}

func isListen(s string) error {
	_, _, err := splitAddress(s, "127.0.0.1:8084")
	return err
}

// isDialable asks for more than isListen: one host and one port that somebody can connect to.
func isDialable(s string) error {
	const example = "127.0.0.1:8021"
	host, port, err := splitAddress(s, example)
	if err != nil {
		return err
	}
	if ip, err := netip.ParseAddr(host); host == "" || port == 0 || err == nil && ip.IsUnspecified() {
		return fmt.Errorf("%q cannot be dialled, must be one host and its port, such as %s", s, example)
	}
	return nil
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?$`)

func splitAddress(s, example string) (host string, port int, err error) {
	host, portText, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, fmt.Errorf("%q is not host:port, must be such as %s", s, example)
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" && !hostName.MatchString(host) {
		return "", 0, fmt.Errorf("%q has no valid host, must be such as %s", s, example)
	}
	port, err = strconv.Atoi(portText)
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("%q has no valid port, must be a number from 0 to 65535, such as %s", s, example)
	}
	return host, port, nil
}

// isDial is isTemplate with every placeholder needed, and without what would end a word of the
// originate command.
func isDial(placeholders ...string) check {
	template := isTemplate(placeholders, placeholders...)
	return func(s string) error {
		if strings.ContainsFunc(s, unicode.IsSpace) {
			return fmt.Errorf("%q has a blank, which ends a dial string", s)
		}
		return template(s)
	}
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}|[{}]`)

// isTemplate lets only the known placeholders stand in braces, and asks for the needed ones.
func isTemplate(known []string, needed ...string) check {
	return func(s string) error {
		found := placeholder.FindAllString(s, -1)
		for _, p := range found {
			if !slices.Contains(known, p) {
				return fmt.Errorf("%q is no placeholder here, must be %s%s", p, strings.Join(known, " "),
					didYouMean(p, known))
			}
		}
		for _, p := range needed {
			if !slices.Contains(found, p) {
				return fmt.Errorf("%q lacks the placeholder %s", s, p)
			}
		}
		return nil
	}
}

// isDSN only tells a libpq string from something else: the driver knows the rest, and says it when
// it connects.
func isDSN(s string) error {
	if err := isPlain(s); err != nil {
		return err
	}
	if s == "" || strings.Contains(s, "=") || strings.HasPrefix(s, "postgres://") ||
		strings.HasPrefix(s, "postgresql://") {
		return nil
	}
	return errors.New(
		"is not in libpq form, must be such as: host=127.0.0.1 port=5432 dbname=nwaycc user=nwayacd password=... " +
			"sslmode=disable")
}

func isPassword(s string) error {
	if strings.TrimSpace(s) != s {
		return errors.New("begins or ends with a blank, which the auth command loses")
	}
	return isPlain(s)
}

func isToken(s string) error {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("has a blank or a character outside ASCII, which an HTTP header cannot carry")
	}
	return nil
}
