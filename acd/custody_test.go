package acd

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// callPage is docs/call.md.
func callPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/call.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// tableOf reads the rows of the table in docs/call.md whose head begins with those cells.
func tableOf(t *testing.T, head ...string) (rows [][]string) {
	t.Helper()
	lines := strings.Split(callPage(t), "\n")
	begin := slices.IndexFunc(lines, func(line string) bool {
		cells := cellsOf(line)
		return len(cells) >= len(head) && slices.Equal(cells[:len(head)], head)
	})
	if begin < 0 {
		t.Fatalf("docs/call.md has no table that begins with %q", head)
	}
	for _, line := range lines[begin+2:] {
		cells := cellsOf(line)
		if cells == nil {
			break
		}
		rows = append(rows, cells)
	}
	return rows
}

// cellsOf are the cells of a line of a table, nil if it is no such line.
func cellsOf(line string) []string {
	if !strings.HasPrefix(line, "|") || !strings.HasSuffix(line, "|") || len(line) < 2 {
		return nil
	}
	cells := strings.Split(line[1:len(line)-1], "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

func firstCells(rows [][]string) (first []string) {
	for _, row := range rows {
		first = append(first, row[0])
	}
	return first
}

// A call with more fields says in pieces where the caller's channel is.
func TestACallHasAtMostTwentyFields(t *testing.T) {
	if n := reflect.TypeFor[call]().NumField(); n > 20 {
		t.Errorf("call has %d fields", n)
	}
}

func TestDocsNameEveryPlaceAndEveryHappening(t *testing.T) {
	var places, events []string
	for c := inSocket; c <= released; c++ {
		places = append(places, c.String())
	}
	for h := range happenings {
		events = append(events, h.String())
	}
	if got := firstCells(tableOf(t, "place")); !slices.Equal(got, places) {
		t.Errorf("docs/call.md has the places\n%q, custody.go\n%q", got, places)
	}
	if got := firstCells(tableOf(t, "happening")); !slices.Equal(got, events) {
		t.Errorf("docs/call.md has the happenings\n%q, custody.go\n%q", got, events)
	}
}

func TestTalkMovesAreWhatTheTableOfTheDocsSays(t *testing.T) {
	head := []string{""}
	for h := range happenings {
		head = append(head, h.String())
	}
	rows := tableOf(t, head...)
	documented := map[string]bool{}
	for _, row := range rows {
		if len(row) != len(head) || documented[row[0]] {
			t.Fatalf("the row %q of docs/call.md is there twice, or has not %d cells", row, len(head))
		}
		documented[row[0]] = true
	}
	for c := inSocket; c <= released; c++ {
		if _, has := talkMoves[c]; has != documented[c.String()] {
			t.Errorf("%s: a row in talkMoves: %t, in docs/call.md: %t", c, has, documented[c.String()])
		}
	}
	for _, row := range rows {
		from, known := custodyNamed(row[0])
		if !known {
			t.Errorf("docs/call.md has a row for %q, which is no place", row[0])
			continue
		}
		for h := range happenings {
			if to, want := row[1+int(h)], moveWord(from, h); to != want {
				t.Errorf("%s by %s: docs/call.md says %q, talkMoves %q", from, h, to, want)
			}
		}
	}
}

func TestTheChartOfATalkIsTheTable(t *testing.T) {
	drawn := chartOfTalk(t)
	for from := range talkMoves {
		for h := range happenings {
			to := moveWord(from, h)
			if to == "" {
				continue
			}
			arrow := from.String() + " --> " + to + ": " + h.String()
			if !drawn[arrow] {
				t.Errorf("talkMoves has %q, the chart of docs/call.md does not", arrow)
			}
			delete(drawn, arrow)
		}
	}
	for arrow := range drawn {
		t.Errorf("the chart of docs/call.md has %q, talkMoves does not", arrow)
	}
}

// chartOfTalk reads the arrows of the chart named talk, one for each happening.
func chartOfTalk(t *testing.T) map[string]bool {
	t.Helper()
	blocks := regexp.MustCompile("(?s)```mermaid\\s*\n(.*?)```").FindAllStringSubmatch(callPage(t), -1)
	for _, block := range blocks {
		if !strings.Contains(block[1], "title: talk\n") {
			continue
		}
		arrows := map[string]bool{}
		for _, m := range regexp.MustCompile(`(?m)^\s*(\S+) --> (\S+?): (.+)$`).FindAllStringSubmatch(block[1], -1) {
			for h := range strings.SplitSeq(m[3], ", ") {
				arrow := m[1] + " --> " + m[2] + ": " + h
				if arrows[arrow] {
					t.Errorf("the chart has %q twice", arrow)
				}
				arrows[arrow] = true
			}
		}
		return arrows
	}
	t.Fatal("docs/call.md has no chart titled talk")
	return nil
}

// moveWord is the place after a happening as the table writes it: empty if nothing changes.
func moveWord(from custody, h happening) string {
	if to := talkMoves[from][h]; to != same {
		return to.String()
	}
	return ""
}

func custodyNamed(name string) (custody, bool) {
	i := slices.Index(custodyNames[:], name)
	return custody(max(i, 0)), i >= 0
}

func TestATalkEndsInAPlaceThatIsOver(t *testing.T) {
	for from, row := range talkMoves {
		if from.over() || !from.talks() {
			t.Errorf("%s has moves, though no talk is there", from)
		}
		for h := range happenings {
			if to := row[h]; to != same && !to.over() && talkMoves[to] == [happenings]custody{} {
				t.Errorf("%s by %s leads to %s, which is neither an end nor has moves", from, h, to)
			}
		}
	}
}

func TestEveryPlaceOfATalkHasAWayToAnEnd(t *testing.T) {
	for from := range talkMoves {
		if !reachesEnd(from, map[custody]bool{}) {
			t.Errorf("no row of happenings leads from %s to an end", from)
		}
	}
}

func reachesEnd(from custody, seen map[custody]bool) bool {
	if from.over() {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	for _, to := range talkMoves[from] {
		if to != same && reachesEnd(to, seen) {
			return true
		}
	}
	return false
}
