package store

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"nwayacd/agent"
	"nwayacd/queue"
)

func TestRecordsOfACallComeBackAsWritten(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		full := queue.CDR{
			UUID: "u1", Caller: "139", Dialled: "95", Group: "110", VIP: true, Switch: "fs1", Agent: "1000", Leg: "l1",
			Offers:  2,
			Outcome: queue.Answered, HungUpBy: queue.AgentSide, Cause: "NORMAL_CLEARING", Survey: "5",
			Recording:  "/r/u1-2.wav",
			CallerName: "李豪 \"Li\"", Visit: 2, CameFrom: "100", Direction: queue.Outbound, TransferredTo: "2000@b",
			TransferKind: queue.TransferAttended, Recordings: []string{"/r/u1 \"1\".wav", "/r/u1-2.wav"},
			PositionFirst: 3, PositionLast: 2, Welcome: 1500 * time.Millisecond, ExitKey: "1", CallbackID: "c", ServiceLevel: 30,
			Arrived: moment, Answered: moment.Add(3 * time.Second), Bridged: moment.Add(4 * time.Second),
			Ended: moment.Add(time.Minute),
		}
		bare := queue.CDR{
			UUID: "u2", Visit: 1, Outcome: queue.Abandoned, ServiceLevel: 20, Short: 5, Arrived: moment.Add(time.Second),
			Ended: moment.Add(2 * time.Second),
		}
		offer := queue.OfferRecord{
			Call: "u1", Group: "110", Agent: "1000", Leg: "l1", Number: 2, Transfer: true, Offered: moment,
			Answered: moment.Add(1500 * time.Millisecond), Ended: moment.Add(4 * time.Second),
			Outcome: queue.OfferAnswered, Cause: "x", Visit: 2, Recording: "/r/u1-2.wav",
			Arrived: moment, Level: 1, Hold: time.Second, WrapUp: 2 * time.Second, WrapUpEnded: queue.WrapUpByHand,
		}
		s.Write(queue.Change{CDR: &full}, queue.Change{CDR: &bare}, queue.Change{Offer: &offer},
			queue.Change{AgentLog: &agent.LogEntry{
				Extension: "1000", Status: agent.StatusTalking, At: moment,
				Caller: "u1",
			}})
		flush(t, s)
		cdrs, err := s.CDRs(within(t), moment)
		if err != nil || len(cdrs) != 2 {
			t.Fatalf("%v %v", cdrs, err)
		}
		for i, want := range []queue.CDR{full, bare} {
			if got := utcCDR(cdrs[i]); !reflect.DeepEqual(got, want) {
				t.Errorf("cdr\n got %+v\nwant %+v", got, want)
			}
		}
		if later, err := s.CDRs(within(t), moment.Add(time.Second)); err != nil || len(later) != 1 {
			t.Errorf("since one second later: %v %v", later, err)
		}
		offers, err := s.Offers(within(t), "u1")
		if err != nil || len(offers) != 1 {
			t.Fatalf("%v %v", offers, err)
		}
		if got := utcOffer(offers[0]); got != offer {
			t.Errorf("offer\n got %+v\nwant %+v", got, offer)
		}
		if n := count(t, s, `SELECT count(*) FROM nwayacd_offer WHERE ring_ms = 1500 AND talk_ms = 2500`); n != 1 {
			t.Error("the offer's times in ms are wrong")
		}
		if n := count(t, s,
			`SELECT count(*) FROM nwayacd_agent_log WHERE status = 'talking' AND call_uuid = 'u1'`); n != 1 {
			t.Error("no agent log")
		}
	})
}

func utcCDR(c queue.CDR) queue.CDR {
	for _, at := range []*time.Time{&c.Arrived, &c.Answered, &c.Bridged, &c.Ended} {
		if !at.IsZero() {
			*at = at.UTC()
		}
	}
	return c
}

func TestHostileTextIsOnlyText(t *testing.T) {
	everyDatabase(t, func(t *testing.T, o Options) {
		s, _ := run(t, o)
		for i, text := range []string{
			`'; DROP TABLE call_extension; --`, `" \" \\ \u0000 \\u0000`, "a\x00b", `{"a":[1]}`, "\xff\xfe",
			"$1 ?1 %s %n", "李\n\r\t\u2028", strings.Repeat("x", 100000),
		} {
			uuid := fmt.Sprint("u", i)
			s.Write(queue.Change{CDR: &queue.CDR{
				UUID: uuid, Caller: text, Outcome: queue.Outcome(text),
				Arrived: moment,
			}})
			flush(t, s)
			cdrs, err := s.CDRs(within(t), moment)
			if err != nil || len(cdrs) != i+1 {
				t.Fatalf("%q: %d CDRs, %v", text, len(cdrs), err)
			}
			want := strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\ufffd")
			if text == "\xff\xfe" {
				want = "\ufffd\ufffd"
			}
			if cdrs[i].Caller != want {
				t.Errorf("%q came back as %q", text, cdrs[i].Caller)
			}
		}
		if n := count(t, s, `SELECT count(*) FROM nwayacd_rejected`); n != 0 {
			t.Errorf("%d rejected", n)
		}
	})
}
