package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nwayacd/acd"
	"nwayacd/agent"
	"nwayacd/queue"
)

// Sources are read at each scrape, possibly by several scrapes at a time. None may block, except on
// a lock that is held for microseconds.
type Sources struct {
	Figures func() acd.Figures
	Links   func() []acd.LinkState
	Store   func() StoreStatus
	Panics  func() uint64 // contained since the start, outside of calls
	Log     func() LogStatus
	Beyond  func() uint64 // connections to the socket port that were too many, since the start
}

// LogStatus is the state of the server's own log.
type LogStatus struct {
	DroppedLines   uint64 // that could not be written, without the records
	DroppedRecords uint64 // of these, CDRs and the like that were nowhere else
	Faulty         bool   // it cannot be written now
}

// StoreStatus is the state of the journal and the database.
type StoreStatus struct {
	Up           bool              // the database answers
	DiskUp       bool              // the journal can be written
	Pending      int               // changes that are not yet in the database
	PendingBytes int64             // the size of these changes in the journal
	LimitBytes   int64             // the limit of PendingBytes; 0 = none
	Oldest       time.Duration     // age of the oldest of these changes
	Applied      uint64            // changes that reached the database
	Statements   uint64            // sent to the database
	GivenUp      uint64            // records (CDRs, offers, agents' logs) that could not be kept
	Dropped      uint64            // changes of state that could not be kept
	Stopped      bool              // the database refuses the next change
	Rejected     uint64            // changes that the database refused for good
	Damaged      uint64            // records of the journal that could not be read
	Deleted      map[string]uint64 // rows that were older than the retention, by kind
	Jobs         int               // on tables, which an upgrade left for later and which are not done
}

// The metrics of the present state, which is read at each scrape.
var (
	callersWaiting = described("callers_waiting", "Callers whom no agent has answered yet, whatever they hear.",
		"group")
	callersTalking = described("callers_talking", "Callers who talk to an agent.", "group")
	longestWait    = described("longest_wait_seconds",
		"Since the arrival of the caller who has waited longest; 0 if no caller waits.", "group")
	groupAgents = described("group_agents", "Members of the group by state; a member of two groups is counted in both.",
		"group", "state")
	groupInfo = described("group_info", "The group's name; always 1.", "group", "name")
	starved   = described("callers_waiting_in_vain",
		"Callers who wait although an agent of the group is available; it is 0 unless nwayacd has a fault.", "group")
	starvedFor = described("waiting_in_vain_seconds",
		"For how long the first of callers_waiting_in_vain could have had the agent.", "group")

	agents  = described("agents", "Agents by state.", "state")
	resting = described("agents_resting",
		"Agents who rest after a missed offer (agents{state=\"rest\"}), by the cause of the miss.", "cause")
	misses = described("misses_total",
		"Offers that agents missed, by cause; faults of FreeSWITCH or of the connection to it do not count.", "cause")
	calls    = described("calls", "Calls by phase.", "phase")
	draining = described("draining", "1 while the server shuts down and takes no calls.")
	accepted = described("connections_total", "Connections that FreeSWITCH's socket application made.")
	refused  = described("connections_refused_total",
		"Connections to the socket port from sources that are not allowed.")
	beyond = described("connections_beyond_limit_total",
		"Connections to the socket port that were closed because there were too many.")
	refusedCommands = described("channel_commands_refused_total",
		"Commands of the route /cmd that were refused.")
	panics = described("panics_total", "Panics that ended one call or one client's session only.")

	logUp      = described("log_up", "1 while the log can be written; 0 while nobody reads it or a write fails.")
	logDropped = described("log_dropped_total",
		"Lines of the log that could not be written; a record was nowhere else.", "kind")

	linkUp      = described("freeswitch_up", "1 while the link to the FreeSWITCH is up.", "switch")
	linkChanged = described("freeswitch_changed_timestamp_seconds", "When the link last came up or was lost.", "switch")

	databaseUp = described("database_up", "1 while the database answers.")
	journalUp  = described("journal_up",
		"1 while the journal can be written; 0 while a write or an fsync of it fails.")
	statements   = described("database_statements_total", "Statements sent to the database.")
	pending      = described("journal_pending_changes", "Changes in the journal that are not yet in the database.")
	pendingBytes = described("journal_pending_bytes", "Size of these changes in the journal.")
	limitBytes   = described("journal_limit_bytes", "The limit of journal_pending_bytes; 0 = no limit.")
	oldest       = described("journal_oldest_seconds", "Age of the oldest of these changes.")
	applied      = described("journal_applied_total", "Changes that reached the database.")
	givenUp      = described("journal_given_up_total", "Changes that neither journal nor database could keep.", "kind")
	stopped      = described("journal_stopped",
		"1 while the database refuses the next change, because a table is not what it was; all changes wait.")
	rejected = described("journal_rejected_total",
		"Changes that the database refused for good; they are in the table nwayacd_rejected.")
	jobs = described("database_jobs",
		"Work on tables that an upgrade left for later and that is not done: indexes, columns of old rows.")
	deleted = described("database_deleted_total",
		"Rows that were deleted because they were older than [database] retention-days and the like.", "kind")
	damaged = described("journal_damaged_total", "Records of the journal that were damaged on the disk.")
)

func described(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("nwayacd_"+name, help, labels, nil)
}

// floorWatch collects all metrics: the present state, and the counters of the groups that exist
// now.
type floorWatch struct {
	sources  Sources
	counters *counters
}

// Describe describes all metrics. The registry checks Collect against it.
func (w *floorWatch) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		callersWaiting, callersTalking, longestWait, groupAgents, groupInfo, starved, starvedFor,
		agents, resting, misses, calls, draining, accepted, refused, beyond, refusedCommands, panics,
		linkUp, linkChanged,
		databaseUp, journalUp, statements, pending, pendingBytes, limitBytes, oldest, applied, givenUp,
		stopped, rejected, damaged, jobs, deleted,
		logUp, logDropped,
	} {
		to <- d
	}
	for _, c := range w.counters.all() {
		c.Describe(to)
	}
}

// Collect reads the sources once.
func (w *floorWatch) Collect(to chan<- prometheus.Metric) {
	show := shown(to)
	figures := w.sources.Figures()
	for _, g := range figures.Floor.Groups {
		show.group(g)
	}
	for standing, n := range figures.Floor.Agents {
		show.gauge(agents, float64(n), agent.Standing(standing).String())
	}
	for _, cause := range agent.MissCauses {
		show.gauge(resting, float64(figures.Floor.Resting[cause]), string(cause))
		show.counter(misses, figures.Floor.Misses[cause], string(cause))
	}
	for _, phase := range acd.Phases { // also those without a call
		show.gauge(calls, float64(figures.Phases[phase]), string(phase))
	}
	show.gauge(draining, one(figures.Draining))
	show.counter(accepted, figures.Accepted)
	show.counter(refused, figures.Refused)
	show.counter(beyond, w.sources.Beyond())
	show.counter(refusedCommands, figures.RefusedCommands)
	show.counter(panics, figures.Panics+w.sources.Panics())
	show.log(w.sources.Log())
	for _, l := range w.sources.Links() {
		show.gauge(linkUp, one(l.Up), label(l.Name))
		show.gauge(linkChanged, float64(l.Since.UnixMilli())/1000, label(l.Name))
	}
	show.store(w.sources.Store())
	w.counters.follow(figures.Floor.Groups)
	for _, c := range w.counters.all() {
		c.Collect(to)
	}
}

// shown receives the metrics of a scrape.
type shown chan<- prometheus.Metric

func (to shown) gauge(d *prometheus.Desc, value float64, labels ...string) {
	to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func (to shown) counter(d *prometheus.Desc, value uint64, labels ...string) {
	to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
}

func (to shown) group(g queue.GroupFigures) {
	number := label(g.Number)
	to.gauge(callersWaiting, float64(g.Waiting), number)
	to.gauge(callersTalking, float64(g.Talking), number)
	to.gauge(longestWait, g.LongestWait.Seconds(), number)
	to.gauge(starved, float64(g.Starved), number)
	to.gauge(starvedFor, g.StarvedFor.Seconds(), number)
	to.gauge(groupInfo, 1, number, label(g.Name))
	for standing, n := range g.Members {
		to.gauge(groupAgents, float64(n), number, agent.Standing(standing).String())
	}
}

func (to shown) store(k StoreStatus) {
	to.gauge(databaseUp, one(k.Up))
	to.gauge(journalUp, one(k.DiskUp))
	to.counter(statements, k.Statements)
	to.gauge(pending, float64(k.Pending))
	to.gauge(pendingBytes, float64(k.PendingBytes))
	to.gauge(limitBytes, float64(k.LimitBytes))
	to.gauge(oldest, k.Oldest.Seconds())
	to.counter(applied, k.Applied)
	to.counter(givenUp, k.GivenUp, "record")
	to.counter(givenUp, k.Dropped, "state")
	to.gauge(stopped, one(k.Stopped))
	to.counter(rejected, k.Rejected)
	to.counter(damaged, k.Damaged)
	to.gauge(jobs, float64(k.Jobs))
	for kind, n := range k.Deleted {
		to.counter(deleted, n, kind)
	}
}

func (to shown) log(l LogStatus) {
	to.gauge(logUp, one(!l.Faulty))
	to.counter(logDropped, l.DroppedLines, "line")
	to.counter(logDropped, l.DroppedRecords, "record")
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
