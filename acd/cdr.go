package acd

import (
	"strconv"
	"strings"
	"time"

	"nwayacd/queue"
)

// record is the CDR of a visit that is not over yet, with what belongs to it and has no column.
type record struct {
	queue.CDR
	place       string    // value of placeVariable, which a server set when it shut down; "" = none
	placeUnsure bool      // no link has confirmed the place
	talked      bool      // an agent was bridged with the caller in this visit
	recall      time.Time // when the caller last came by an inline dialplan of ours; zero = never
}

// arrived begins the record of a caller who arrives.
func (r *record) arrived(a arrival) {
	r.CDR = queue.CDR{
		UUID: a.ch.uuid, Caller: a.who.number, CallerName: a.who.name, Dialled: a.who.dialled, Switch: a.sw,
		Direction: queue.Inbound, Visit: a.visit.number + 1, CameFrom: a.visit.group, Arrived: a.at,
	}
}

// follows numbers the visit after an earlier one. Usually the channel's visitVariable has done
// that. It lacks the earlier visit if the connection on which that visit set it was half-open.
func (r *record) follows(earlier visit) {
	if earlier.number >= r.Visit {
		r.Visit, r.CameFrom = earlier.number+1, earlier.group
	}
}

// resumes continues the record of a visit that began before the caller's connection was lost.
func (r *record) resumes(soFar queue.CDR) {
	soFar.Ended, soFar.HungUpBy, soFar.Cause = time.Time{}, queue.NoSide, ""
	r.CDR, r.talked = soFar, soFar.Leg != ""
}

// joins records the place that the caller has taken in the line of a group. A place that was kept
// keeps the time of its arrival.
func (r *record) joins(p queue.Place) {
	r.VIP, r.Visit, r.CameFrom, r.Arrived = p.VIP, p.Visit, p.CameFrom, p.Since
	r.ServiceLevel, r.Short = p.ServiceLevel, p.Short
}

// offered counts an offer of the visit.
func (r *record) offered(number int) { r.Offers = max(r.Offers, number) }

// bridged records the talk with the leg.
func (r *record) bridged(l *leg, at time.Time) {
	r.Outcome, r.talked = queue.Answered, true
	if l.offer.Transfer {
		r.Outcome = queue.Transferred
	}
	if r.Answered.IsZero() {
		r.Answered = l.record.Answered
	}
	r.Agent, r.Leg = l.offer.Agent.Extension, l.uuid
	if !at.IsZero() {
		r.Bridged = at
	}
}

// passedOn records that the caller, or the agent, was transferred.
func (r *record) passedOn(to string, kind queue.TransferKind) {
	r.TransferredTo, r.TransferKind = to, kind
}

// ended completes the record. cause is FreeSWITCH's cause or what went wrong. Only the first cause
// counts.
func (r *record) ended(outcome queue.Outcome, cause string) {
	r.Outcome, r.Ended = outcome, lengthKept(r.Arrived, time.Now())
	r.Answered = lengthKept(r.Arrived, r.Answered)
	if r.Cause == "" {
		r.Cause = cause
	}
}

// visitVariable is a variable of the caller's channel: NUMBER:GROUP of the last visit. The next
// visit takes its number from it.
const visitVariable = "nwayacd_visit"

// visit names one of the visits of a channel. The zero value means that there was none.
type visit struct {
	number int
	group  string
}

func (v visit) word() string { return strconv.Itoa(v.number) + ":" + sanitize(v.group) }

func readVisit(word string) visit {
	number, group, _ := strings.Cut(word, ":")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 1e6 {
		return visit{}
	}
	return visit{n, sanitize(group)}
}

// visit returns the visit that the call is.
func (c *call) visit() visit { return visit{c.record.Visit, c.group} }
