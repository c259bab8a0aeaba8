package api

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"nwayacd/queue"
)

// Argument is one word of a command's syntax, with the rule for the values that it stands for.
type Argument struct {
	Word string // in the syntax, such as EXT
	Name string // in a refusal, such as extension
	Rule string // which values are allowed; "" if the word itself must be typed, such as json
	fits func(string) bool
}

// keep is the argument that leaves a prompt as it is.
const keep = "-"

// The Words of the arguments that no refusal repeats.
const (
	secret     = "PASSWORD"
	secretHash = "HASH"
)

// The first arguments of the commands about users and tokens.
const (
	userActionWord  = "list|add|change|password|disable|enable|remove"
	tokenActionWord = "list|add|disable|enable|remove"
)

// isSecret reports whether the argument must not be shown.
func (a *Argument) isSecret() bool { return a.Word == secret || a.Word == secretHash }

// The words that say what a reason is.
const (
	paid, unpaid     = "paid", "unpaid"
	active, inactive = "active", "inactive"
)

const (
	codeRule   = "1 to 20 letters, digits or _- are allowed"
	numberRule = "1 to 32 letters, digits or _.+*#- are allowed"
	fileRule   = "at most 255 characters without ${ are allowed; " + keep + " keeps the prompt, '' removes it"
)

var (
	isNumber    = addressable(regexp.MustCompile(`^[0-9A-Za-z_.+*#-]{1,32}$`))
	isNumbers   = regexp.MustCompile(`^[0-9A-Za-z_.+*#-]{1,32}(,[0-9A-Za-z_.+*#-]{1,32})*$`).MatchString
	isJobNumber = regexp.MustCompile(`^[0-9A-Za-z_.+*#-]{0,40}$`).MatchString
	isUUID      = regexp.MustCompile(`^[0-9A-Za-z_.@:+-]{1,` + strconv.Itoa(queue.MaxUUID) + `}$`).MatchString
	isPhone     = regexp.MustCompile(`^[0-9A-Za-z_.+*#-]{1,64}$`).MatchString
	isGateway   = regexp.MustCompile(`^[0-9A-Za-z_.-]{1,64}$`).MatchString
	isMode      = regexp.MustCompile(`^[0-5]$`).MatchString
	isName      = addressable(regexp.MustCompile(`^[a-z0-9._@-]{1,64}$`))
	isRole      = regexp.MustCompile(`^(-|wall|read|agent|supervisor|admin|metrics|directory)$`).MatchString
	isDays      = regexp.MustCompile(`^(-|[0-9]{1,3}|[1-3][0-9]{3})$`).MatchString
	isHash      = regexp.MustCompile(`^[!-~]{1,200}$`).MatchString
	isCode      = regexp.MustCompile(`^[0-9A-Za-z_-]{1,20}$`).MatchString
	isKey       = regexp.MustCompile(`^[a-z_]{1,40}$`).MatchString
	isPosition  = regexp.MustCompile(`^[0-9]{1,4}$`).MatchString
	isSeconds   = regexp.MustCompile(`^([1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|3600)$`).MatchString
	isPassword  = regexp.MustCompile(`^[!-~]{1,64}$`).MatchString
)

// Arguments has every word of every syntax.
var Arguments = []Argument{
	{"UUID", "uuid", "1 to 100 letters, digits or _.@:+- are allowed", isUUID},
	{"EXT", "extension", numberRule, isNumber},
	{"GROUP", "group", numberRule, isNumber},
	{"GROUP[,GROUP…]", "groups", "one or more groups with commas between them; for each, " + numberRule, isNumbers},
	{"MODE", "mode", "it must be a digit from 0 to 5", isMode},
	{secret, "password", "1 to 64 visible ASCII characters are allowed", isPassword},
	{"JOB-NUMBER", "job number", "at most 40 letters, digits or _.+*#- are allowed; '' removes it", isJobNumber},
	{"WELCOME", "welcome prompt", fileRule, isFile},
	{"BLACKLIST", "blacklist prompt", fileRule, isFile},
	{"BUSY", "busy prompt", fileRule, isFile},
	{"TRANSFER", "transfer prompt", fileRule, isFile},
	{"PHONE", "phone", "1 to 64 letters, digits or _.+*#- are allowed", isPhone},
	{"GATEWAY", "gateway", "1 to 64 letters, digits or _.- are allowed", isGateway},
	{"REASON", "reason", codeRule, isCode},
	{"CODE", "code", codeRule, isCode},
	{
		"TITLE", "title", "1 to 100 characters are allowed",
		func(word string) bool { return word != "" && isShort(word) },
	},
	{"SECONDS", "seconds", "1 to 3600 are allowed", isSeconds},
	{"POSITION", "position", "0 to 9999 are allowed", isPosition},
	{"KEY", "key", "a key of docs/groups.md is wanted, such as ring_seconds", isKey},
	{"VALUE|default", "value", "at most 1000 characters are allowed", isValue},
	{"paid|unpaid", "", "", func(word string) bool { return word == paid || word == unpaid }},
	{"active|inactive", "", "", func(word string) bool { return word == active || word == inactive }},
	{"true|false", "", "", func(word string) bool { return word == "true" || word == "false" }},
	{userActionWord, "", "", oneOf(userActionWord)},
	{tokenActionWord, "", "", oneOf(tokenActionWord)},
	{"NAME", "name", "1 to 64 of the characters a-z 0-9 . _ @ - are allowed", isName},
	{
		"ROLE", "role", "it must be wall, read, agent, supervisor, admin, metrics or directory; - leaves it out",
		isRole,
	},
	{"GROUPS", "groups", "numbers of groups with commas between them, * for all, or - for none", isNumbers},
	{"DAYS", "days", "a number up to 3650; 0 or - for no end", isDays},
	{secretHash, "hash", "`nwayacd user` and `nwayacd token` make it; - leaves it out", isHash},
	{"json", "", "", func(word string) bool { return word == "json" }},
}

// addressable returns the rule of a name that is also a part of a path of the HTTP API. A path
// cannot have . and .. as parts.
func addressable(pattern *regexp.Regexp) func(string) bool {
	return func(word string) bool { return word != "." && word != ".." && pattern.MatchString(word) }
}

// oneOf returns a rule for one of some words with | between them.
func oneOf(words string) func(string) bool {
	all := strings.Split(words, "|")
	return func(word string) bool { return slices.Contains(all, word) }
}
func isShort(word string) bool { return utf8.RuneCountInString(word) <= 100 }

// isValue accepts what may be a value of any setting. The setting's own rule comes after it.
func isValue(word string) bool { return utf8.RuneCountInString(word) <= 1000 }

// isFile accepts what FreeSWITCH's playback accepts, except text that FreeSWITCH would expand,
// because an expansion can run programs. The database columns hold 255 characters.
func isFile(word string) bool {
	return utf8.RuneCountInString(word) <= 255 && !strings.Contains(word, "${")
}

// Arguments returns the argument at each place of the syntax, and how many of them must be given.
func (c *Command) Arguments() (all []Argument, needed int) {
	for word := range strings.FieldsSeq(c.Syntax) {
		inner, optional := strings.CutPrefix(word, "[")
		if optional {
			inner = strings.TrimSuffix(inner, "]")
		} else {
			needed++
		}
		all = append(all, ArgumentOf(inner))
	}
	return all, needed
}

// ArgumentOf returns the argument that the word stands for. The word must be one of Arguments.
func ArgumentOf(word string) Argument {
	for _, a := range Arguments {
		if a.Word == word {
			return a
		}
	}
	panic("api: the syntax has a word without a meaning: " + word) // a test checks every command
}

// Fits reports whether the text is a valid value of the argument.
func (a *Argument) Fits(text string) bool { return a.fits(text) }

// check returns errUsage if the number of arguments is wrong or a fixed word differs. Otherwise its
// error says which argument is malformed.
func (c *Command) check(args []string) error {
	wanted, needed := c.Arguments()
	if len(args) < needed || len(args) > len(wanted) {
		return errUsage{}
	}
	for i, given := range args {
		switch a := wanted[i]; {
		case a.Fits(given):
		case a.Rule == "":
			return errUsage{}
		case a.isSecret():
			return fmt.Errorf("%s: %s", a.Name, a.Rule)
		default:
			return fmt.Errorf("%s %q: %s", a.Name, shorten(given), a.Rule)
		}
	}
	return nil
}

// shorten cuts a word to a length that a refusal can show.
func shorten(word string) string {
	const most = 60
	if utf8.RuneCountInString(word) <= most {
		return word
	}
	return string([]rune(word)[:most]) + "…"
}
