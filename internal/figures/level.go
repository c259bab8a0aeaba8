package figures

import "nwayacd/queue"

// Level returns the two counts of a service level: how many visits were in time, of how many that
// count by the formula. If of is not positive, there is no service level. The service level of
// several groups or times is made of the sums of these counts.
func (c *Calls) Level(formula queue.Formula) (in, of int64) {
	in, of = c[AnsweredIn], c[Answered]+c[Abandoned]
	switch formula {
	case queue.AllCounted:
	case queue.AnsweredOnly:
		of = c[Answered]
	case queue.AbandonsCount:
		in += c[AbandonedIn]
	case queue.LateAbandonsOnly:
		of -= c[AbandonedIn]
	default: // queue.ShortExcluded
		of -= c[AbandonedShort]
	}
	return in, of
}
