package conf

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

const example = "nwayacd.toml"

func TestExampleIsDefaultsAndOneSwitch(t *testing.T) {
	got, err := Load(example)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.File = example
	if !strings.Contains(got.Warnings.Error(), "FreeSWITCH's default") || len(got.Warnings) != 1 {
		t.Errorf("warnings: %s", got.Warnings)
	}
	got.Warnings = nil
	fs1 := defaultFreeSWITCH()
	fs1.Name, fs1.Address = "fs1", "127.0.0.1:8021"
	want.FreeSWITCH = []FreeSWITCH{fs1}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}

// If a line claims a default, the configuration must be the same without that line.
func TestExampleDefaultsAreTheDefaults(t *testing.T) {
	content, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := Parse(example, content)
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(string(content), "\n")
	claims := 0
	for i, row := range rows {
		if !regexp.MustCompile(`^[\w-]+ = .*# default$`).MatchString(row) {
			continue
		}
		claims++
		less := slices.Delete(slices.Clone(rows), i, i+1)
		without, err := Parse(example, []byte(strings.Join(less, "\n")))
		if err != nil {
			t.Errorf("line %d: %v", i+1, err)
		} else if without.String() != whole.String() || without.FreeSWITCH[0].Password != whole.FreeSWITCH[0].Password {
			t.Errorf("line %d does not show the default: %s", i+1, row)
		}
	}
	if all := len(allKeys(whole)); claims != all-2 {
		t.Errorf("%d lines claim a default, want %d: all keys but name and address", claims, all-2)
	}
}

func TestEveryKeyIsInTheExample(t *testing.T) {
	content, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	at := lines(string(content))
	for _, k := range allKeys(&Config{FreeSWITCH: make([]FreeSWITCH, 1)}) {
		if at[k] == 0 {
			t.Errorf("%s is not in %s", k, example)
		}
	}
}

func TestRestartMarksInTheExampleAreTrue(t *testing.T) {
	content, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	marked, assigned := map[string]bool{}, regexp.MustCompile(`^([\w-]+) = `)
	section, comment := "", ""
	for row := range strings.SplitSeq(string(content), "\n") {
		switch found := assigned.FindStringSubmatch(row); {
		case strings.HasPrefix(row, "#"):
			comment += row
		case strings.HasPrefix(row, "["):
			section, comment = header.FindStringSubmatch(row)[1], ""
		case found != nil:
			marked[section+"."+found[1]] = strings.Contains(comment, "(restart)")
			comment = ""
		}
	}
	c := &Config{FreeSWITCH: make([]FreeSWITCH, 1)}
	check := func(section string, keys []key) {
		for _, k := range keys {
			if full := section + "." + k.name; marked[full] != k.restart {
				t.Errorf("%s: marked (restart) %v, want %v", full, marked[full], k.restart)
			}
		}
	}
	for _, s := range c.sections() {
		check(s.name, s.keys)
	}
	check("freeswitch", c.FreeSWITCH[0].keys())
}

// Users of mod_nwayacd rely on these names.
func TestKeysAreThePromisedOnes(t *testing.T) {
	promised := strings.Fields(`
		acd.recover-seconds acd.recover-auto acd.noanswer-to-ready acd.typing-auto acd.auto-answer acd.video-codecs
		acd.use-asr acd.asr-str acd.local-ip acd.debug acd.busy-repeat-seconds acd.reoffer-seconds acd.remember-days
		acd.max-wait-seconds acd.rest-busy-seconds acd.rest-reject-seconds acd.rest-noanswer-seconds
		acd.rest-unreachable-seconds acd.max-misses acd.progress-seconds acd.follow-forward acd.after-talk acd.record-path
		acd.gateways acd.time-zone
		prompts.jn-prefix prompts.jn-suffix prompts.jn-0 prompts.jn-1 prompts.jn-2 prompts.jn-3 prompts.jn-4
		prompts.jn-5 prompts.jn-6 prompts.jn-7 prompts.jn-8 prompts.jn-9 prompts.default-blacklistwav
		prompts.default-agent-busy prompts.default-agent-transfer prompts.default-agent-welcome prompts.hold-music
		prompts.survey prompts.schemes
		database.dbstring database.dbstring-file database.data-dir database.journal-limit
		database.retention-days database.figures-retention-days database.audit-retention-days database.output_sql
		server.listen server.allow server.max-calls server.max-connections server.drain-seconds server.commands
		server.command-extensions server.advertise
		control.listen control.password control.password-file control.pass-through
		control.max-connections control.max-connections-per-source control.tls-cert control.tls-key
		http.listen http.token http.token-file http.directory-token http.directory-token-file http.directory-open
		http.directory-password http.first-admin-file http.trusted-proxies http.max-connections http.max-connections-per-source
		http.tls-cert http.tls-key
		log.level log.format
		freeswitch[0].name freeswitch[0].address freeswitch[0].password freeswitch[0].password-file freeswitch[0].local-ip
		freeswitch[0].dial-string freeswitch[0].remote-dial`)
	if got := allKeys(&Config{FreeSWITCH: make([]FreeSWITCH, 1)}); !slices.Equal(got, promised) {
		t.Errorf("keys are\n%v\nwant\n%v", got, promised)
	}
}

func allKeys(c *Config) []string {
	var names []string
	for _, s := range c.sections() {
		for _, k := range s.keys {
			names = append(names, s.name+"."+k.name)
		}
	}
	for i := range c.FreeSWITCH {
		for _, k := range c.FreeSWITCH[i].keys() {
			names = append(names, fmt.Sprintf("freeswitch[%d].%s", i, k.name))
		}
	}
	return names
}

// Exactly one key must set each field. Otherwise a key could be accepted and do nothing.
func TestEveryFieldHasItsKey(t *testing.T) {
	fields := 0
	var walk func(reflect.Value)
	walk = func(v reflect.Value) {
		switch {
		case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Duration]():
			for _, field := range v.Fields() {
				walk(field)
			}
		case v.Kind() == reflect.Array || v.Type() == reflect.TypeFor[[]FreeSWITCH]():
			for i := range v.Len() {
				walk(v.Index(i))
			}
		default:
			fields++
		}
	}
	c := &Config{FreeSWITCH: make([]FreeSWITCH, 1)}
	walk(reflect.ValueOf(*c))
	fields -= 4 // File, Warnings, Refused and Unusable have no key
	all := allKeys(c)
	keys := slices.DeleteFunc(slices.Clone(all), func(name string) bool { // a second key for the same field
		of, is := strings.CutSuffix(name, "-file")
		return is && slices.Contains(all, of)
	})
	if len(keys) != fields {
		t.Errorf("%d keys for %d fields", len(keys), fields)
	}
}

func TestEveryKeyReachesItsOwnField(t *testing.T) {
	const all = `
		acd = {recover-seconds=1, recover-auto=false, noanswer-to-ready=false, typing-auto=true, auto-answer=false, video-codecs="c", use-asr=true, asr-str="s", local-ip="10.0.0.1", debug=true, busy-repeat-seconds=2, reoffer-seconds=3, remember-days=4, max-wait-seconds=5, rest-busy-seconds=6, rest-reject-seconds=7, rest-noanswer-seconds=8, rest-unreachable-seconds=9, max-misses=10, progress-seconds=11, follow-forward=true, after-talk="dialplan", record-path="{uuid}", gateways=["g"], time-zone="Asia/Kathmandu"}
		prompts = {jn-prefix="p", jn-suffix="s", jn-0="0", jn-1="1", jn-2="2", jn-3="3", jn-4="4", jn-5="5", jn-6="6", jn-7="7", jn-8="8", jn-9="9", default-blacklistwav="b", default-agent-busy="bu", default-agent-transfer="t", default-agent-welcome="w", hold-music="h", survey="su", schemes=["x"]}
		database = {dbstring="a=b", data-dir="d", output_sql=true, journal-limit=20, retention-days=21, figures-retention-days=22, audit-retention-days=23}
		freeswitch = [{name="n", address="a:1", password="p", local-ip="10.0.0.2", dial-string="x/{ext}", remote-dial="y/{ext}@{ip}"}]
		server = {listen=":1", allow=["10.0.0.0/8", "::1"], max-calls=6, max-connections=12, drain-seconds=7, commands=["nway_busy"], command-extensions="any",
			advertise="b:2"}
		control = {listen=":3", password="c", pass-through="n", max-connections=8, max-connections-per-source=9, tls-cert="c.pem", tls-key="c.key"}
		http = {listen=":4", token="t", directory-token="d", directory-password="clear", trusted-proxies=["10.9.0.0/16"], max-connections=10, max-connections-per-source=11, tls-cert="/h.pem", tls-key="/h.key"}
		log = {level="warn", format="json"}`
	got, err := Parse("all", []byte(all))
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		File: "all",
		ACD: ACD{
			time.Second, false, false, true, false, "c", true, "s", "10.0.0.1", true,
			2 * time.Second, 3 * time.Second, 4 * 24 * time.Hour, 5 * time.Second,
			6 * time.Second, 7 * time.Second, 8 * time.Second, 9 * time.Second, 10, 11 * time.Second, true, "dialplan",
			"{uuid}",
			"Asia/Kathmandu",
			[]string{"g"},
		},
		Prompts: Prompts{
			"p", "s",
			[10]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
			"b", "bu", "t", "w",
			"h", "su",
			[]string{"x"},
		},
		Database: Database{
			DSN: "a=b", DataDir: "d", OutputSQL: true, JournalLimit: 20, Retention: 21 * 24 * time.Hour,
			FiguresRetention: 22 * 24 * time.Hour, AuditRetention: 23 * 24 * time.Hour,
		},
		FreeSWITCH: []FreeSWITCH{{"n", "a:1", "p", "10.0.0.2", "x/{ext}", "y/{ext}@{ip}"}},
		Server: Server{
			":1",
			[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")},
			6, 12, 7 * time.Second,
			[]string{"nway_busy"},
			"any", "b:2",
		},
		Control: Control{Listen: ":3", Password: "c", PassThrough: "n", Max: 8, MaxSource: 9, TLS: Certificate{"c.pem", "c.key"}},
		HTTP: HTTP{
			Listen: ":4", Token: "t", DirectoryToken: "d", DirectoryPassword: "clear",
			TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}, Max: 10, MaxSource: 11,
			TLS: Certificate{"/h.pem", "/h.key"},
		},
		Log: Log{"warn", "json"},
	}
	got.Warnings, got.Unusable = nil, nil // secrets of one character, certificates that are not there
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}

// Each testdata/*.toml has faults of one kind. The .golden file beside it has what the operator
// reads.
func TestFaultMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatal("no test data", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".toml"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(filepath.Base(file), content)
			faults, ok := errors.AsType[Faults](err)
			if !ok {
				t.Fatalf("error is %v, want Faults", err)
			}
			got, golden := faults.Error()+"\n", strings.TrimSuffix(file, ".toml")+".golden"
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
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "none.toml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is named and missing: error is %v, want fs.ErrNotExist", err)
	}
	if _, err := os.Stat(DefaultPath); err == nil {
		t.Skip("SKIPPED: this host has a " + DefaultPath)
	}
	c, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(c, Default()) {
		t.Errorf("without a file: got\n%v\nwant the defaults", c)
	}
}

func TestRestart(t *testing.T) {
	parse := func(content string) *Config {
		c, err := Parse("t", []byte(content))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	fs := func(name, more string) string {
		return "[[freeswitch]]\nname='" + name + "'\naddress='" + name + ":8021'\n" + more + "\n"
	}
	for _, test := range []struct {
		name, before, after string
		want                []string
	}{
		{"nothing changed", fs("a", ""), fs("a", ""), nil},
		{"what a reload can do", "", "[acd]\nrecover-seconds=1\n[log]\nlevel='warn'\n[prompts]\nsurvey='x'", nil},
		{
			"ports and database", "",
			"[server]\nlisten='127.0.0.1:1'\n[database]\ndbstring='a=b'\n[log]\nformat='json'",
			[]string{"database.dbstring", "server.listen", "log.format"},
		},
		{"another password", "[control]\npassword='a'", "[control]\npassword='b'", nil},
		{"a password came", "", "[control]\npassword='b'", []string{"control.password"}},
		{"a token went", "[http]\ntoken='a'", "", []string{"http.token"}},
		{"another certificate", "[http]\ntls-cert='a'\ntls-key='a'", "[http]\ntls-cert='b'\ntls-key='b'", nil},
		{
			"TLS went off", "[http]\ntls-cert='a'\ntls-key='a'", "", []string{"http.tls-cert", "http.tls-key"},
		},
		{"switches in another order", fs("a", "") + fs("b", ""), fs("b", "") + fs("a", ""), nil},
		{
			"a switch came, one went, one changed", fs("a", "") + fs("b", ""), fs("b", "password='x'\nlocal-ip='10.0.0.1'") + fs("c", ""),
			[]string{"freeswitch.a", "freeswitch.b.local-ip", "freeswitch.c"},
		},
		{"another dial string", fs("a", ""), fs("a", "dial-string='x/{ext}'"), []string{"freeswitch.a.dial-string"}},
		{"another wrap-up", "[acd]\nrecover-seconds=1", "[acd]\nrecover-seconds=2", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := parse(test.before).Restart(parse(test.after)); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestDebugOutranksLogLevel(t *testing.T) {
	c := Default()
	if c.LogLevel() != "info" {
		t.Errorf("level is %s, want info", c.LogLevel())
	}
	c.ACD.Debug = true
	if c.LogLevel() != "debug" {
		t.Errorf("with debug, level is %s", c.LogLevel())
	}
}

func TestCommandPortIsDialledOnLoopbackWhenItIsOnAllAddresses(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8022": "127.0.0.1:8022", "10.0.0.5:8022": "10.0.0.5:8022",
		"0.0.0.0:8022": "127.0.0.1:8022", ":8022": "127.0.0.1:8022", "[::]:8022": "[::1]:8022",
	} {
		if got := (Control{Listen: listen}).DialAddress(); got != want {
			t.Errorf("%s is dialled at %s, want %s", listen, got, want)
		}
	}
}

// The container's file has open ports and no secrets. It must be refused until the environment has
// the secrets.
func TestComposeConfiguration(t *testing.T) {
	const file = "../deploy/nwayacd.compose.toml"
	for _, secret := range []string{"DBSTRING", "CONTROL_PASSWORD", "HTTP_TOKEN", "FREESWITCH_PASSWORD"} {
		t.Setenv("NWAYACD_"+secret, "") // put back after the test
		os.Unsetenv("NWAYACD_" + secret)
	}
	_, err := Load(file)
	if faults, ok := errors.AsType[Faults](err); !ok || len(faults) != 2 {
		t.Errorf("without secrets: error is %v, want two faults", err)
	}
	t.Setenv("NWAYACD_DBSTRING", "host=postgres")
	t.Setenv("NWAYACD_CONTROL_PASSWORD", "a")
	t.Setenv("NWAYACD_HTTP_TOKEN", "b")
	if _, err := Load(file); err != nil {
		t.Error(err)
	}
}
