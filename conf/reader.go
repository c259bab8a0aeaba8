package conf

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// tooLong bounds the memory and time if -c names a wrong file, such as a core dump or a recording.
// The complete example has 10 kB.
const tooLong = 256 << 10

// reader fills a Config from a file and collects what is wrong on the way.
type reader struct {
	file   string
	config *Config
	text   string // the part of the file that is TOML
	broken bool   // lines were left out of text, so a key that seems absent may be there
	faults []finding

	mode     fs.FileMode // of the file; 0: it was not read from a file
	secrets  bool        // the file itself has secrets
	warnings []finding
	refused  []finding
	unusable []finding
}

// finding is a fault whose line is not known yet.
type finding struct {
	Fault
	path string // of the key, such as "acd.debug" or "freeswitch[1].name"; empty: Line is already right
}

func (r *reader) read(content string) {
	if len(content) > tooLong {
		r.report("", "", "is longer than 256 KiB, so it cannot be a configuration")
		return
	}
	for name, v := range sorted(r.decode(content)) {
		switch section := r.section(name); {
		case name == "freeswitch":
			r.readSwitches(v)
		case section == nil:
			r.report(name, name, r.unknownTop(name))
		default:
			r.readSection(name, name, section, v)
		}
	}
}

// sorted yields the entries of a table in the order of their names, so that the faults have a fixed
// order.
func sorted(table map[string]any) func(func(string, any) bool) {
	return func(yield func(string, any) bool) {
		for _, name := range slices.Sorted(maps.Keys(table)) {
			if !yield(name, table[name]) {
				return
			}
		}
	}
}

func (r *reader) section(name string) []key {
	for _, s := range r.config.sections() {
		if s.name == name {
			return s.keys
		}
	}
	return nil
}

// readSection sets keys from a table. path is the table's place in the file, and name its name in
// faults.
func (r *reader) readSection(path, name string, keys []key, v any) {
	table, ok := v.(map[string]any)
	if !ok {
		r.report(path, name, fmt.Sprintf("is %s; it must be a section with the header [%s]", typeName(v), name))
		return
	}
	for word, v := range sorted(table) {
		at, full := path+"."+word, name+"."+word
		i := slices.IndexFunc(keys, func(k key) bool { return k.name == word })
		if i < 0 {
			r.report(at, full, r.unknownKey(word, keys))
			continue
		}
		if keys[i].file {
			r.readSecretFile(at, full, &keys[i], v, table)
			continue
		}
		r.reportAll(at, full, keys[i].value.set(v))
		_, isSecret := keys[i].value.get().(Secret)
		r.secrets = r.secrets || isSecret && v != "" && v != string(defaultFreeSWITCH().Password)
	}
}

func (r *reader) readSwitches(v any) {
	tables := tablesOf(v)
	if tables == nil {
		r.report("freeswitch", "freeswitch",
			fmt.Sprintf("is %s; it must be sections with the header [[freeswitch]], in two brackets", typeName(v)))
		return
	}
	r.config.FreeSWITCH = make([]FreeSWITCH, len(tables))
	for i, table := range tables {
		f := &r.config.FreeSWITCH[i]
		*f = defaultFreeSWITCH()
		path := fmt.Sprintf("freeswitch[%d]", i)
		r.readSection(path, "freeswitch", f.keys(), table)
		for _, needed := range []string{"name", "address"} {
			if _, given := table[needed]; !given && !r.broken {
				r.report(path, "freeswitch."+needed, "is missing; every [[freeswitch]] needs one")
			}
		}
	}
}

// tablesOf returns the tables of [[freeswitch]] sections, or of a list of inline tables, for which
// the decoder has different types. It returns nil for anything else.
func tablesOf(v any) []map[string]any {
	list, ok := v.([]any)
	if !ok {
		tables, _ := v.([]map[string]any)
		return tables
	}
	tables := make([]map[string]any, len(list))
	for i, each := range list {
		if tables[i], ok = each.(map[string]any); !ok {
			return nil
		}
	}
	return tables
}

func (r *reader) unknownTop(name string) string {
	var known []string
	for _, s := range r.config.sections() {
		if hasKey(s.keys, name) {
			return fmt.Sprintf("is outside its section; it belongs under [%s]", s.name)
		}
		known = append(known, s.name)
	}
	known = append(known, "freeswitch")
	return "is not a section; the sections are " + strings.Join(known, ", ") + didYouMean(name, known)
}

func (r *reader) unknownKey(word string, keys []key) string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	if hint := didYouMean(word, names); hint != "" {
		return "is not a key of this section" + hint
	}
	for _, s := range r.config.sections() {
		if hasKey(s.keys, word) {
			return fmt.Sprintf("is not a key of this section; it belongs under [%s]", s.name)
		}
	}
	return "is not a key of this section; its keys are " + strings.Join(names, ", ")
}

func hasKey(keys []key, name string) bool {
	return slices.ContainsFunc(keys, func(k key) bool { return k.name == name })
}

func (r *reader) report(path, key, text string) {
	r.faults = append(r.faults, finding{Fault{File: r.file, Key: key, Text: text}, path})
}

// reportAll reports each of several joined errors by itself.
func (r *reader) reportAll(path, key string, err error) {
	if err == nil {
		return
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, each := range joined.Unwrap() {
			r.report(path, key, each.Error())
		}
		return
	}
	r.report(path, key, err.Error())
}

// blames reports whether one of the keys already has a fault. Faults that follow from it are not
// reported.
func (r *reader) blames(keys ...string) bool {
	return slices.ContainsFunc(r.faults, func(f finding) bool { return slices.Contains(keys, f.Key) })
}

func (r *reader) warn(f Fault) { r.warnings = append(r.warnings, finding{Fault: f}) }

// located returns findings with their lines, sorted.
func (r *reader) located(found []finding) Faults {
	if len(found) == 0 {
		return nil
	}
	at := lines(r.text)
	faults := make(Faults, len(found))
	for i, f := range found {
		if f.path != "" {
			f.Line = at.of(f.path)
		}
		faults[i] = f.Fault
	}
	faults.sort()
	return faults
}
