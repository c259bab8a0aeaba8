package store

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"nwayacd/agent"
	"nwayacd/queue"
)

// anyChange draws from so few values that changes concern the same things.
func anyChange(t *rapid.T) queue.Change {
	ext := rapid.SampledFrom([]string{"1000", "1001", "1002"}).Draw(t, "ext")
	group := rapid.SampledFrom([]string{"110", "120"}).Draw(t, "group")
	uuid := rapid.SampledFrom([]string{"u1", "u2"}).Draw(t, "uuid")
	flag := rapid.Bool().Draw(t, "flag")
	at := moment.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "at")) * time.Second)
	return rapid.SampledFrom([]queue.Change{
		addedAgent(ext),
		{AgentRemoved: &ext},
		{Agent: &agent.Update{Extension: ext, Up: &flag}},
		{Agent: &agent.Update{Extension: ext, Idle: &flag, Deferred: new(agent.Deferred(at.Second() % 3))}},
		{Agent: &agent.Update{Extension: ext, Locked: &flag, Name: &uuid}},
		{GroupAdded: &queue.Group{Number: group}},
		{GroupRemoved: &group},
		{Group: &queue.GroupUpdate{Number: group, Cursor: &ext}},
		{Membership: &queue.Membership{Extension: ext, Groups: []string{group}}},
		{Membership: &queue.Membership{Extension: ext}},
		{MemberJoined: &queue.Member{Group: group, Extension: ext}},
		{MemberLeft: &queue.Member{Group: group, Extension: ext}},
		{Waiting: &queue.Waiting{UUID: uuid, Caller: ext, Group: group, VIP: flag, Since: at}},
		{Left: &uuid},
		{Remembered: &queue.Memory{Caller: uuid, Group: group, Agent: ext, At: at}},
		{Talk: &queue.Talk{Server: ext, CDR: queue.CDR{UUID: uuid, Group: group}}},
		{TalkOver: &uuid},
		{StillWaiting: &queue.StillWaiting{UUIDs: either(flag, []string{uuid}, nil)}},
		{StillTalking: &queue.StillTalking{Server: ext, UUIDs: either(flag, []string{uuid}, nil)}},
		{Blacklisted: &queue.Blacklisted{Number: uuid, Group: group}},
		{Unblacklisted: &uuid},
		{VIPAdded: &queue.VIP{Number: uuid, Group: group}},
		{VIPRemoved: &queue.VIP{Number: uuid, Group: group}},
	}).Draw(t, "change")
}

func either[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

func TestABatchDoesWhatItsChangesDoOneByOne(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s := open(t, o)
		defer s.Close()
		rapid.Check(t, func(r *rapid.T) {
			changes := rapid.SliceOfN(rapid.Custom(anyChange), 1, 12).Draw(r, "changes")
			empty(t, s)
			s.Write(changes...)
			together := summary(load(t, s))
			var model queue.Snapshot
			empty(t, s)
			for _, c := range changes {
				s.Write(c)
				load(t, s)
				model.Apply(c)
			}
			if single := summary(load(t, s)); together != single {
				r.Fatalf("together\n%s\none by one\n%s", together, single)
			}
			if want := summary(model); together != want {
				r.Fatalf("in the database\n%s\noverlaid\n%s", together, want)
			}
		})
	})
}

func empty(t *testing.T, s *Store) {
	for _, statement := range []string{
		`DELETE FROM call_extension`, `DELETE FROM ext_group`, `DELETE FROM ext_group_map`, `DELETE FROM callin_queue`,
		`DELETE FROM call_blacklist`, `DELETE FROM call_vip_number`, `DELETE FROM cf_call_remember`,
		`DELETE FROM nwayacd_talk`,
	} {
		exec(t, s.db.DB, statement)
	}
}
