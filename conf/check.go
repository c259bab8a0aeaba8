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
	"time"
	_ "time/tzdata" // so that every zone is known, whatever the machine has
	"unicode"

	"nwayacd/internal/prompt"
)

// check returns what is wrong with a text, or nil. It also gets secrets: isDSN, isPassword and
// isToken never quote their text.
type check func(string) error

// RecordPlaceholders are the placeholders of record-path:
//   - the caller's uuid, the group, and the agent's extension,
//   - the uuid of the agent's channel, and the caller's number,
//   - the local day and time when the talk began.
//
// The number comes from outside, so whatever fills in the template must remove "/" and ".." from
// it.
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
		return errors.New(`is empty; it must be a directory, such as "data"`)
	}
	return nil
}

// isPlain refuses control characters, because a line end would begin a new line of the Event Socket
// protocol.
func isPlain(s string) error {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return errors.New("has a control character, such as a line end or a tab; it must be one plain line")
	}
	return nil
}

// isLiteral refuses variables of FreeSWITCH. Prompts in the database follow the same rule, because
// other programs can write to it, and an expansion can run programs.
func isLiteral(s string) error {
	if strings.Contains(s, "${") {
		return errors.New("has ${, but FreeSWITCH variables are not expanded in prompts; write the whole path")
	}
	return nil
}

// isScheme accepts the name of a scheme, as it stands before "://".
func isScheme(s string) error {
	if prompt.IsScheme(s) {
		return nil
	}
	return fmt.Errorf("%q is not the name of a scheme, such as local_stream", s)
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
		return errors.New("is empty; it must be a file or a stream, and silence is silence_stream://-1")
	}
	return nil
}

// isChained refuses "!", because the job number is played as one file_string, and "!" divides its
// parts.
func isChained(s string) error {
	if strings.Contains(s, "!") {
		return errors.New(`has a "!", which separates the parts of a job number; rename the file`)
	}
	return nil
}

// isCarried refuses "}", which FreeSWITCH cannot carry in a channel variable of an originate,
// escaped or not.
func isCarried(s string) error {
	if strings.Contains(s, "}") {
		return errors.New(`has a "}", which FreeSWITCH cannot carry in a channel variable`)
	}
	return nil
}

var codecList = regexp.MustCompile(`^[\w.@-]+(,[\w.@-]+)*$`)

func isCodecs(s string) error {
	if !codecList.MatchString(s) {
		return fmt.Errorf("%q is not a list of codecs; an example is PCMA,H264, without spaces", s)
	}
	return nil
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func isName(s string) error {
	if !plainName.MatchString(s) {
		return fmt.Errorf("%q is not a name; it must be 1 to 64 letters, digits, dots, dashes or underscores", s)
	}
	return nil
}

func isIP(s string) error {
	if _, err := netip.ParseAddr(s); err != nil {
		return fmt.Errorf("%q is not an IP address; an example is 10.0.0.21", s)
	}
	return nil
}

// isZone accepts the name of a time zone.
func isZone(s string) error {
	if _, err := time.LoadLocation(s); err != nil || s == "Local" {
		return fmt.Errorf("is %q; it must be a time zone such as Europe/Berlin, Asia/Shanghai, UTC", s)
	}
	return nil
}

func isOneOf(choices ...string) check {
	return func(s string) error {
		if slices.Contains(choices, s) {
			return nil
		}
		return fmt.Errorf("is %q; it must be one of %s%s", s, strings.Join(choices, ", "), didYouMean(s, choices))
	}
}

// isCommand accepts the name of a command. internal/app knows which there are.
func isCommand(s string) error {
	if isPlainWord(s) && strings.HasPrefix(s, "nway") {
		return nil
	}
	return fmt.Errorf("%q is not the name of a command, such as nway_ready", s)
}

var gatewayName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// isGateway accepts what nway_threeway and nwaycallout take as a gateway.
func isGateway(s string) error {
	if !gatewayName.MatchString(s) {
		return fmt.Errorf("%q is not a gateway; it must be 1 to 64 letters, digits, dots, dashes or underscores", s)
	}
	return nil
}

func isPlainWord(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })
}

func isListen(s string) error {
	_, _, err := splitAddress(s, "127.0.0.1:8084")
	return err
}

// isDialable is stricter than isListen: it accepts only one host and one port to which a client can
// connect.
func isDialable(s string) error {
	const example = "127.0.0.1:8021"
	host, port, err := splitAddress(s, example)
	if err != nil {
		return err
	}
	if ip, err := netip.ParseAddr(host); host == "" || port == 0 || err == nil && ip.IsUnspecified() {
		return fmt.Errorf("%q cannot be dialled; it must be one host and its port, such as %s", s, example)
	}
	return nil
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_.])?$`)

func splitAddress(s, example string) (host string, port int, err error) {
	host, portText, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, fmt.Errorf("%q is not host:port; an example is %s", s, example)
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" && !hostName.MatchString(host) {
		return "", 0, fmt.Errorf("%q has no valid host; an example is %s", s, example)
	}
	port, err = strconv.Atoi(portText)
	if err != nil || port < 0 || port > 65535 {
		return "", 0,
			fmt.Errorf("%q has no valid port; the port must be a number from 0 to 65535, such as %s", s, example)
	}
	return host, port, nil
}

// isDial is isTemplate with every placeholder required. It refuses spaces, because a space ends a
// word of the originate command.
func isDial(placeholders ...string) check {
	template := isTemplate(placeholders, placeholders...)
	return func(s string) error {
		if strings.ContainsFunc(s, unicode.IsSpace) {
			return fmt.Errorf("%q has a space, which would end the dial string", s)
		}
		return template(s)
	}
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}|[{}]`)

// isTemplate accepts only the known placeholders in braces, and requires the needed ones.
func isTemplate(known []string, needed ...string) check {
	return func(s string) error {
		found := placeholder.FindAllString(s, -1)
		for _, p := range found {
			if !slices.Contains(known, p) {
				return fmt.Errorf("%q is not a placeholder of this key, which has %s%s", p, strings.Join(known, " "),
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

// isDSN checks only that the text looks like a libpq string. The driver checks the rest when it
// connects.
func isDSN(s string) error {
	if err := isPlain(s); err != nil {
		return err
	}
	if s == "" || strings.Contains(s, "=") || strings.HasPrefix(s, "postgres://") ||
		strings.HasPrefix(s, "postgresql://") {
		return nil
	}
	return errors.New(
		"is not in libpq form; an example is: host=127.0.0.1 port=5432 dbname=nwaycc user=nwayacd password=... " +
			"sslmode=disable")
}

func isPassword(s string) error {
	if strings.TrimSpace(s) != s {
		return errors.New("begins or ends with a space, which the auth command drops")
	}
	return isPlain(s)
}

func isFirstAdmin(s string) error {
	name, hash, found := strings.Cut(s, ":")
	if !found || name == "" || !strings.HasPrefix(hash, "$argon2id$") {
		return errors.New("is not NAME:HASH with a hash of argon2id, as nwayacd init writes it")
	}
	return nil
}

func isToken(s string) error {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("has a space or a character outside ASCII, which an HTTP header cannot carry")
	}
	return nil
}
