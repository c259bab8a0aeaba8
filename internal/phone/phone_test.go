package phone

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain leaves out the readers of sipgo. The library makes connections while it closes, and
// nothing ends their readers.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/emiago/sipgo/sip.(*TransportUDP).readListenerConnection"))
}

// transports are tested here if they need no switch: the only server socket of a phone is UDP.
const transport = "udp"

// pair is a phone that calls another one without a switch between them.
func pair(t *testing.T, b Behaviour) (mary, anna *Phone, device *Contact) {
	t.Helper()
	anna = New(Options{Number: "1001", Name: "Anna"})
	t.Cleanup(anna.Close)
	anna.Takes(b)
	device, err := anna.Open(t.Context(), transport)
	if err != nil {
		t.Fatal(err)
	}
	mary = New(Options{Number: "2001", Name: "Mary Ünal", Server: fmt.Sprintf("%s:%d", device.host, device.port)})
	t.Cleanup(mary.Close)
	return mary, anna, device
}

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), limit)
	t.Cleanup(stop)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCallIsAnsweredAndBothHearEachOther(t *testing.T) {
	ctx := within(t, 10*time.Second)
	mary, anna, _ := pair(t, Answers(20*time.Millisecond))
	call, err := mary.Call(ctx, "1001", Header{"X-Order", "17"}, Header{"Alert-Info", "<http://ring>"})
	must(t, err)
	must(t, call.IsAnswered(ctx))
	taken, err := anna.InCall(ctx)
	must(t, err)
	order := taken.Header("x-order")
	if v := taken.View(); v.Number != "2001" || v.Name != "Mary Ünal" || v.Dialled != "1001" || order != "17" {
		t.Errorf("anna sees %+v, X-Order %q", v, order)
	}
	must(t, call.Wait(ctx, func(v View) bool { return v.Hears == "1001" }))
	must(t, taken.Wait(ctx, func(v View) bool { return v.Hears == "2001" }))
	must(t, taken.HangUp(ctx))
	must(t, call.IsOver(ctx))
	if v := call.View(); v.ByUs || v.Code != 200 {
		t.Errorf("mary's call ended as %+v", v)
	}
	if v := taken.View(); !v.ByUs {
		t.Errorf("anna's call ended as %+v", v)
	}
}

func TestHoldIsSeenByTheOtherSide(t *testing.T) {
	ctx := within(t, 10*time.Second)
	mary, anna, _ := pair(t, Answers(0))
	call, err := mary.Call(ctx, "1001")
	must(t, err)
	must(t, call.IsAnswered(ctx))
	taken, err := anna.InCall(ctx)
	must(t, err)
	must(t, taken.Hold(ctx))
	if !taken.View().Held {
		t.Error("anna does not hold")
	}
	must(t, taken.Unhold(ctx))
	if offers := call.View().Offers; !slices.Equal(offers, []string{"sendonly", "sendrecv"}) {
		t.Errorf("mary was offered %v", offers)
	}
	must(t, call.HangUp(ctx))
	must(t, taken.IsOver(ctx))
}

func TestRefusalsHaveTheirCode(t *testing.T) {
	for _, code := range []int{302, 404, 408, 480, 486, 488, 500, 503, 603} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			ctx := within(t, 10*time.Second)
			mary, _, _ := pair(t, Refuses(code, 10*time.Millisecond))
			call, err := mary.Call(ctx, "1001")
			must(t, err)
			must(t, call.IsOver(ctx))
			if v := call.View(); v.Code != code || v.ByUs {
				t.Errorf("the call ended as %+v", v)
			}
		})
	}
}

func TestCancelledCallStopsRinging(t *testing.T) {
	ctx := within(t, 10*time.Second)
	mary, anna, _ := pair(t, RingsForever())
	call, err := mary.Call(ctx, "1001")
	must(t, err)
	rings, err := anna.Rings(ctx)
	must(t, err)
	must(t, call.HangUp(ctx))
	must(t, rings.IsOver(ctx))
	if v := call.View(); v.Code != 487 || !v.ByUs {
		t.Errorf("mary's call ended as %+v", v)
	}
}

func TestPhoneIsPickedUpByHand(t *testing.T) {
	ctx := within(t, 10*time.Second)
	mary, anna, _ := pair(t, RingsForever())
	call, err := mary.Call(ctx, "1001")
	must(t, err)
	rings, err := anna.Rings(ctx)
	must(t, err)
	rings.PickUp()
	must(t, call.IsAnswered(ctx))
	must(t, call.HangUp(ctx))
}

func TestPhoneAnswersAndHangsUpAtOnce(t *testing.T) {
	ctx := within(t, 10*time.Second)
	mary, _, _ := pair(t, AnswersFor(0, 0))
	call, err := mary.Call(ctx, "1001")
	must(t, err)
	must(t, call.IsOver(ctx))
	if v := call.View(); v.Code != 200 || v.ByUs {
		t.Errorf("the call ended as %+v", v)
	}
}

func TestSilentPhoneAndSwitchedOffPhoneSayNothing(t *testing.T) {
	for what, off := range map[string]bool{"silent": false, "switched off": true} {
		t.Run(what, func(t *testing.T) {
			mary, anna, device := pair(t, SaysNothing())
			if off {
				anna.Takes(Answers(0))
				device.SwitchOff()
			}
			call, err := mary.Call(within(t, time.Second), "1001")
			must(t, err)
			if err := call.IsRinging(within(t, 700*time.Millisecond)); err == nil {
				t.Errorf("the phone said %d", call.View().Code)
			}
			if seen := len(anna.Dialogs()); (seen == 0) != off {
				t.Errorf("the phone has seen %d calls", seen)
			}
		})
	}
}
