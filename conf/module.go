package conf

import (
	_ "embed"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// complete is the commented example. An imported configuration is this text with the module's
// values in it.
//
//go:embed nwayacd.toml
var complete string

// moduleParams are the parameters of mod_nwayacd, by the section that has them here.
var moduleParams = map[string][]string{
	"acd": {
		"recover-seconds", "recover-auto", "noanswer-to-ready", "typing-auto", "auto-answer", "video-codecs", "use-asr",
		"asr-str", "local-ip", "debug",
	},
	"prompts": {
		"jn-prefix", "jn-suffix", "jn-0", "jn-1", "jn-2", "jn-3", "jn-4", "jn-5", "jn-6", "jn-7", "jn-8", "jn-9",
		"default-blacklistwav", "default-agent-busy", "default-agent-transfer", "default-agent-welcome",
	},
	"database": {"dbstring", "output_sql"},
}

// goneParams are the parameters of the module that this program does not have.
var goneParams = []struct {
	like      *regexp.Regexp // the parameter's plainForm
	key, text string
}{
	{
		regexp.MustCompile(`licen[cs]e`), "license",
		"the license file (/etc/nway/acd_license.txt) is not needed; only max-calls in [server] can limit " +
			"the calls",
	},
	{
		regexp.MustCompile(`^log$|mod-?log|log-(file|path|dir|level)`), "mod_log",
		"the module's own log file (mod_log) is not written; the log goes to standard error, at the level of [log]",
	},
}

const (
	maxParam    = 2048 // bytes of one parameter's value
	maxNotes    = 100  // further notes are only counted
	maxNoteText = 300  // bytes
)

// FromModule converts the XML configuration of mod_nwayacd (nwayacd.conf.xml, or a fragment of it
// with the param lines) to the complete commented TOML, which Parse accepts. The notes say what was
// not carried over unchanged, and why. They never contain the value of a secret, but the TOML does.
// The error is a Faults if the content is not such a file.
func FromModule(file string, content []byte) (toml []byte, notes Faults, err error) {
	m := &module{file: file, carried: map[string]param{}, scratch: Default()}
	if err := m.read(content); err != nil {
		return nil, nil, err
	}
	m.untangleDigits()
	for _, p := range m.lastOfEach() {
		m.take(p)
	}
	m.fillIn()
	if err := m.agree(); err != nil {
		return nil, nil, err
	}
	m.remark()
	return m.toml(), m.notes, nil
}

// module is an import in progress.
type module struct {
	file     string
	foreign  bool // inside the configuration of another module
	entities bool // the file declares entities, which are not resolved
	params   []param
	carried  map[string]param // by section.key
	scratch  *Config          // each value is set here first, to check it
	notes    Faults
	unsaid   int             // how many notes came after maxNotes
	gone     map[string]bool // keys of goneParams that the file has
}

// param is one parameter of the file; literal is its value as TOML.
type param struct {
	name, value, literal string
	line                 int // 0: not in the file
}

func (m *module) note(line int, key, text string) {
	if len(m.notes) >= maxNotes {
		m.unsaid++
		return
	}
	if len(text) > maxNoteText {
		text = strings.ToValidUTF8(text[:maxNoteText], "") + "…"
	}
	m.notes = append(m.notes, Fault{File: m.file, Line: line, Key: key, Text: oneLine(text)})
}

// untangleDigits corrects files that were written from the module's log, which says jn-6 for jn-5.
// Such a file has jn-6 twice and no jn-5.
func (m *module) untangleDigits() {
	var sixes []int
	for i, p := range m.params {
		switch p.name {
		case "jn-5":
			return
		case "jn-6":
			sixes = append(sixes, i)
		}
	}
	if len(sixes) == 2 {
		first := &m.params[sixes[0]]
		first.name = "jn-5"
		m.note(first.line, "jn-6",
			"is read as jn-5, because the module's log writes jn-6 for both, and the file has no jn-5")
	}
}

// lastOfEach leaves out the parameters that come again further down, because the last one counts,
// as in the module.
func (m *module) lastOfEach() []param {
	last := map[string]int{}
	for i, p := range m.params {
		last[p.name] = i
	}
	var counting []param
	for i, p := range m.params {
		if last[p.name] == i {
			counting = append(counting, p)
		} else {
			m.note(p.line, nameable(p.name),
				fmt.Sprintf("is set again on line %d, and that value counts", m.params[last[p.name]].line))
		}
	}
	return counting
}

// take carries one parameter over, or notes why it cannot.
func (m *module) take(p param) {
	path, k, known := m.key(p.name)
	if !known {
		m.refuse(p)
		return
	}
	v, err := m.convert(p.value, k.value)
	if err == nil {
		err = k.value.set(v)
	}
	if err != nil {
		m.note(p.line, p.name, err.Error()+"; it is not carried over")
		return
	}
	p.literal = literal(v)
	m.carried[path] = p
}

// key finds the key with the module's name for the parameter, and its path (section.key).
func (m *module) key(name string) (path string, k key, known bool) {
	for _, s := range m.scratch.sections() {
		if i := slices.IndexFunc(s.keys, func(k key) bool { return k.name == name }); i >= 0 &&
			slices.Contains(moduleParams[s.name], name) {
			return s.name + "." + name, s.keys[i], true
		}
	}
	return "", key{}, false
}

// refuse notes a parameter for which there is no key.
func (m *module) refuse(p param) {
	for _, g := range goneParams {
		if g.like.MatchString(plainForm(p.name)) {
			m.gone[g.key] = true
			m.note(p.line, nameable(p.name), g.text)
			return
		}
	}
	var known []string
	for _, names := range moduleParams {
		known = append(known, names...)
	}
	slices.Sort(known)
	hint := ""
	if nameable(p.name) == p.name {
		hint = didYouMean(p.name, known)
	}
	m.note(p.line, nameable(p.name), "is not a parameter of the module, which ignored it; it is not carried over"+hint)
}

// nameable returns the parameter's name if it looks like one, else "param". Other text may be a
// value in the wrong place, and so a secret.
func nameable(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return "param"
}

// convert converts a parameter's text to the type that the TOML decoder would return for the key.
func (m *module) convert(s string, to value) (any, error) {
	switch {
	case len(s) > maxParam:
		return nil, fmt.Errorf("is longer than %d bytes", maxParam)
	case strings.Contains(s, "\ufffd"):
		return nil, errors.New("is not in UTF-8")
	case strings.Contains(s, "$${"):
		return nil,
			errors.New(
				"has a global variable of FreeSWITCH ($${…}), which only FreeSWITCH can expand; write its " +
					"value")
	case m.entities && entity.MatchString(s):
		return nil, errors.New("has an entity (&…;) that the file declares; write its value")
	}
	switch to.get().(type) {
	case bool:
		return truth(s)
	case int64:
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("is %q; it must be a whole number", s)
		}
		return n, nil
	}
	return s, nil
}

var entity = regexp.MustCompile(`&[^\s;&]+;`)

// truth accepts the words that FreeSWITCH takes as true, and their opposites.
func truth(s string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "yes", "on", "t", "enabled", "active", "allow", "1":
		return true, nil
	case "false", "no", "off", "f", "disabled", "inactive", "disallow", "0":
		return false, nil
	}
	return false, fmt.Errorf("is %q; it must be true or false", s)
}

// fillIn handles missing parameters whose absence meant something else in the module.
func (m *module) fillIn() {
	has := func(name string) bool {
		return slices.ContainsFunc(m.params, func(p param) bool { return p.name == name })
	}
	if !has("noanswer-to-ready") {
		m.carried["acd.noanswer-to-ready"] = param{name: "noanswer-to-ready", literal: "false"}
		m.note(0, "noanswer-to-ready",
			"is missing, which means false in the module and true here; the new file sets it to false")
	}
	dsn, given := m.carried["database.dbstring"]
	switch {
	case !has("dbstring"):
		m.note(0, "dbstring",
			"is missing, so all data would be in SQLite in data-dir of [database], and not in the module's PostgreSQL")
	case given && dsn.value != "" && !strings.Contains(dsn.value, "sslmode"):
		m.note(dsn.line, "dbstring",
			"has no sslmode, which means require here; the module connected without TLS if the server had none; "+
				"add sslmode=disable for such a server")
	}
}

// agree removes values that Parse refuses together.
func (m *module) agree() error {
	for {
		_, err := Parse("import", m.toml())
		if err == nil {
			return nil
		}
		faults, ok := errors.AsType[Faults](err)
		if !ok || !m.drop(faults) {
			return err
		}
	}
}

// drop removes the values that the faults blame. It returns false if none of them was carried over.
func (m *module) drop(faults Faults) (dropped bool) {
	for _, f := range faults {
		var blamed []string
		for path := range m.carried {
			if path == f.Key || f.Key == "prompts" && jobDigit.MatchString(path) {
				blamed = append(blamed, path)
			}
		}
		if len(blamed) == 0 {
			continue
		}
		slices.Sort(blamed)
		first := m.carried[blamed[0]]
		m.note(first.line, strings.TrimPrefix(f.Key, "acd."), f.Text+"; it is not carried over")
		for _, path := range blamed {
			delete(m.carried, path)
		}
		dropped = true
	}
	return dropped
}

var jobDigit = regexp.MustCompile(`^prompts\.jn-\d$`)

// remark adds the notes that belong to no line of the file.
func (m *module) remark() {
	m.notes.sort()
	if m.unsaid > 0 {
		m.notes = append(m.notes, Fault{File: m.file, Text: fmt.Sprintf("%d more notes like these", m.unsaid)})
	}
	for _, g := range goneParams {
		if !m.gone[g.key] {
			m.notes = append(m.notes, Fault{File: m.file, Key: g.key, Text: g.text})
		}
	}
	m.notes = append(m.notes,
		Fault{
			File: m.file, Key: "freeswitch",
			Text: "the module ran inside FreeSWITCH, but this program dials its Event Socket; " +
				"check address and password of [[freeswitch]]",
		},
		Fault{File: m.file, Key: "dialplan", Text: `the application nwayacd becomes a socket line, such as ` +
			`<action application="socket" data="127.0.0.1:8084/nwayacd/110 async full"/>`})
}

var assigned = regexp.MustCompile(`^([\w-]+) = `)

// toml returns the complete example with the values that were carried over, and the notes at its
// end.
func (m *module) toml() []byte {
	name := oneLine(filepath.Base(m.file))
	var b strings.Builder
	fmt.Fprintf(&b, "# Made by nwayacd import from %s. The end of this file lists what was not carried over.\n#\n",
		name)
	section := ""
	for row := range strings.Lines(complete) {
		if found := header.FindStringSubmatch(row); found != nil {
			section = found[1]
		}
		if found := assigned.FindStringSubmatch(row); found != nil {
			if p, ok := m.carried[section+"."+found[1]]; ok {
				row = fmt.Sprintf("%s = %s  # %s\n", found[1], p.literal, p.origin(name))
			}
		}
		b.WriteString(row)
	}
	b.WriteString("\n\n# Notes of nwayacd import on " + name + ":\n")
	for _, n := range m.notes {
		n.File = name
		b.WriteString("#   " + n.Error() + "\n")
	}
	return []byte(b.String())
}

func (p param) origin(file string) string {
	if p.line == 0 {
		return "the meaning in the module if it is missing"
	}
	return fmt.Sprintf("%s:%d", file, p.line)
}

// literal returns a value as TOML.
func literal(v any) string {
	s, ok := v.(string)
	if !ok {
		return fmt.Sprint(v)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` // isPlain has refused control characters
}
