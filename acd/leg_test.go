package acd

import (
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"nwayacd/agent"
	"nwayacd/queue"
)

func originateOf(t *testing.T, a agent.Profile, s Settings, at Switch) string {
	t.Helper()
	server := New(Options{Journal: &memoryJournal{}, Log: zerolog.Nop()},
		queue.Snapshot{Groups: []queue.Group{{Number: "110"}}})
	c := &call{server: server, settings: &s, group: "110"}
	c.isFor(caller{number: "139"})
	ch := &channel{uuid: "caller-1"}
	ch.isAt(at)
	c.callerChannel.Store(ch)
	lease := &queue.Lease{Call: "caller-1", Group: "110", Agent: &a, Number: 1, RingTimeout: queue.DefaultRingTimeout}
	l := newLeg(&Offer{Lease: lease}, c.waysTo(t.Context(), a))
	return l.variables(c) + l.dialString()
}

func TestAnAgentsLegIsOriginatedAsItsRowAndTheConfigurationSay(t *testing.T) {
	settings := Settings{AutoAnswer: true, VideoCodecs: "PCMA,H264", ASR: "dsr $1 ab"}
	got := originateOf(t, agent.Profile{Extension: "1000", Video: true}, settings, Switch{})
	for _, want := range []string{
		"originate_timeout='15'", "ignore_early_media='true'", "park_timeout='10'",
		"presence_data='nwayacd::caller-1:1000'", "origination_caller_id_number='139'", "nway_callin='139'",
		"nway_callout='1000'", "nway_group='110'", "nway_caller_uuid='caller-1'", "sip_auto_answer='true'",
		"answer-after=0", `absolute_codec_string='PCMA\,H264'`, "execute_on_answer='dsr caller-1 ab'", "}user/1000",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	plain := originateOf(t, agent.Profile{Extension: "1000"}, Settings{VideoCodecs: "PCMA,H264"}, Switch{})
	for _, unwanted := range []string{"sip_auto_answer", "Call-Info", "absolute_codec_string", "execute_on_answer"} {
		if strings.Contains(plain, unwanted) {
			t.Errorf("%s is in %s", unwanted, plain)
		}
	}
}

func TestAnAgentOfAnotherSwitchIsDialledThere(t *testing.T) {
	at := Switch{LocalIP: "10.0.0.1", DialString: "user/{ext}", RemoteDial: "sofia/internal/{ext}@{ip}"}
	for server, want := range map[string]string{
		"": "}user/1000", "10.0.0.1": "}user/1000", "10.0.0.2": "}sofia/internal/1000@10.0.0.2",
	} {
		if got := originateOf(t, agent.Profile{Extension: "1000", Server: server}, Settings{},
			at); !strings.HasSuffix(got, want) {
			t.Errorf("registered at %q: %s", server, got)
		}
	}
}
