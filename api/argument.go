package api

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Argument is a word that stands in a command's syntax, and what may be given for it.
type Argument struct {
	Word string // in the syntax: EXT
	Name string // in a refusal: extension
	Rule string // what is allowed; "" for words that are typed as they stand in the syntax
	fits func(string) bool
}

// keep is what stands for a prompt that is to stay as it is.
const keep = "-"

// secret is the word of an argument that is not repeated in a refusal.
const secret = "PASSWORD"

const (
	numberRule = "1 to 32 letters, digits or _.+*#- are allowed"
	fileRule   = "at most 255 characters without ${ are allowed; " + keep + " keeps the prompt, '' takes it away"
)

var (
	isNumber    = regexp.MustCompile(`^[0-9A-Za-z_.+*#-]{1,32}$`).MatchString
	isNumbers   = regexp.MustCompile(`^[0-9A-Za-z_.+*#-]{1,32}(,[0-9A-Za-z_.+*#-]{1,32})*$`).MatchString
	isJobNumber = regexp.MustCompile(`^[0-9A-Za-z_.+*#-]{0,40}$`).MatchString
	isUUID      = regexp.MustCompile(`^[0-9A-Za-z_.@:+-]{1,128}$`).MatchString
	isPhone     = regexp.MustCompile(`^[0-9A-Za-z_.+*#-]{1,64}$`).MatchString
	isGateway   = regexp.MustCompile(`^[0-9A-Za-z_.-]{1,64}$`).MatchString
	isMode      = regexp.MustCompile(`^[0-5]$`).MatchString
	isPassword  = regexp.MustCompile(`^[!-~]{1,64}$`).MatchString
)

// Arguments are all words of all syntaxes.
var Arguments = []Argument{
	{"UUID", "uuid", "1 to 128 letters, digits or _.@:+- are allowed", isUUID},
	{"EXT", "extension", numberRule, isNumber},
	{"GROUP", "group", numberRule, isNumber},
	{
		"GROUP[,GROUP…]", "groups", "one or more groups with commas between them are wanted, of each " + numberRule,
		isNumbers,
	},
	{"MODE", "mode", "a digit from 0 to 5 is wanted", isMode},
	{secret, "password", "1 to 64 visible ASCII characters are allowed", isPassword},
	{"JOB-NUMBER", "job number", "at most 40 letters, digits or _.+*#- are allowed; '' takes it away", isJobNumber},
	{"WELCOME", "welcome prompt", fileRule, isFile},
	{"BLACKLIST", "blacklist prompt", fileRule, isFile},
	{"BUSY", "busy prompt", fileRule, isFile},
	{"TRANSFER", "transfer prompt", fileRule, isFile},
	{"PHONE", "phone", "1 to 64 letters, digits or _.+*#- are allowed", isPhone},
	{"GATEWAY", "gateway", "1 to 64 letters, digits or _.- are allowed", isGateway},
	{"true|false", "", "", func(word string) bool { return word == "true" || word == "false" }},
	{"json", "", "", func(word string) bool { return word == "json" }},
}

// isFile takes what FreeSWITCH's playback takes, but nothing that it would expand: that may run
// programs. The columns hold 255 characters.
func isFile(word string) bool {
	return utf8.RuneCountInString(word) <= 255 && !strings.Contains(word, "${")
}

// Arguments returns what each place of the syntax wants, and how many must be given.
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
	panic("api: the syntax has a word of no meaning: " + word) // a test walks the table
}

// Fits reports whether the text may be given for the argument.
func (a *Argument) Fits(text string) bool { return a.fits(text) }

// check returns errUsage where the number of arguments is wrong or a fixed word is another, and
// else says which one is malformed.
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
		case a.Word == secret:
			return fmt.Errorf("%s: %s", a.Name, a.Rule)
		default:
			return fmt.Errorf("%s %q: %s", a.Name, shorten(given), a.Rule)
		}
	}
	return nil
}

// shorten keeps a refusal readable.
func shorten(word string) string {
	const most = 60
	if utf8.RuneCountInString(word) <= most {
		return word
	}
	return string([]rune(word)[:most]) + "…"
}
