package figures

import (
	"testing"

	"nwayacd/queue"
)

func TestTheServiceLevelByEachFormula(t *testing.T) {
	var c Calls
	c[Answered], c[AnsweredIn] = 70, 50
	c[Abandoned], c[AbandonedIn], c[AbandonedShort] = 30, 20, 10
	for formula, want := range map[queue.Formula][2]int64{
		queue.ShortExcluded: {50, 90}, queue.AllCounted: {50, 100}, queue.AnsweredOnly: {50, 70},
		queue.AbandonsCount: {70, 100}, queue.LateAbandonsOnly: {50, 80}, "": {50, 90},
	} {
		if in, of := c.Level(formula); in != want[0] || of != want[1] {
			t.Errorf("%q: %d of %d, should be %d of %d", formula, in, of, want[0], want[1])
		}
	}
	var short Calls
	short[Abandoned], short[AbandonedShort] = 1, 1
	if in, of := short.Level(queue.ShortExcluded); in != 0 || of != 0 {
		t.Errorf("of a short abandon alone: %d of %d", in, of)
	}
}
