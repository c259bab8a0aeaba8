package conf

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// importFile imports a file of testdata/module and parses the result.
func importFile(t *testing.T, file string) (c *Config, toml string, notes Faults) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata/module", file))
	if err != nil {
		t.Fatal(err)
	}
	text, notes, err := FromModule(file, content)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = Parse(file, text); err != nil {
		t.Fatal(err)
	}
	return c, string(text), notes
}

func TestTheManualsSampleIsCarriedOver(t *testing.T) {
	got, _, _ := importFile(t, "manual.xml")
	want := Default()
	want.ACD.Debug, want.ACD.LocalIP, want.Database.OutputSQL = true, "10.0.0.21", true
	if !reflect.DeepEqual(got.ACD, want.ACD) || got.Database != want.Database ||
		!reflect.DeepEqual(got.Prompts, want.Prompts) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}

func TestEveryParameterThatTheModuleLogsIsCarriedOver(t *testing.T) {
	got, text, _ := importFile(t, "log.xml")
	want := Default().ACD
	want.Recover, want.TypingAuto, want.AutoAnswer, want.Debug = 120*time.Second, true, false, true
	want.UseASR, want.LocalIP = true, "10.0.0.21"
	if !reflect.DeepEqual(got.ACD, want) {
		t.Errorf("[acd] got\n%+v\nwant\n%+v", got.ACD, want)
	}
	if dsn := "user=postgres dbname=nwaycc password=Nway&2017< host=127.0.0.1 port=5432 " +
		"sslmode=disable"; string(got.Database.DSN) != dsn {
		t.Errorf("dbstring %q", string(got.Database.DSN))
	}
	for digit, file := range got.Prompts.JobDigits {
		if want := "/home/voices/" + string(rune('0'+digit)) + ".wav"; file != want {
			t.Errorf("jn-%d %q, want %q", digit, file, want)
		}
	}
	for name, words := range moduleParams {
		for _, word := range words {
			if !strings.Contains(text, "\n"+word+" = ") || !strings.Contains(text, "# log.xml:") {
				t.Errorf("[%s] %s is not in the TOML", name, word)
			}
		}
	}
}

func TestNotesOfAnImport(t *testing.T) {
	for _, file := range []string{"manual.xml", "log.xml", "faulty.xml"} {
		_, text, notes := importFile(t, file)
		golden := filepath.Join("testdata/module", strings.TrimSuffix(file, ".xml")+".golden")
		got := notes.Error() + "\n"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
		}
		if strings.Contains(got, "hunter2") || strings.Contains(got, "2017") {
			t.Errorf("%s: a password is in the notes:\n%s", file, got)
		}
		for _, n := range notes {
			if !strings.Contains(text, "\n#   "+n.Error()+"\n") {
				t.Errorf("%s: the TOML does not end with the note %s", file, n)
			}
		}
	}
}

func TestAFaultyFileKeepsWhatIsRightInIt(t *testing.T) {
	c, _, _ := importFile(t, "faulty.xml")
	if string(c.Database.DSN) != "host=db password=hunter2" || !c.ACD.Debug ||
		c.Prompts.Busy != `C:\voices\"busy".wav` {
		t.Errorf("a right value was lost:\n%v", c)
	}
	if c.ACD.UseASR || c.Prompts.JobDigits != [10]string{} || c.Prompts.Welcome != "" || c.ACD.LocalIP != "" {
		t.Errorf("a wrong value was accepted:\n%v", c)
	}
}

func TestChineseCommentsInAnotherEncodingLoseNoParameter(t *testing.T) {
	gbk := "<!--\xb4\xd3\xbc\xc7\xc2\xbc\xcc\xac-->\n<param name=\"recover-seconds\" value=\"77\"/>\n" +
		"<param name=\"default-agent-busy\" value=\"/\xc3\xa6.wav\"/><param name=\"default-agent-welcome\" " +
		"value=\"/\xbb\xb6.wav\"/>"
	text, notes, err := FromModule("f", []byte(gbk))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse("f", text)
	if err != nil || c.ACD.Recover != 77*time.Second || c.Prompts.Welcome != "" {
		t.Errorf("%v\n%v", err, c)
	}
	if !strings.Contains(notes.Error(), "f:3: default-agent-welcome: is not in UTF-8") {
		t.Error(notes)
	}
}

func TestFilesThatAreNoConfigurationOfTheModule(t *testing.T) {
	for _, c := range []struct{ what, content, fault string }{
		{"empty", "", "f: has no parameter of the module"},
		{"prose", "nothing here", "f: has no parameter of the module"},
		{
			"another module's", `<configuration name="callcenter.conf"><param name="debug" value="1"/></configuration>`,
			"f: has no parameter",
		},
		{"UTF-16", "\xff\xfe<\x00p\x00", "f: is in UTF-16"},
		{"binary", "<param\x00\x01 name=", "f:1: is not XML"},
		{"cut off", "\n<param name=\"dbstring\" value=\"hunter2", "f:2: is incomplete"},
		{"an open comment", "\n\n<!-- <param name=\"debug\" value=\"1\"/>", "f:3: begins a comment that does not end"},
		{"huge", strings.Repeat(`<param name="debug" value="1"/>`, 10_000), "f: is longer than 256 KiB"},
	} {
		text, _, err := FromModule("f", []byte(c.content))
		if faults, ok := errors.AsType[Faults](err); !ok || !strings.HasPrefix(faults.Error(), c.fault) || text != nil {
			t.Errorf("%s: %v, want %s…", c.what, err, c.fault)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: a secret is shown", c.what)
		}
	}
}

func TestEntitiesOfTheFileAreNotResolved(t *testing.T) {
	bomb := `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>
<param name="asr-str" value="&b;&b;"/><param name="debug" value="true"/>`
	text, notes, err := FromModule("f", []byte(bomb))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := Parse("f", text); err != nil || !c.ACD.Debug || c.ACD.ASRString != Default().ACD.ASRString {
		t.Errorf("%v\n%v", err, c)
	}
	if !strings.Contains(notes.Error(), "f:2: asr-str: has an entity") {
		t.Error(notes)
	}
}

func TestAThousandUnknownParametersAreOnlyCounted(t *testing.T) {
	text, notes, err := FromModule("f", bytes.Repeat([]byte(`<param name="x" value="1"/>`), 1000))
	if err != nil || len(text) > tooLong || len(notes) > maxNotes+6 ||
		!strings.Contains(notes.Error(), "more notes like these") {
		t.Errorf("%v: %d notes, %d bytes", err, len(notes), len(text))
	}
}

// The result is always a valid configuration, and the notes never show the password.
func FuzzFromModule(f *testing.F) {
	files, _ := filepath.Glob("testdata/module/*.xml")
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file, content)
	}
	f.Add("a\nb", []byte(`<param name='jn-1' value='"&#x2028;\'/>`))
	f.Fuzz(func(t *testing.T, file string, content []byte) {
		text, notes, err := FromModule(file, content)
		if err != nil {
			if _, ok := errors.AsType[Faults](err); !ok || text != nil || notes != nil {
				t.Fatalf("%d bytes, notes %v, error %v", len(text), notes, err)
			}
			return
		}
		c, err := Parse("f", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if c.String() == "" || notes == nil {
			t.Fatal("no note says what was not in the file")
		}
	})
}

// However the dbstring is broken, no note and no error shows it.
func FuzzAnImportNeverShowsThePassword(f *testing.F) {
	for _, around := range [][2]string{
		{"", ""},
		{`"`, ""},
		{`" `, `"`},
		{"<", ""},
		{"</", ">"},
		{`"/><x `, ""},
		{"&", ";"},
		{"$${", "}"},
		{`"/>`, ""},
		{"\n", "\x00"},
	} {
		f.Add(around[0], around[1])
	}
	const word = "hunter2"
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.Contains(before, "param") {
			t.Skip() // the word may then be the value of something that is not a secret
		}
		_, notes, err := FromModule("f",
			[]byte(`<param name="debug" value="1"/><param name="dbstring" value="`+before+word+after+`"/>`))
		if strings.Contains(notes.Error(), word) || err != nil && strings.Contains(err.Error(), word) {
			t.Errorf("%q %q: %v %v", before, after, notes, err)
		}
	})
}
