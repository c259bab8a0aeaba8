package app

import (
	"testing"
	"time"

	"nwayacd/acd"
	"nwayacd/conf"
)

func TestSettingsCarryTheConfiguration(t *testing.T) {
	c := conf.Default()
	c.ACD.UseASR, c.ACD.RecoverAuto = true, true
	if s := settings(c); s.ASR != "dsr $1 ab" || s.Floor.Recover != 300*time.Second ||
		s.Floor.Reoffer != 5*time.Second || !s.AutoAnswer {
		t.Errorf("%+v", s)
	}
	if f := settings(c).Floor; f.RestBusy != 15*time.Second || f.RestReject != 10*time.Second ||
		f.RestNoAnswer != 5*time.Second ||
		f.RestUnreachable != 30*time.Second || f.MaxMisses != 0 {
		t.Errorf("rests: %+v", f)
	}
	if s := settings(c); s.Progress != 3*time.Second || s.FollowForward || s.AfterTalk != acd.AfterTalkHangup {
		t.Errorf("phones: %+v", s)
	}
	c.ACD.MaxMisses, c.ACD.FollowForward, c.ACD.AfterTalk = 4, true, "dialplan"
	if s := settings(c); s.Floor.MaxMisses != 4 || !s.FollowForward || s.AfterTalk != acd.AfterTalkDialplan {
		t.Errorf("changed: %+v", s)
	}
	c.ACD.UseASR, c.ACD.RecoverAuto = false, false
	if s := settings(c); s.ASR != "" || s.Floor.Recover != 0 {
		t.Errorf("switched off: %+v", s)
	}
}
