package acd

import (
	"slices"
	"strings"
	"testing"

	"nwayacd/agent"
	"nwayacd/esl"
	"nwayacd/queue"
	"nwayacd/sim"
)

// legOf is the first channel of an extension.
func (c *centre) legOf(extension string) string {
	for _, ch := range c.sw.Channels() {
		if ch.Extension == extension && ch.Direction == "outbound" {
			return ch.UUID
		}
	}
	c.Fatalf("no leg to %s", extension)
	return ""
}

func (c *centre) wantVariable(uuid, name, want string) {
	c.Helper()
	got, err := c.cti.conn.API(c.Context(), "uuid_getvar "+uuid+" "+name)
	if got == "_undef_" {
		got = ""
	}
	if err != nil || got != want {
		c.Errorf("%s is %q (%v), want %q", name, got, err, want)
	}
}

func TestTheAgentSeesWhoCalls(t *testing.T) {
	for name, test := range map[string]struct {
		number, name, prefix string
		want                 string
	}{
		"a name":                         {"139", "Müller, Büro", "", "Müller, Büro"},
		"a name and a prefix":            {"139", "王小明", "Sales: ", "Sales%3A 王小明"},
		"no name, a prefix":              {"139", "", "Sales: ", "Sales%3A"},
		"no name":                        {"139", "", "", "139"}, // no name is given
		"the number as a name":           {"139", "139", "", "139"},
		"what would leave its quotes":    {"139", `A" <sip:x@y>;z`, "", "A sip%3Ax%40yz"},
		"what mod_sofia would decode":    {"139", "50%0d%0aX-Evil", "", "50%250d%250aX-Evil"},
		"a name that is none":            {"139", "Anonymous", "", "139"},
		"what FreeSWITCH would act upon": {"139", "${system(id)}", "", "system(id)"},
	} {
		t.Run(name, func(t *testing.T) {
			s := patient("1000")
			s.snapshot.Groups[0].CallerPrefix = test.prefix
			open(t, s, func(c *centre) {
				c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
				c.sw.Call(sim.CallOptions{
					UUID: "call-139", Number: test.number, Name: test.name, Dialled: "110",
					Dialplan: sim.Plan("socket 10.0.0.5:8084/nwayacd/110 async full"),
				})
				c.untilRinging("call-139")
				leg := c.legOf("1000")
				c.wantVariable(leg, "caller_id_number", "139")
				want := test.want
				if want == "139" {
					want = "" // no name is given, and the telephone shows the number once
				}
				c.wantVariable(leg, "origination_caller_id_name", want)
			})
		})
	}
}

func TestTheDialplansVariablesGoToTheLeg(t *testing.T) {
	open(t, patient("1000"), func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		c.sw.Register("1000", "web", sim.Behaviour{Do: sim.Misses})
		c.sw.Call(sim.CallOptions{
			UUID: "call-139", Number: "139", Dialled: "110",
			Vars: map[string]string{
				"nwayacd_export": "sip_h_X-Order, alert_info,nothing,origination_uuid,sip_h_Route,execute_on_answer",
				"sip_h_X-Order":  "17, 'a' ${b}", "alert_info": "ring-2", "origination_uuid": "mine",
				"sip_h_Route": "<sip:x>", "execute_on_answer": "hangup",
			},
			Dialplan: sim.Plan("socket 10.0.0.5:8084/nwayacd/110 async full"),
		})
		c.untilRinging("call-139")
		leg := c.legOf("1000")
		c.wantVariable(leg, "sip_h_X-Order", "17, ’a’ b")
		c.wantVariable(leg, "alert_info", "ring-2")
		c.wantVariable(leg, "sip_h_Route", "")
		c.wantVariable(leg, "execute_on_answer", "")
		c.wantVariable(leg, "nwayacd_offer", "1")
		c.wantVariable(leg, "presence_data", "nwayacd:test:call-139:1000")
		c.wantVariable(leg, "dialed_user", "1000")
		c.wantVariable(leg, "outbound_redirect_fatal", "true")
	})
}

func TestExportsAreBounded(t *testing.T) {
	var names []string
	var text strings.Builder
	for i := range 100 {
		name := "order" + strings.Repeat("x", i)
		names = append(names, name)
		text.WriteString("variable_" + name + ": " + strings.Repeat("v", 1000) + "\n")
	}
	e, err := esl.ParseEvent("Event-Name: CHANNEL_DATA\nvariable_nwayacd_export: " + strings.Join(names, ",") + "\n" +
		text.String() + "\n")
	if err != nil {
		t.Fatal(err)
	}
	got := exportsOf(e)
	if len(got) != mostExports ||
		slices.ContainsFunc(got, func(h esl.Header) bool { return len(h.Value) > exportValue }) {
		t.Errorf("%d variables", len(got))
	}
}

func TestAutoAnswerIsForASingleTelephone(t *testing.T) {
	s := patient("1000")
	s.settings.AutoAnswer = true
	open(t, s, func(c *centre) {
		c.sw.Agent("1000", sim.Behaviour{Do: sim.Misses})
		call := c.caller("139")
		c.untilRinging("call-139")
		c.wantVariable(c.legOf("1000"), "sip_auto_answer", "true")
		call.Hangup()
		c.sw.Register("1000", "web", sim.Behaviour{Do: sim.Misses})
		c.settle()
		c.caller("138")
		c.untilRinging("call-138")
		c.wantVariable(c.legOf("1000"), "sip_auto_answer", "")
	})
}

func TestTowardsAnotherSwitchAutoAnswerIsAHeaderOnly(t *testing.T) {
	l := newLeg(&Offer{Lease: &queue.Lease{Agent: &agent.Profile{}}}, []way{{elsewhere: true}})
	if vars := l.autoAnswer(&Settings{AutoAnswer: true}); !slices.ContainsFunc(vars, func(h esl.Header) bool {
		return h.Name == "sip_auto_answer_suppress_notify" && h.Value == "true"
	}) {
		t.Errorf("variables: %v", vars)
	}
}
