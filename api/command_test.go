package api_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"nwayacd/api"
	"nwayacd/api/apitest"
	"nwayacd/internal/auth"
	"nwayacd/queue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write docs/commands.md again")

func TestCommands(t *testing.T) {
	s, _ := apitest.Server()
	for _, c := range []struct{ line, reply string }{
		{"nway_add_group 120 0", "+OK group 120 added, mode sequence"},
		{"nway_add_group 120 0", "-ERR group 120: exists already"},
		{"nway_add_ext 1001 secret", "+OK extension 1001 added"},
		{"nway_add_ext 1001 secret", "-ERR extension 1001: exists already"},
		{"nway_login 1001 110,120", "+OK 1001 logged in to 110,120"},
		{"nway_busy 1001", "+OK 1001 busy"},
		{"nway_busy 1001 lunch", "+OK 1001 busy: lunch"},
		{"nway_ready 1001", "+OK 1001 ready"},
		{"nway_leave 1001 120", "+OK 1001 is no member of 120"},
		{"nway_join 1001 120", "+OK 1001 is a member of 120"},
		{"nway_set_ext 1001 wrap_up_seconds 30", "+OK 1001: wrap_up_seconds is 30"},
		{"nway_set_ext 1001 wrap_up_seconds default", "+OK 1001: wrap_up_seconds is left to the default, recover-seconds"},
		{"nway_set_ext 1001 name 'Ann Lee'", "+OK 1001: name is Ann Lee"},
		{"nway_set_ext 1001 dnd true", "+OK 1001: dnd is true"},
		{"nway_set_group 120 ring_seconds 20", "+OK group 120: ring_seconds is 20"},
		{"nway_set_group 120 ring_seconds default", "+OK group 120: ring_seconds is left to the default, 15"},
		{"nway_set_group 120 caller_prefix 'Sales: '", "+OK group 120: caller_prefix is Sales: "},
		{"nway_set_reason prayer 'Short prayer' paid active 5", "+OK reason prayer set"},
		{"nway_busy 1001 prayer", "+OK 1001 busy: prayer"},
		{"nway_rm_reason prayer", "+OK reason prayer removed"},
		{"nway_busy 1001 prayer", "-ERR prayer: no such reason; there are break, lunch, training, meeting"},
		{"nway_list_reasons", "code|name|paid|active|position\nbreak|Break|true|true|1\nlunch|Lunch|false|true|2\n" +
			"training|Training|true|true|3\nmeeting|Meeting|true|true|4\n\n+OK"},
		{"NWAY_Ready '1001'", "+OK 1001 ready"},
		{"nway_set_ext_jobnumber 1001 8001 true", `+OK 1001 has job number "8001", said to callers: true`},
		{"nway_set_ext_jobnumber 1001 '' false", `+OK 1001 has job number "", said to callers: false`},
		{"nway_set_unreg_ext 1001", "+OK 1001 unregistered"},
		{"nway_set_reged_ext 1001", "+OK 1001 registered"},
		{"nway_set_ring_group 120 '/my files/w.wav' - - -", "+OK prompts of group 120 set"},
		{"nway_set_ring_group 120 - local_stream://moh - -", "+OK prompts of group 120 set"},
		{"nway_set_ring_group 120 - /b.wav /c.wav ''", "+OK prompts of group 120 set"},
		{
			"nway_set_ring_group 120 - - shell_stream:///bin/id -",
			"-ERR busy: prompt: shell_stream:// is not allowed; [prompts] schemes has those that are: local_stream, " +
				"tone_stream, silence_stream, file_string, say, phrase",
		},
		{"nway_logout 1001", "+OK 1001 logged out"},
		{"nway_rm_ext 1001", "+OK extension 1001 removed"},
		{"nway_rm_ext 1001", "-ERR extension 1001: no such extension"},
		{"nwayacd_version", "+OK nwayacd 1.2.3, commit abc, go1.26, SQLite 3"},
		{"nway_reload", "+OK read again"},
		{"nway_list_calls json", "[]"},
		{"nway_list_calls", callHeader + "\n\n+OK"},
		{"originate user/1000", "-ERR originate command not found"},
		{"", "-ERR no command"},
	} {
		if got := api.Run(apitest.As(t.Context(), auth.Admin), s, c.line); got != c.reply {
			t.Errorf("%.60s\n got  %s\n want %s", c.line, got, c.reply)
		}
	}
	want := queue.Prompts{Welcome: "/my files/w.wav", Blacklist: "/b.wav", Busy: "/c.wav"}
	groups := s.ACD.Dispatcher.Groups()
	if i := slices.IndexFunc(groups,
		func(g queue.GroupView) bool { return g.Number == "120" }); groups[i].Prompts != want {
		t.Errorf("prompts %+v, want %+v", groups[i].Prompts, want)
	}
	if reply := api.Run(apitest.As(t.Context(), auth.Admin), s, "nway_rm_group 120"); reply != "+OK group 120 removed" ||
		len(s.ACD.Dispatcher.Groups()) != 1 {
		t.Errorf("%s, groups %v", reply, s.ACD.Dispatcher.Groups())
	}
}

type wrongUse struct {
	command, right string
	wrong          []string // arguments → text in the reply
}

// wrongUses has, for each command, arguments that its syntax accepts, and at least ten uses that
// are refused.
var wrongUses = []wrongUse{
	{"nwayacd", "5fa9 110", []string{
		" → -USAGE", "5fa9 → -USAGE", "5fa9 110 120 → -USAGE", "5fa9 999 → -ERR", "5fa9 110 → -ERR",
		"'5fa 9' 110 → -ERR uuid", "'' 110 → -ERR uuid", "5fa9;x 110 → -ERR uuid", "5fa9' 110 → -ERR uuid",
		"5fa9 1,2 → -ERR group", "5fa9 $(id) → -ERR group",
	}},
	{"nway_login", "1000 110", []string{
		" → -USAGE", "1000 → -USAGE", "1000 110 120 → -USAGE", "9 110 → no such extension",
		"1000 110,999 → no such group", "1000 110, → -ERR groups", "1000 ,110 → -ERR groups", "1000 '' → -ERR groups",
		"1'or'1 110 → -ERR extension", "1000 '110, 120' → -ERR groups",
	}},
	{"nway_logout", "1000", oneExtension},
	{"nway_busy", "1000 lunch", []string{
		" → -USAGE", "1000 lunch x → -USAGE", "9 → no such extension", "9 lunch → no such extension",
		"1000 siesta → there are break, lunch, training, meeting", "1000 Lunch → no such reason",
		"1000 '' → -ERR reason", "1000 'lunch break' → -ERR reason", "1000 lunch;x → -ERR reason", "'' lunch → -ERR extension",
		"1000 supervisor → no such reason",
	}},
	{"nway_ready", "1000", oneExtension},
	{"nway_wrap", "1000 30", []string{
		" → -USAGE", "1000 → -USAGE", "1000 30 x → -USAGE", "9 30 → no such extension", "1000 30 → not in wrap-up",
		"1000 0 → -ERR seconds", "1000 -5 → -ERR seconds", "1000 3601 → -ERR seconds", "1000 1.5 → -ERR seconds",
		"1000 x → -ERR seconds", "1000 '' → -ERR seconds",
	}},
	{"nway_join", "1000 110", append([]string{"1000 999 → no such group", "9 110 → no such extension"}, member...)},
	{"nway_leave", "1000 110", append([]string{"1000 110 → not a member", "9 110 → no such extension"}, member...)},
	{"nway_list_exts", "json", listing},
	{"nway_list_groups", "json", listing},
	{"nway_list_calls", "json", listing},
	{"nway_add_ext", "1001 secret", []string{
		" → -USAGE", "1001 → -USAGE", "1001 a b → -USAGE", "1000 secret → exists already", "1'or'1 x → -ERR extension",
		"1001 '' → -ERR password", "1001 'a b' → -ERR password", "1001 pässe → -ERR password", "'' x → -ERR extension",
		"10011001100110011001100110011001100 x → -ERR extension", ". x → -ERR extension", ".. x → -ERR extension",
	}},
	{"nway_rm_ext", "1000", oneExtension},
	{"nway_set_ext_jobnumber", "1000 8001 true", []string{
		" → -USAGE", "1000 → -USAGE", "1000 8001 → -USAGE", "1000 8001 true x → -USAGE", "1000 8001 yes → -USAGE",
		"1000 8001 TRUE → -USAGE", "9 8001 true → no such extension", "1000 '80 01' true → -ERR job number",
		"1000 '' true → no job number", "1000 8;1 true → -ERR job number",
		"1000 12345678901234567890123456789012345678901 true → -ERR job number",
	}},
	{"nway_set_ext", "1000 name x", []string{
		" → -USAGE", "1000 name → -USAGE", "1000 name x y → -USAGE", "9 name x → no such extension",
		"1000 colour x → is no setting; there are name, job_number", "1000 dnd yes → true or false, or default",
		"1000 wrap_up_seconds -2 → whole seconds from -1 to 86400", "1000 max_misses many → a whole number",
		"1000 dial_string {a=b}user/1 → no braces but {ext}", "1000 'dial string' x → -ERR key",
		"1000 say_job_number true → no job number", "1000 allowed_groups 110,999 → no such group",
		"1000 allowed_groups '110, 120' → commas between them",
	}},
	{"nway_show_ext", "1000 json", append([]string{"1000 yaml → -USAGE"}, oneExtension...)},
	{"nway_set_reged_ext", "1000", oneExtension},
	{"nway_set_unreg_ext", "1000", oneExtension},
	{"nway_add_group", "120 0", []string{
		" → -USAGE", "120 → -USAGE", "120 0 0 → -USAGE", "110 0 → exists already", "120 6 → -ERR mode",
		"120 -1 → -ERR mode", "120 x → -ERR mode", "120 '' → -ERR mode", "1;2 0 → -ERR group", "'1 2' 0 → -ERR group",
		"120 00 → -ERR mode", ".. 0 → -ERR group",
	}},
	{"nway_rm_group", "110", []string{
		" → -USAGE", "110 120 → -USAGE", "999 → no such group", "110, → -ERR group", "'' → -ERR group",
		"'11 0' → -ERR group", "1'1 → -ERR group", "一一〇 → -ERR group", "110;drop → -ERR group", "* → no such group",
	}},
	{"nway_set_ring_group", "110 a b c d", []string{
		" → -USAGE", "110 → -USAGE", "110 a b c → -USAGE", "110 a b c d e → -USAGE", "999 a b c d → no such group",
		"999 - - - - → no such group", "'' a b c d → -ERR group", "11|0 a b c d → -ERR group",
		"110 " + strings.Repeat("w", 256) + " b c d → -ERR welcome",
		"110 a b c " + strings.Repeat("w", 256) + " → -ERR transfer",
	}},
	{"nway_set_group", "110 warn_waiting 20", []string{
		" → -USAGE", "110 → -USAGE", "110 mode → -USAGE", "110 mode 1 2 → -USAGE", "999 mode 1 → no such group",
		"110 ring_seconds 0 → whole seconds from 1 to 3600", "110 ring_seconds 1h → whole seconds",
		"110 mode 6 → from 0 to 5, or default", "110 welcome ${x} → without ${", "110 ring 20 → is no setting",
		"110 service_level_formula best → one of short-excluded, all, answered", "'' mode 1 → -ERR group",
	}},
	{"nway_show_group", "110 json", []string{
		" → -USAGE", "110 yaml → -USAGE", "110 json x → -USAGE", "999 → no such group", "'' → -ERR group", "1,2 → -ERR group",
		"'1 1' → -ERR group", "1;1 → -ERR group", "一 → -ERR group", "110 JSON → -USAGE",
	}},
	{"nway_list_reasons", "json", listing},
	{"nway_set_reason", "prayer Prayer paid active 5", []string{
		" → -USAGE", "prayer → -USAGE", "prayer x paid active → -USAGE", "prayer x free active 5 → -USAGE",
		"prayer x paid yes 5 → -USAGE", "prayer x paid active 5 6 → -USAGE", "'' x paid active 5 → -ERR code",
		"'a b' x paid active 5 → -ERR code", "prayer '' paid active 5 → -ERR title", "prayer x paid active -1 → -ERR position",
		"prayer x paid active 99999 → -ERR position",
	}},
	{"nway_rm_reason", "lunch", []string{
		" → -USAGE", "lunch x → -USAGE", "siesta → no such reason", "'' → -ERR code", "'a b' → -ERR code", "a,b → -ERR code",
		"a;b → -ERR code", "午餐 → -ERR code", "aaaaabbbbbcccccddddde → -ERR code", "* → -ERR code",
	}},
	{"nwayacd_transfer", "5fa9 1000", []string{
		" → -USAGE", "5fa9 → -USAGE", "5fa9 1000 1001 → -USAGE", "nobody 1000 → no such call",
		"nobody 9 → no such call", "5fa9 '' → -ERR extension", "'' 1000 → -ERR uuid", "5f{a} 1000 → -ERR uuid",
		"5fa9 10'00 → -ERR extension", "'5fa9 x' 1000 → -ERR uuid",
	}},
	{"nway_uuid_hold", "5fa9", oneTalk},
	{"nway_uuid_unhold", "5fa9", oneTalk},
	{"nway_threeway", "5fa9 018621575908 gw1", []string{
		" → -USAGE", "5fa9 → -USAGE", "5fa9 01862 → -USAGE", "5fa9 01862 gw1 x → -USAGE",
		"nobody 01862 gw1 → not in a talk", "5fa9 01'62 gw1 → -ERR phone", "5fa9 '018 62' gw1 → -ERR phone",
		"5fa9 01862 gw/1 → -ERR gateway", "5fa9 01862 '' → -ERR gateway", "5fa9 {a=b}1 gw1 → -ERR phone",
		"5fa9 1,2 gw1 → -ERR phone",
	}},
	{"nway_user", "list", []string{
		" → -USAGE", "List → -USAGE", "list anna → -USAGE", "add → -USAGE", "add anna → -USAGE", "add anna root → -ERR role",
		"add Anna read → -ERR name", "add anna dialplan → -ERR role", "add anna local → -ERR role",
		"add anna metrics → role must be", "add anna agent → needs an extension", "add anna read 1;2 → -ERR groups",
		"add anna read - - plaintext → not argon2id", "change nosuch read → no such user", "password nosuch → no such user",
		"password anna plaintext → -ERR role", "disable nosuch → no such user", "remove nosuch → no such user",
		"remove → -USAGE", "remove a b → -ERR role", "list|add → -USAGE",
	}},
	{"nway_token", "list", []string{
		" → -USAGE", "list crm → -USAGE", "add crm → -USAGE", "add crm root → -ERR role", "add CRM read → -ERR name",
		"add crm read * - -1 → -ERR days", "add crm read * - 4000 → -ERR days", "add crm read * - 0 abc → 64 hexadecimal",
		"remove nosuch → no such token", "disable nosuch → no such token", "change crm read → -USAGE",
	}},
	{"nway_drop", "5fa9", []string{
		" → -USAGE", "5fa9 5fa9 → -USAGE", "nobody → no such call", "1000 → no such call", "'' → -ERR uuid",
		"'5f a9' → -ERR uuid", "5f;a9 → -ERR uuid", "5fa9' → -ERR uuid", "{5fa9} → -ERR uuid", "五 → -ERR uuid",
	}},
	{"nwayacd_version", "", noArguments},
	{"nway_reload", "", noArguments},
}

var (
	member = []string{
		" → -USAGE", "1000 → -USAGE", "1000 110 120 → -USAGE", "1000 110,120 → -ERR group", "1000 '' → -ERR group",
		"'' 110 → -ERR extension", "'10 00' 110 → -ERR extension", "1000 1;0 → -ERR group",
	}
	oneExtension = []string{
		" → -USAGE", "1000 1001 → -USAGE", "9 → no such extension", "'' → -ERR extension", "'10 00' → -ERR extension",
		"1000, → -ERR extension", "1'or'1 → -ERR extension", "10;00 → -ERR extension", "一千 → -ERR extension",
		"${ext} → -ERR extension",
	}
	oneTalk = []string{
		" → -USAGE", "5fa9 5fa9 → -USAGE", "nobody → not in a talk", "1000 → not in a talk", "'' → -ERR uuid",
		"'5f a9' → -ERR uuid", "5f;a9 → -ERR uuid", "5fa9' → -ERR uuid", "{5fa9} → -ERR uuid", "五 → -ERR uuid",
	}
	listing = []string{
		"yaml → -USAGE", "JSON → -USAGE", "json json → -USAGE", "'' → -USAGE", "1000 → -USAGE", "json, → -USAGE",
		"-json → -USAGE", "'json ' → -USAGE", "* → -USAGE", "as json → -USAGE",
	}
	noArguments = []string{
		"now → -USAGE", "1 → -USAGE", "'' → -USAGE", "a b → -USAGE", "json → -USAGE", "-v → -USAGE", "* → -USAGE",
		"'a b' → -USAGE", "; → -USAGE", "一 → -USAGE",
	}
)

// inEveryCommand has changes that make right arguments wrong.
var inEveryCommand = []struct{ spoil, want string }{
	{"%s\t", "control characters"},
	{"%s\x00", "control characters"},
	{"%s \x1b[2J", "control characters"},
	{"%s\r\nauth x", "control characters"},
	{"%s \u0085", "control characters"},
	{"%s 'x", "not closed"},
	{"%s \"x", "not closed"},
	{"%s 'x'y", "space is missing"},
	{"%s \xff", "not UTF-8"},
	{"%s " + strings.Repeat("1", 10_000), "at most 4096"},
}

func TestWrongUsesAreRefusedAndChangeNothing(t *testing.T) {
	for i, use := range wrongUses {
		if api.Commands[i].Name != use.command {
			t.Fatalf("the wrong uses of %s are missing", api.Commands[i].Name)
		}
		if len(use.wrong) < 10 {
			t.Errorf("%s: only %d wrong uses", use.command, len(use.wrong))
		}
		t.Run(use.command, func(t *testing.T) {
			s, journal := apitest.Server()
			reloads := 0
			s.Reload = func() (string, error) { reloads++; return "", nil }
			before := floor(s)
			try := func(line, want string) {
				reply := api.Run(apitest.As(t.Context(), auth.Admin), s, line)
				if !strings.HasPrefix(reply, "-ERR ") && !strings.HasPrefix(reply, "-USAGE: "+use.command) ||
					!strings.Contains(reply, want) {
					t.Errorf("%.80q\n got  %s\n want %s", line, reply, want)
				}
				if len(reply) > 300 || strings.ContainsAny(reply, "\x00\x1b\r\n\t") {
					t.Errorf("%.80q: the reply cannot be shown: %.400q", line, reply)
				}
				if after := floor(s); after != before || journal.Written.Load() != 0 || reloads != 0 {
					t.Fatalf("%.80q changed something:\n%s\n%s", line, before, after)
				}
			}
			for _, w := range use.wrong {
				args, want, _ := strings.Cut(w, " → ")
				try(use.command+" "+args, want)
			}
			for _, c := range inEveryCommand {
				try(fmt.Sprintf(use.command+" "+c.spoil, use.right), c.want)
			}
		})
	}
	if len(wrongUses) != len(api.Commands) {
		t.Errorf("wrong uses of %d commands, there are %d", len(wrongUses), len(api.Commands))
	}
}

func floor(s api.Server) string {
	return fmt.Sprintf("%+v\n%+v", s.ACD.Dispatcher.Agents(), s.ACD.Dispatcher.Groups())
}

func TestAPasswordIsNotRepeatedInARefusal(t *testing.T) {
	s, _ := apitest.Server()
	if reply := api.Run(apitest.As(t.Context(), auth.Admin), s, "nway_add_ext 1001 'top secret'"); strings.Contains(reply, "top") {
		t.Error(reply)
	}
}

func TestTheJSONOfTheListsHasTheNewSettings(t *testing.T) {
	s, _ := apitest.Server()
	if err := s.ACD.Dispatcher.SetGroup(t.Context(), queue.GroupUpdate{Number: "110", CallerPrefix: new("Sales: ")}); err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]string{
		"nway_list_groups json": `"caller_prefix":"Sales: "`,
		"nway_list_exts json":   `"progress_seconds":0`,
	} {
		if got := api.Run(apitest.As(t.Context(), auth.Admin), s, command); !strings.Contains(got, want) {
			t.Errorf("%s: %s", command, got)
		}
	}
}

func TestListsHoldWhateverIsInAName(t *testing.T) {
	s, _ := apitest.Server()
	want := extensionHeader + "\n1000|Ann a|unreg|down|busy|ready|false||||||0|||\n\n+OK"
	if got := api.Run(apitest.As(t.Context(), auth.Admin), s, "nway_list_exts"); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	want = groupHeader + "\n110||2|||0|0|0|\n\n+OK"
	if got := api.Run(apitest.As(t.Context(), auth.Admin), s, "nway_list_groups"); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Users of mod_nwayacd rely on the names of these commands.
func TestEveryPromisedCommandIsThere(t *testing.T) {
	promised := `nwayacd nway_login nway_logout nway_busy nway_ready nway_list_exts nway_list_groups nway_add_ext nway_rm_ext
		nway_set_ext_jobnumber nway_set_reged_ext nway_set_unreg_ext nway_add_group nway_rm_group nway_set_ring_group
		nwayacd_transfer nway_uuid_hold nway_uuid_unhold nway_threeway nwayacd_version`
	for name := range strings.FieldsSeq(promised) {
		if api.Find(name) == nil {
			t.Errorf("%s is missing", name)
		}
	}
	for _, c := range api.Commands {
		c.Arguments() // panics if the syntax has a word without a meaning
	}
}

const (
	callHeader      = "uuid|caller|dialled|group|vip|phase|agent|switch|seconds|phase_seconds"
	extensionHeader = "extension|name|reg_state|seat_state|seat_status|call_state|available|job_number|groups|" +
		"call_uuid|rest_cause|rest_until|misses|pause_reason|paused_since|login_since"
	groupHeader = "group|name|mode|current_ext_number|members|available|waiting|talking|longest_wait"
)

const commandsPage = "../docs/commands.md"

func TestThePageOfCommandsIsTheTable(t *testing.T) {
	page := commandsMarkdown()
	if *update {
		if err := os.WriteFile(commandsPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(commandsPage)
	if err != nil || string(written) != page {
		t.Errorf("docs/commands.md differs from the table; go test ./api -run %s -update writes it again (%v)",
			t.Name(), err)
	}
}

func commandsMarkdown() string {
	cell := strings.NewReplacer("|", `\|`)
	var b strings.Builder
	b.WriteString(commandsHead)
	for _, c := range api.Commands {
		fmt.Fprintf(&b, "| `%s` | %s |\n", cell.Replace(c.Usage()), cell.Replace(c.Does))
	}
	b.WriteString("\n## Arguments\n| word | allowed |\n|---|---|\n")
	for _, a := range api.Arguments {
		if a.Rule != "" {
			fmt.Fprintf(&b, "| `%s` | %s: %s |\n", a.Word, a.Name, cell.Replace(a.Rule))
		}
	}
	b.WriteString(commandsFoot)
	return b.String()
}

const commandsHead = `# Commands

This page is made from the table in ` + "`" + `api/table.go` + "`" + `; a test compares the two.

A command can be given in four ways:
* on the command port: ` + "`" + `fs_cli -P 8022 -p PASSWORD -x "nway_list_groups"` + "`" + `, or ` + "`" + `api` + "`" + ` and ` + "`" + `bgapi` + "`" + ` of
  any Event Socket library;
* in a shell: ` + "`" + `nwayacd cmd "nway_login 1000 110"` + "`" + `, with ` + "`" + `--json` + "`" + ` for scripts;
* in a dialplan: ` + "`" + `socket HOST:8084/cmd/nway_login/1000/110` + "`" + `; the reply is in the variable
  ` + "`" + `nwayacd_reply` + "`" + `. ` + "`" + `[server] commands` + "`" + ` says which commands, and they are for the channel's own
  ` + "`" + `user_name` + "`" + `;
* over HTTP, as operations on resources: see the page at ` + "`" + `/docs` + "`" + ` of the HTTP port.

| reply | meaning | exit code of ` + "`" + `nwayacd cmd` + "`" + ` |
|---|---|---|
| ` + "`" + `+OK …` + "`" + `, or a list | done; the change is safe from a crash | 0 |
| ` + "`" + `-ERR reason` + "`" + ` | refused, nothing changed | 1 |
| ` + "`" + `-USAGE: syntax` + "`" + ` | the arguments are not those of the command | 2 |
| | no server there, or not with this password | 3 |

| command | effect |
|---|---|
`

const commandsFoot = `
* A word with spaces, or an empty one, stands in quotes (` + "`" + `'…'` + "`" + ` or ` + "`" + `"…"` + "`" + `).
* Names of commands are read in either letter case.
* A line has at most 4096 characters, and no control characters.

## Agents in a pause
` + "`nway_list_exts`" + ` has these as its last columns, and in JSON under the same names:

| column | meaning |
|---|---|
| ` + "`pause_reason`" + ` | why the agent is busy: a code of ` + "`nway_list_reasons`, or `supervisor`" + ` |
| ` + "`paused_since`" + ` | since when; empty if the agent is not busy |
| ` + "`login_since`" + ` | since when the agent is logged in |

[groups.md](groups.md#reasons-for-a-pause) says more about reasons.

## Agents who rest
An agent who missed an offer rests: the agent is offered nothing for a while, and ` + "`" + `call_state` + "`" + ` stays
` + "`" + `ready` + "`" + `. ` + "`" + `nway_list_exts` + "`" + ` shows it in these columns, and in JSON under the same names:

| column | meaning |
|---|---|
| ` + "`" + `rest_cause` + "`" + ` | ` + "`" + `busy` + "`" + `, ` + "`" + `reject` + "`" + `, ` + "`" + `noanswer` + "`" + ` or ` + "`" + `unreachable` + "`" + `; empty if the agent does not rest |
| ` + "`" + `rest_until` + "`" + ` | the end of the rest |
| ` + "`" + `misses` + "`" + ` | offers missed in a row. An answered call, a new registration, ` + "`" + `nway_ready` + "`" + ` or ` + "`" + `nway_login` + "`" + ` ends the row and the rest |

How long a rest is, and after how many misses an agent is ` + "`" + `noanswer` + "`" + `, is in
[operations.md](operations.md#agents-who-rest).

## The command port
It speaks the inbound protocol of FreeSWITCH's event socket:
* ` + "`" + `auth` + "`" + `, ` + "`" + `exit` + "`" + `;
* ` + "`" + `api` + "`" + `, and ` + "`" + `bgapi` + "`" + ` with a Job-UUID of one's own or a new one; the answer is a BACKGROUND_JOB
  event;
* ` + "`" + `event plain|json|xml` + "`" + `, ` + "`" + `nixevent` + "`" + `, ` + "`" + `noevents` + "`" + `, ` + "`" + `filter` + "`" + `, ` + "`" + `filter delete` + "`" + `, ` + "`" + `log` + "`" + `, ` + "`" + `nolog` + "`" + `.

To get our events: ` + "`" + `event plain CUSTOM nwayacd::queue nwayacd::info nwayacd::agent` + "`" + `, or ALL.
* A client that does not read what it subscribed to is cut off.
* Too many connections get ` + "`" + `text/rude-rejection` + "`" + `, and too many wrong passwords have to wait: see
  [operations.md](operations.md#limits).

**Pass-through.** With ` + "`" + `pass-through = "NAME"` + "`" + ` each client has a connection of its own to that
FreeSWITCH, behind this one. It needs ` + "`" + `[control] password` + "`" + `.
* Every command that is not in the table above goes there. Its replies and events come back in
  order.
* Our own events still come once only, from here.
* When that FreeSWITCH goes away, the client's connection ends, as it would without nwayacd.
`

func TestWhatOthersSeeOfALineHasNoPassword(t *testing.T) {
	for line, want := range map[string][2]string{
		`nway_add_ext 2001 zebra`:       {"nway_add_ext", "2001"},
		`"nway_add_ext" 2001 zebra`:     {"nway_add_ext", "2001"},
		`'NWAY_ADD_EXT' '2001' "zebra"`: {"NWAY_ADD_EXT", "2001"},
		`nway_add_ext 2001 'zebra`:      {"nway_add_ext", ""},
		`nway_add_exx 2001 zebra`:       {"nway_add_exx", ""},
		`nway_add_ext  2001  zebra`:     {"nway_add_ext", "2001"},
		`nway_login 1000 110`:           {"nway_login", "1000 110"},
		``:                              {"", ""},
	} {
		if command, arguments := api.Public(line); command != want[0] || arguments != want[1] {
			t.Errorf("%s is shown as %q %q", line, command, arguments)
		}
	}
}

func TestACommandInQuotesIsOurs(t *testing.T) {
	for _, line := range []string{`nway_ready 1000`, `"nway_ready" 1000`, `'nway_ready' 1000`, `"nway_ready 1000`} {
		if api.Named(line) == nil {
			t.Errorf("%s would go to FreeSWITCH", line)
		}
	}
	if api.Named("status") != nil || api.Named("") != nil {
		t.Error("what is FreeSWITCH's is ours")
	}
}
