package queue

import (
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/internal/setting"
)

func TestANewReasonBeginsANewPause(t *testing.T) {
	s := begin(t, plain)
	s.f.loadReasons(Snapshot{})
	s.group("110", Sequence, "1000")
	s.must(s.f.Pause("1000", "lunch", s.now))
	first := s.now
	s.pass(time.Minute)
	s.must(s.f.Pause("1000", "lunch", s.now)) // goes on
	if got := s.view("1000").Pause; got.PauseReason != "lunch" || !got.PausedSince.Equal(first) {
		t.Errorf("%+v", got)
	}
	s.must(s.f.Pause("1000", "training", s.now))
	if got := s.view("1000").Pause; got.PauseReason != "training" || !got.PausedSince.Equal(s.now) {
		t.Errorf("%+v", got)
	}
	s.must(s.f.Ready("1000", s.now))
	if got := s.view("1000").Pause; got != (agent.Pause{}) {
		t.Errorf("ready, and %+v", got)
	}
}

func TestAPauseThatWaitsForTheEndOfATalkKeepsItsReason(t *testing.T) {
	s := begin(t, plain)
	s.f.loadReasons(Snapshot{})
	s.group("110", Sequence, "1000")
	s.calls("a", "", "110")
	l := s.talks("a", "1000")
	s.must(s.f.Pause("1000", "lunch", s.now))
	if got := s.view("1000"); !got.PausedSince.IsZero() || got.PauseReason != "lunch" || !got.Idle {
		t.Errorf("in the talk: %+v", got.Pause)
	}
	s.pass(time.Minute)
	s.ends(l)
	if got := s.view("1000"); got.Idle || got.PauseReason != "lunch" || !got.PausedSince.Equal(s.now) {
		t.Errorf("after the talk: %+v", got.Pause)
	}
}

func TestAnEditPausesForAReason(t *testing.T) {
	s := begin(t, plain)
	s.group("110", Sequence, "1000")
	s.edit(Change{Agent: &agent.Update{Extension: "1000", Idle: new(false), PauseReason: new("lunch")}})
	want := agent.Pause{PauseReason: "lunch", PauseBy: bySQL, PausedSince: s.now}
	if got := s.view("1000").Pause; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	s.edit(Change{Agent: &agent.Update{Extension: "1000", Idle: new(true)}})
	s.edit(Change{Agent: &agent.Update{Extension: "1000", PauseReason: new("lunch")}}) // of an agent who is not paused
	if got := s.view("1000").Pause; got != (agent.Pause{}) {
		t.Errorf("idle, and %+v", got)
	}
}

func TestTheAgentsOwnWrapUp(t *testing.T) {
	for name, test := range map[string]struct {
		rules Settings
		own   setting.Own[time.Duration]
		lasts time.Duration // 0: none; below 0: no end
	}{
		"as configured":    {writtenUp(), setting.Own[time.Duration]{}, plain.Recover},
		"none":             {writtenUp(), setting.Is[time.Duration](0), 0},
		"longer":           {writtenUp(), setting.Is(plain.Recover + time.Hour), plain.Recover + time.Hour},
		"though it is off": {plain, setting.Is(time.Minute), time.Minute},
		"until nway_ready": {plain, setting.Is(-time.Second), -1},
	} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, test.rules)
			s.group("110", Sequence, "1000")
			s.must(s.f.SetAgent(agent.Update{Extension: "1000", WrapUp: &test.own}, s.now))
			s.calls("a", "", "110")
			s.ends(s.talks("a", "1000"))
			s.leaves("a")
			switch {
			case test.lasts == 0:
				s.state("1000", agent.Ready)
				return
			case test.lasts < 0:
				s.pass(24 * time.Hour)
				s.state("1000", agent.Typing)
				_, err := s.f.ExtendWrapUp("1000", time.Minute, s.now)
				s.refused(err, ErrEndlessWrapUp)
				return
			}
			s.pass(test.lasts - time.Second)
			s.state("1000", agent.Typing)
			if _, err := s.f.ExtendWrapUp("1000", time.Minute, s.now); err != nil {
				t.Fatal(err)
			}
			s.pass(time.Minute)
			s.state("1000", agent.Typing)
			s.pass(2 * time.Second)
			s.state("1000", agent.Ready)
		})
	}
}
