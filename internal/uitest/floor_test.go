package uitest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// cutCells are the cells of the desk whose text does not fit. Names and notes may end with dots.
const cutCells = `[...document.querySelectorAll(".desk .row:not([hidden]) .cell:not(.grow)")]
	.filter(cell => cell.getClientRects().length > 0 && cell.innerText)
	.filter(cell => {
		const range = document.createRange(), box = cell.getBoundingClientRect();
		const last = [...cell.children].findLast(child => child.textContent);
		range.selectNodeContents(cell.querySelector(".state, .sort") ?? last ?? cell);
		const text = range.getBoundingClientRect(), row = cell.closest(".row").getBoundingClientRect();
		return text.left < box.left - 1 || text.right > box.right + 1 || box.right > row.right;
	}).map(cell => cell.className + " " + cell.innerText)`

// askew are the cells that are not below their heading.
const askew = `[...document.querySelectorAll(".desk .table")].flatMap(table => {
	const lefts = row => [...row.children].filter(c => c.getClientRects().length > 0)
		.map(c => Math.round(c.getBoundingClientRect().left)).slice(1);
	const wanted = lefts(table.querySelector(".head"));
	return [...table.querySelectorAll(".rows .row:not(:has([data-level]))")]
		.filter(row => lefts(row).some((left, i) => Math.abs(left - wanted[i]) > 1)).map(row => row.innerText);
})`

// floorOfADesk has agents in all states, callers in all phases, and long figures.
func floorOfADesk(language string) (groups, agents, calls []row) {
	now := time.Now()
	groups = append(groupsOfAWall(4, language), onABadDay(groupsOfAWall(6, language))[4:]...)
	for i, state := range []string{
		"ready", "ring", "talking", "typing", "busy", "noanswer", "rest", "unavailable", "down",
	} {
		agents = append(agents, row{
			"extension": fmt.Sprint(10000 + i), "name": "Li Lei", "state": state, "groups": []string{"110", "120"},
			"since": now.Add(-time.Duration(i*i) * time.Minute).UnixMilli(), "reason": "training", "misses": 2,
			"rest_until": now.Add(time.Minute).UnixMilli(), "rest_cause": "unreachable", "registered": true,
			"call": "u0", "caller": "13900000777", "caller_name": "Zhao Liu", "call_group": "110",
		})
	}
	for i, state := range []string{"greet", "wait", "ring"} {
		calls = append(calls, row{
			"uuid": fmt.Sprint("u", i), "number": "13900000777", "name": "Zhao Liu", "group": "110", "state": state,
			"since": now.Add(-time.Duration(i*40) * time.Minute).UnixMilli(), "place": i, "vip": i == 1,
			"agent": "10002",
		})
	}
	return groups, agents, calls
}

// TestTheDeskShowsEachFigureWhole shows the desk on two screens, in types of different widths.
func TestTheDeskShowsEachFigureWhole(t *testing.T) {
	w := inWorld(t)
	p := newPage(t, w)
	p.withOwnStream()
	p.login("boss")
	for _, language := range []string{"en", "zh"} {
		p.speak(language)
		for _, screen := range [][2]int64{{1920, 1080}, {1280, 720}} {
			p.resize(screen[0], screen[1])
			p.open("/ui/desk")
			p.give(floorOfADesk(language))
			p.see(`document.querySelectorAll(".t-agents .rows .row").length === 9`)
			for _, face := range faces {
				p.wear(face)
				name := fmt.Sprintf("desk-%s-%s-%d", language, face.name, screen[1])
				for what, found := range map[string]string{"is cut off": cutCells, "is askew": askew} {
					if got := p.finds(found); got != "[]" {
						t.Errorf("%s: this %s: %s", name, what, got)
					}
				}
				if folder := os.Getenv("SHOTS"); folder != "" {
					p.shoot(filepath.Join(folder, name+".png"))
				}
			}
		}
	}
}
