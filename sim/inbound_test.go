package sim

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"nwayacd/esl"
)

func TestWrongPasswordCloses(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		ours, theirs := net.Pipe()
		b.wg.Go(func() { b.s.ServeConn(context.Background(), ours) })
		_, err := esl.Login(context.Background(), theirs, "wrong", esl.Options{})
		if !errors.Is(err, esl.ErrAuth) {
			t.Errorf("got %v", err)
		}
	})
}

func TestUnknownCommands(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		a := b.client()
		is(t, "api", a.api("nonsense 1 2"), "-ERR nonsense Command not found!")
		is(t, "command", a.send(esl.Raw("nonsense")).Text(), "-ERR command not found")
		is(t, "linger", a.send(esl.Raw("linger")).Text(), "-ERR not controlling a session")
		is(t, "sendmsg", a.send(esl.SendMsg("nobody")).Text(), "-ERR invalid session id [nobody]")
		is(t, "empty answer", a.api("global_getvar nothing"), "-ERR no reply")
	})
}

func TestAnswersAboutTheSwitch(t *testing.T) {
	inBubble(t, Options{Name: "fs1"}, func(b *bed) {
		a := b.client()
		is(t, "hostname", a.api("hostname"), "fs1")
		is(t, "domain", a.api("global_getvar domain"), "sim.local")
		is(t, "core", a.api("eval ${core_uuid}"), a.api("global_getvar core_uuid"))
		if v := a.api("version"); !strings.HasPrefix(v, "FreeSWITCH Version 1.10.12") {
			t.Errorf("version %q", v)
		}
		if v := a.api("status"); !strings.HasPrefix(v, "UP 0 years") {
			t.Errorf("status %q", v)
		}
	})
}

func TestRegistrationsComeAsEventsAndAsAList(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		a := b.client()
		a.send(esl.Raw("event plain CUSTOM sofia::register sofia::unregister sofia::expire"))
		b.s.Agent("1000", Behaviour{})
		b.s.Agent("1001", Behaviour{})
		pass(0)
		is(t, "register", a.last("CUSTOM").Get("from-user"), "1001")
		b.s.Agent("1000", Behaviour{Do: Unregistered})
		pass(0)
		is(t, "unregister", a.last("CUSTOM").Subclass(), "sofia::unregister")
		var list struct {
			Count int                 `json:"row_count"`
			Rows  []map[string]string `json:"rows"`
		}
		if err := json.Unmarshal([]byte(a.api("show registrations as json")), &list); err != nil {
			t.Fatal(err)
		}
		if list.Count != 1 || list.Rows[0]["reg_user"] != "1001" {
			t.Errorf("list %+v", list)
		}
		b.s.Expire("1001")
		pass(0)
		is(t, "expire names it by user", a.last("CUSTOM").Get("user"), "1001")
		is(t, "none left", a.api("show registrations as json"), `{"row_count":0}`)
	})
}

func TestShowChannelsTellsOurLegs(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{})
		a := b.client()
		is(t, "none", a.api("show channels count"), "\n0 total.")
		a.api("originate {origination_uuid=leg,presence_data='nwayacd caller'}user/1000 &park()")
		var list struct {
			Rows []map[string]string `json:"rows"`
		}
		if err := json.Unmarshal([]byte(a.api("show channels as json")), &list); err != nil {
			t.Fatal(err)
		}
		row := list.Rows[0]
		is(t, "uuid", row["uuid"], "leg")
		is(t, "presence_data", row["presence_data"], "nwayacd caller")
		is(t, "application", row["application"], "park")
		if text := a.api("show channels"); !strings.Contains(text, "\nleg,outbound,") ||
			!strings.HasSuffix(text, "\n1 total.") {
			t.Errorf("text %q", text)
		}
		if dump := a.api("uuid_dump leg"); !strings.Contains(dump, "variable_presence_data: nwayacd%20caller\n") {
			t.Errorf("dump %q", dump)
		}
	})
}

func TestFiltersAndFormats(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{})
		b.s.Agent("1001", Behaviour{})
		a := b.client()
		is(t, "all", a.send(esl.Raw("event plain ALL")).Text(), "+OK event listener enabled plain")
		is(t, "filter", a.send(esl.Raw("filter Unique-ID one")).Text(), "+OK filter added. [Unique-ID]=[one]")
		a.api("originate {origination_uuid=one}user/1000 &park()")
		a.api("originate {origination_uuid=two}user/1001 &park()")
		a.mu.Lock()
		for _, e := range a.seen {
			if e.Get("Unique-ID") != "one" {
				t.Errorf("%s of %q passed", e.Name(), e.Get("Unique-ID"))
			}
		}
		a.mu.Unlock()
		is(t, "delete", a.send(esl.Raw("filter delete Unique-ID one")).Text(), "+OK filter deleted. [Unique-ID][one]")
		a.forget()
		a.api("uuid_kill two")
		has(t, a.events(), "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY")
		is(t, "noevents", a.send(esl.Raw("noevents")).Text(), "+OK no longer listening for events")
		a.forget()
		a.api("uuid_kill one")
		if got := a.events(); len(got) > 0 {
			t.Errorf("after noevents: %q", got)
		}
		is(t, "nothing named", a.send(esl.Raw("event plain")).Text(), "-ERR no keywords supplied")
	})
}

// rawClient is a client that sees the bytes.
type rawClient struct {
	t  *testing.T
	nc net.Conn
	r  *esl.Reader
}

func (b *bed) rawClient() *rawClient {
	ours, theirs := net.Pipe()
	b.wg.Go(func() { b.s.ServeConn(context.Background(), ours) })
	b.ends = append(b.ends, theirs)
	c := &rawClient{b.t, theirs, esl.NewReader(theirs, esl.Limits{})}
	is(b.t, "greeting", c.read().Get("Content-Type"), "auth/request")
	is(b.t, "auth", c.ask("auth ClueCon").Get("Reply-Text"), "+OK accepted")
	return c
}

func (c *rawClient) read() *esl.Event {
	c.t.Helper()
	e, err := c.r.ReadFrame()
	if err != nil {
		c.t.Fatal(err)
	}
	return e
}

func (c *rawClient) ask(request string) *esl.Event {
	c.t.Helper()
	if _, err := c.nc.Write([]byte(request + "\n\n")); err != nil {
		c.t.Fatal(err)
	}
	return c.read()
}

func (c *rawClient) readJSON() map[string]string {
	c.t.Helper()
	e := c.read()
	is(c.t, "type", e.Get("Content-Type"), "text/event-json")
	var fields map[string]string
	if err := json.Unmarshal([]byte(e.Body()), &fields); err != nil {
		c.t.Fatal(err)
	}
	return fields
}

func TestReplyComesBeforeTheEventsOfItsCommand(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{After: time.Second})
		c := b.rawClient()
		c.ask("event json CHANNEL_CREATE")
		is(t, "first", c.ask("api originate {origination_uuid=leg}user/1000 &park()").Body(), "+OK leg\n")
		is(t, "then", c.readJSON()["Event-Name"], "CHANNEL_CREATE")
	})
}

func TestSendeventLosesItsEmptyHeaders(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		c := b.rawClient()
		c.ask("event json CUSTOM nwayacd::queue")
		c.ask("sendevent CUSTOM\nEvent-Subclass: nwayacd::queue\nempty: \nfull: a b%")
		fields := c.readJSON()
		is(t, "full", fields["full"], "a b%")
		if _, there := fields["empty"]; there {
			t.Error("the empty header came through")
		}
	})
}

func TestCrashedSwitchComesBackEmpty(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Agent("1000", Behaviour{})
		call, a := b.caller(CallOptions{})
		cti := b.client()
		before := cti.api("eval ${core_uuid}")
		b.s.Restart()
		pass(time.Second)
		<-a.Done()
		<-cti.Done()
		<-call.Done()
		again := b.client()
		if after := again.api("eval ${core_uuid}"); after == before {
			t.Error("the same Core-UUID")
		}
		is(t, "channels", again.api("show channels count"), "\n0 total.")
		if !strings.Contains(again.api("show registrations"), "1000,") {
			t.Error("the phone is not registered any more")
		}
	})
}

func TestSwitchThatIsDownTakesNoCalls(t *testing.T) {
	inBubble(t, Options{}, func(b *bed) {
		b.s.Close()
		call := b.s.Call(CallOptions{Number: "1", Dialplan: Plan("echo")})
		<-call.Done()
		is(t, "cause", call.Cause(), "SYSTEM_SHUTDOWN")
		if err := call.Wait(context.Background(), func(c *Call) bool { return c.Answered() }); !errors.Is(err,
			ErrOver) {
			t.Errorf("Wait: %v", err)
		}
	})
}
