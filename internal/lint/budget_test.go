package lint

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

const budgetFile = "testdata/budget.txt"

// budget is what one package or document may have at most. The last four are for 1,000 words.
type budget struct {
	wide, long               int
	where, who, nobody, told float64
}

// clean is the budget of a package that is not in the file, so of every new one.
var clean = budget{where: 1, who: 1, nobody: 0.5, told: 0.5}

// of is the budget for a counted word.
func (b *budget) of(counted string) *float64 {
	switch counted {
	case "where":
		return &b.where
	case "who":
		return &b.who
	case "nobody":
		return &b.nobody
	default:
		return &b.told
	}
}

// readBudgets reads the table of budgets.
func readBudgets(t *testing.T) map[string]budget {
	t.Helper()
	source, err := os.ReadFile(budgetFile)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]budget{}
	for row := range strings.Lines(string(source)) {
		if row = strings.TrimSpace(row); row == "" || strings.HasPrefix(row, "#") {
			continue
		}
		var name string
		var b budget
		if _, err := fmt.Sscan(row, &name, &b.wide, &b.long, &b.where, &b.who, &b.nobody, &b.told); err != nil {
			t.Fatalf("%s: %q: %v", budgetFile, row, err)
		}
		all[name] = b
	}
	return all
}

// writeBudgets writes the table anew.
func writeBudgets(t *testing.T, all map[string]budget) {
	t.Helper()
	var out bytes.Buffer
	out.WriteString(
		"# What each package and document may have at most: lines over 100 columns, sentences over 30 words,\n" +
			"# and for 1,000 words of prose the words where, who, nobody and told. Numbers may only fall:\n" +
			"# go test ./internal/lint -budget lowers them. What is not in the table has the budget of a clean text.\n")
	fmt.Fprintf(&out, "#%-27s %5s %5s %6s %6s %6s %6s\n", "", "wide", "long", "where", "who", "nobody", "told")
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b := all[name]
		fmt.Fprintf(&out, "%-28s %5d %5d %6.1f %6.1f %6.1f %6.1f\n", name, b.wide, b.long, b.where, b.who, b.nobody,
			b.told)
	}
	if err := os.WriteFile(budgetFile, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// lowered is the budget that fits what is there: never above the one of before, and not below that
// of a clean text.
func lowered(before budget, known bool, found *counts) budget {
	if !known {
		before = budget{math.MaxInt, math.MaxInt, math.MaxFloat64, math.MaxFloat64, math.MaxFloat64, math.MaxFloat64}
	}
	after := budget{wide: min(before.wide, len(found.wide)), long: min(before.long, len(found.long))}
	for _, counted := range countedWords {
		now := math.Ceil(found.rate(counted)*10) / 10
		least := *clean.of(counted)
		*after.of(counted) = min(*before.of(counted), max(now, least))
	}
	return after
}

// allowed is how often a word may occur in so many words.
func allowed(rate float64, words int) int {
	return int(math.Ceil(rate * float64(words) / 1000))
}
