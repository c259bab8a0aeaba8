package setting

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Type is what kind of value a setting has.
type Type string

// The types.
const (
	Text    Type = "text"    // is kept with the spaces at its ends
	File    Type = "file"    // what FreeSWITCH plays
	Dial    Type = "dial"    // a dial string of FreeSWITCH
	Flag    Type = "flag"    // true, false
	Number  Type = "number"  // whole
	Seconds Type = "seconds" // whole
	Choice  Type = "choice"  // one of some words
	Groups  Type = "groups"  // numbers of groups, with commas between them
)

// Rule says which values a setting has.
type Rule struct {
	Type     Type
	Min, Max int64    // of a number and of seconds; Max of a text, in characters
	Choices  []string // of a choice
	letters  Words    // what else a text must be; "" = nothing
	fits     func(string) bool
}

// OfText is the rule of a text of at most so many characters.
func OfText(longest int64) Rule { return Rule{Type: Text, Max: longest} }

// OfNumber is the rule of a whole number.
func OfNumber(least, most int64) Rule { return Rule{Type: Number, Min: least, Max: most} }

// OfSeconds is the rule of whole seconds.
func OfSeconds(least, most int64) Rule { return Rule{Type: Seconds, Min: least, Max: most} }

// OfChoice is the rule of one of these words.
func OfChoice(words ...string) Rule { return Rule{Type: Choice, Choices: words} }

// OfFlag is the rule of true and false.
func OfFlag() Rule { return Rule{Type: Flag} }

// OfTelephone is the rule of a text that is a number or a name as telephones have it.
func OfTelephone(longest int64) Rule {
	return Rule{
		Type: Text, Max: longest, fits: telephone.MatchString,
		letters: Words{"letters, digits or _.+*#-", "字母、数字或 _.+*#-"},
	}
}

// OfFile is the rule of a file that FreeSWITCH plays. FreeSWITCH would expand ${, and an expansion
// can run programs.
func OfFile() Rule {
	return Rule{
		Type: File, Max: 255, fits: func(text string) bool { return !strings.Contains(text, "${") },
		letters: Words{"without ${", "不含 ${"},
	}
}

// OfDial is the rule of a dial string. {ext} is the extension. Other braces would be variables for
// the leg, and a space would end the dial string.
func OfDial() Rule {
	return Rule{
		Type: Dial, Max: 255, fits: isDial,
		letters: Words{
			"without spaces, and with no braces but {ext}, such as user/{ext} or sofia/gateway/GATEWAY/NUMBER",
			"不含空格，花括号只能是 {ext}，例如 user/{ext} 或 sofia/gateway/GATEWAY/NUMBER",
		},
	}
}

// OfGroups is the rule of a list of groups.
func OfGroups() Rule {
	return Rule{
		Type: Groups, Max: 1000, fits: groupList.MatchString,
		letters: Words{"numbers of groups with commas between them", "用逗号分隔的组号"},
	}
}

var (
	telephone = regexp.MustCompile(`^[0-9A-Za-z_.+*#-]*$`)
	groupList = regexp.MustCompile(`^([0-9A-Za-z_.+*#-]{1,32}(,[0-9A-Za-z_.+*#-]{1,32})*)?$`)
)

func isDial(text string) bool {
	return !strings.ContainsFunc(text, unicode.IsSpace) &&
		!strings.ContainsAny(strings.ReplaceAll(text, "{ext}", ""), "{}[]<>&|,'\"\\$")
}

// Wanted says which values the rule allows.
func (r *Rule) Wanted() Words {
	switch r.Type {
	case Flag:
		return Words{"true or false", "true 或 false"}
	case Number, Seconds:
		en, zh := "a whole number", "整数"
		if r.Type == Seconds {
			en, zh = "whole seconds", "整秒数"
		}
		return Words{fmt.Sprintf("%s from %d to %d", en, r.Min, r.Max), fmt.Sprintf("%d 到 %d 的%s", r.Min, r.Max, zh)}
	case Choice:
		all := strings.Join(r.Choices, ", ")
		return Words{"one of " + all, all + " 之一"}
	}
	w := Words{fmt.Sprintf("at most %d characters, none of control", r.Max), fmt.Sprintf("最多 %d 个字符，不含控制字符", r.Max)}
	if r.letters.EN != "" {
		w = Words{w.EN + ", " + r.letters.EN, w.ZH + "，" + r.letters.ZH}
	}
	return w
}

// parse returns the value that the text is. ok is false if the rule does not allow it.
func (r *Rule) parse(text string) (v Value, ok bool) {
	switch r.Type {
	case Flag:
		return text == "true", text == "true" || text == "false"
	case Number, Seconds:
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err == nil && n >= r.Min && n <= r.Max
	case Choice:
		return text, slices.Contains(r.Choices, text)
	}
	return text, r.allows(text)
}

// allows reports whether the rule of a text allows it.
func (r *Rule) allows(text string) bool {
	return utf8.ValidString(text) && int64(utf8.RuneCountInString(text)) <= r.Max &&
		!strings.ContainsFunc(text, unicode.IsControl) && (r.fits == nil || r.fits(text))
}

func (r *Rule) fromJSON(value any) (v Value, ok bool) {
	switch value := value.(type) {
	case bool:
		return value, r.Type == Flag
	case float64:
		n := int64(value)
		return n, (r.Type == Number || r.Type == Seconds) && float64(n) == value && n >= r.Min && n <= r.Max
	case string:
		if r.Type == Flag || r.Type == Number || r.Type == Seconds {
			return nil, false
		}
		return r.parse(value)
	}
	return nil, false
}

// read returns the value of a column. Other programs write columns too, so more texts are
// understood than parse allows. A value of nil is the default.
func (r *Rule) read(column string) (v Value, ok bool) {
	text := strings.TrimSpace(column)
	switch r.Type {
	case Text:
		return column, true
	case File:
		return text, true
	case Flag:
		return readFlag(text)
	}
	if text == "" {
		return nil, true
	}
	if v, ok = r.parse(text); !ok {
		return nil, false
	}
	return v, true
}

// readFlag reads a flag of any column's type. An unknown text is false.
func readFlag(text string) (v Value, ok bool) {
	switch strings.ToLower(text) {
	case "t", "true", "1", "y", "yes", "on":
		return true, true
	case "f", "false", "0", "n", "no", "off", "":
		return false, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && n != 0, err == nil
}
