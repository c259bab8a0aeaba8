package top

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// View is the floor at one moment.
type View struct {
	Server  string // its command port
	At      time.Time
	Trouble string // why there is nothing newer; "" = the connection is up
	Groups  []Group
	Callers []Caller // waiting, in any order
	Agents  []Agent
	Talking int
}

// Group is one row of the table of groups.
type Group struct {
	Number, Name, Mode                   string
	Members, Available, Waiting, Talking int
}

// Caller is one row of the table of callers: a caller whom no agent has answered yet.
type Caller struct {
	Number, Group, State, Agent string
	VIP                         bool
	Wait, For                   time.Duration // since arrival, and in State
}

// Agent is one row of the table of agents.
type Agent struct {
	Extension, Name, State, Caller string
	Rest                           string // in the state rest: why, and how much longer
	Groups                         []string
	For                            time.Duration // in State; below 0: since before the first look
}

// states are the states of agents, the most interesting first.
var states = []string{
	"noanswer", "ring", "talking", "typing", "rest", "outside", "ready", "busy", "dnd", "locked",
	"unreg", "down",
}

// headings is the number of lines that are not rows of the three tables.
const headings = 2 + 3*2

// render draws the view for a screen of that size, without control characters. A width or height of
// 0 has no limit.
func (v View) render(width, height int) string {
	tables := []table{v.groupTable(), v.callerTable(), v.agentTable()}
	needs := make([]int, len(tables))
	for i, t := range tables {
		needs[i] = len(t.rows)
	}
	rows := height - headings
	if height <= 0 {
		rows = len(v.Groups) + len(v.Callers) + len(v.Agents)
	}
	lines := v.heading()
	for i, room := range share(rows, needs) {
		lines = append(append(lines, ""), tables[i].lines(room)...)
	}
	if height > 0 {
		lines = lines[:min(len(lines), height)]
		lines[0] = beside(lines[0], "q quits", width)
	}
	for i, line := range lines {
		lines[i] = clip(strings.TrimRight(line, " "), width)
	}
	return strings.Join(lines, "\n") + "\n"
}

// share gives the tables one row each in turn, until there are no rows left or all tables are
// complete.
func share(rows int, needs []int) []int {
	given := make([]int, len(needs))
	for progress := true; progress && rows > 0; {
		progress = false
		for i := range needs {
			if given[i] < needs[i] && rows > 0 {
				given[i]++
				rows--
				progress = true
			}
		}
	}
	return given
}

// beside puts a word at the right edge of a line, if there is room.
func beside(line, word string, width int) string {
	if room := width - breadth(line) - breadth(word); room >= 2 {
		return line + strings.Repeat(" ", room) + word
	}
	return line
}

func (v View) heading() []string {
	count := map[string]int{}
	for _, a := range v.Agents {
		count[a.State]++
	}
	var agents strings.Builder
	fmt.Fprintf(&agents, "%d agents", len(v.Agents))
	for _, state := range states {
		if count[state] > 0 {
			fmt.Fprintf(&agents, ", %d %s", count[state], state)
		}
	}
	calls := fmt.Sprintf("%d waiting, %d talking", len(v.Callers), v.Talking)
	if longest := v.longest(""); longest >= 0 {
		calls = fmt.Sprintf("%d waiting (longest %s), %d talking", len(v.Callers), clock(longest), v.Talking)
	}
	first := fmt.Sprintf("nwayacd %s  %s  %s", v.Server, v.At.Format("15:04:05"), calls)
	if v.Trouble != "" {
		return []string{first, "NO CONNECTION, old values (" + printable(v.Trouble) + ")"}
	}
	return []string{first, agents.String()}
}

// longest returns the longest wait in a group, or in all groups if group is "". It is below 0 if no
// caller waits.
func (v View) longest(group string) time.Duration {
	longest := time.Duration(-1)
	for _, c := range v.Callers {
		if group == "" || c.Group == group {
			longest = max(longest, c.Wait)
		}
	}
	return longest
}

func (v View) groupTable() table {
	t := table{columns: []column{
		{"GROUP", false, 12},
		{"WAITING", true, 8},
		{"LONGEST", true, 9},
		{"AVAILABLE", true, 9},
		{"TALKING", true, 8},
		{"MEMBERS", true, 8},
		{"MODE", false, 18},
		{"NAME", false, 20},
	}}
	for _, g := range v.Groups {
		t.add(g.Number, fmt.Sprint(g.Waiting), clock(v.longest(g.Number)), fmt.Sprint(g.Available),
			fmt.Sprint(g.Talking),
			fmt.Sprint(g.Members), g.Mode, g.Name)
	}
	return t
}

func (v View) callerTable() table {
	t := table{columns: []column{
		{"CALLER", false, 20},
		{"WAIT", true, 9},
		{"STATE", false, 10},
		{"FOR", true, 9},
		{"GROUP", false, 12},
		{"AGENT", false, 12},
		{"", false, 3},
	}}
	byWait := slices.SortedStableFunc(slices.Values(v.Callers), func(a, b Caller) int { return int(b.Wait - a.Wait) })
	for _, c := range byWait {
		number, vip := c.Number, ""
		if number == "" {
			number = "anonymous"
		}
		if c.VIP {
			vip = "VIP"
		}
		t.add(number, clock(c.Wait), c.State, clock(c.For), c.Group, c.Agent, vip)
	}
	return t
}

func (v View) agentTable() table {
	t := table{columns: []column{
		{"AGENT", false, 12},
		{"STATE", false, 21},
		{"FOR", true, 9},
		{"CALLER", false, 20},
		{"NAME", false, 20},
		{"GROUPS", false, 0},
	}}
	interest := func(a Agent) int { return slices.Index(states, a.State) }
	for _, a := range slices.SortedStableFunc(slices.Values(v.Agents),
		func(a, b Agent) int { return interest(a) - interest(b) }) {
		t.add(a.Extension, strings.TrimSpace(a.State+" "+a.Rest), clock(a.For), a.Caller, a.Name,
			strings.Join(a.Groups, ","))
	}
	return t
}

// table is a table that is being built.
type table struct {
	columns []column
	rows    [][]string
}

type column struct {
	title string
	right bool
	most  int // greatest width; 0 is no limit
}

func (t *table) add(cells ...string) {
	for i, c := range t.columns {
		cells[i] = clip(printable(cells[i]), c.most)
	}
	t.rows = append(t.rows, cells)
}

// lines returns the titles and at most room rows. If there are more rows, the last line says how
// many.
func (t *table) lines(room int) []string {
	titles := make([]string, len(t.columns))
	for i, c := range t.columns {
		titles[i] = c.title
	}
	shown := t.rows[:room]
	if room > 0 && room < len(t.rows) {
		shown = t.rows[:room-1]
	}
	all := append([][]string{titles}, shown...)
	widths := t.widths(all)
	var lines []string
	for _, cells := range all {
		lines = append(lines, t.line(cells, widths))
	}
	if more := len(t.rows) - len(shown); more > 0 && room > 0 {
		lines = append(lines, fmt.Sprintf("… %d more", more))
	}
	return lines
}

// widths returns the width of the widest cell of each column.
func (t *table) widths(rows [][]string) []int {
	widths := make([]int, len(t.columns))
	for _, cells := range rows {
		for i, cell := range cells {
			widths[i] = max(widths[i], breadth(cell))
		}
	}
	return widths
}

func (t *table) line(cells []string, widths []int) string {
	var b strings.Builder
	for i, c := range t.columns {
		pad := strings.Repeat(" ", widths[i]-breadth(cells[i]))
		if c.right {
			b.WriteString(pad + cells[i] + "  ")
		} else {
			b.WriteString(cells[i] + pad + "  ")
		}
	}
	return b.String()
}

// clock returns a duration as 0:05, 12:34 or 1:02:03, or "-" if it is below 0.
func clock(d time.Duration) string {
	s := int(d / time.Second)
	switch {
	case d < 0:
		return "-"
	case s < 3600:
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// printable replaces unprintable characters, so that text of callers and operators cannot control
// the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// clip cuts printable text to a number of columns of a terminal; 0 is no limit.
func clip(s string, width int) string {
	if width <= 0 || breadth(s) <= width {
		return s
	}
	used := 0
	for i, r := range s {
		if used += columns(r); used > width-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// breadth returns how many columns of a terminal the text needs.
func breadth(s string) (n int) {
	for _, r := range s {
		n += columns(r)
	}
	return n
}

// columns returns 2 for characters of East Asian scripts, their full-width forms and pictures, 0
// for marks on the character before, and else 1.
func columns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
		r >= 0x3000 && r <= 0x303e, r >= 0xff01 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6, r >= 0x1f300 &&
			r <= 0x1faff:
		return 2
	}
	return 1
}
