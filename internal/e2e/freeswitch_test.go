package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"nwayacd/esl"
	process "nwayacd/internal/switchboard"
)

// freeswitch is a real switch. All situations share one, so the numbers of callers and agents are
// unique over all of them.
type freeswitch struct {
	*process.Switch
	sips *sipExchange
}

var theFreeSWITCH, theSecondFreeSWITCH sharedFreeSWITCH

// sharedFreeSWITCH is a switch that many situations use. The first one starts it.
type sharedFreeSWITCH struct {
	once sync.Once
	sw   *freeswitch
	err  error
}

// The two real switches have addresses of their own, at which they reach each other's agents.
const firstIP, secondIP = "127.0.0.1", "127.0.0.2"

// realSwitch is the running FreeSWITCH.
func realSwitch(t *testing.T) *freeswitch {
	t.Helper()
	return theFreeSWITCH.running(t, "freeswitch", firstIP)
}

// secondSwitch is another one, for situations with two.
func secondSwitch(t *testing.T) *freeswitch {
	t.Helper()
	return theSecondFreeSWITCH.running(t, "freeswitch-2", secondIP)
}

func (shared *sharedFreeSWITCH) running(t *testing.T, folder, ip string) *freeswitch {
	t.Helper()
	if !process.Exists() {
		t.Skip("FREESWITCH IS NOT IN PATH: this situation is played on the simulated switch only")
	}
	shared.once.Do(func() { shared.sw, shared.err = startFreeSWITCH("freeswitch", folder, ip) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.sw
}

// ownFreeSWITCH is for a situation in which the switch itself is killed.
func ownFreeSWITCH(t *testing.T) *freeswitch {
	t.Helper()
	realSwitch(t) // skips if there is none
	s, err := startFreeSWITCH("freeswitch", strings.ReplaceAll(t.Name(), "/", "_"), secondIP)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		s.sips.close()
	})
	return s
}

// startFreeSWITCH runs the freeswitch of the PATH with the configuration testdata/NAME.xml.tmpl.
// All its files are in the folder.
func startFreeSWITCH(name, folder, ip string) (*freeswitch, error) {
	sw, err := process.New(filepath.Join(suite.dir, folder), ip)
	if err != nil {
		return nil, err
	}
	s := &freeswitch{Switch: sw}
	if s.sips, err = newSIPExchange(); err != nil {
		return nil, err
	}
	page, err := os.ReadFile(filepath.Join("testdata", name+".xml.tmpl"))
	if err != nil {
		return nil, err
	}
	own := map[string]any{"Exchange": s.sips.port(), "LogLevel": logLevel(), "Extensions": extensions()}
	if err := s.Configure(string(page), own); err != nil {
		return nil, err
	}
	return s, s.Start(context.Background())
}

// crash kills the process and starts it again.
func (s *freeswitch) crash(t testing.TB) {
	t.Helper()
	if err := s.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// unlisted is an extension that the directory does not have.
const unlisted = "%d09"

// extensions are those in the directory: the numbers that hire gives to the people of up to 600
// situations.
func extensions() (all []string) {
	for situation := 100; situation < 700; situation++ {
		for person := range 8 {
			all = append(all, fmt.Sprintf("%d%02d", situation, person))
		}
	}
	return all
}

// logLevel is debug if the logs are kept.
func logLevel() string {
	if os.Getenv("NWAYACD_E2E_LOGS") == "" {
		return "warning"
	}
	return "debug"
}

// stopFreeSWITCH ends it if it was started.
func stopFreeSWITCH() {
	for _, s := range []*freeswitch{theFreeSWITCH.sw, theSecondFreeSWITCH.sw} {
		if s == nil {
			continue
		}
		if err := s.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
		}
	}
}

func (s *freeswitch) stop() error {
	defer keepLog(filepath.Join(s.Dir, "freeswitch.log"), filepath.Base(s.Dir)+".log")
	defer s.sips.close()
	return s.Stop()
}

func (s *freeswitch) address() string    { return s.Address }
func (s *freeswitch) dialString() string { return "[loopback_bowout=false]loopback/{ext}/agents" }

func (s *freeswitch) sipDialString() string {
	return fmt.Sprintf("sofia/phones/{ext}@127.0.0.1:%d", s.sips.port())
}

func (s *freeswitch) outside(_ testing.TB, number string, p phone) { s.sips.set(number, p) }

func (s *freeswitch) phoneLeaves(t testing.TB, ext, _ string) { s.sips.hangsUp(t, ext) }

func (s *freeswitch) phone(t testing.TB, ext string, p phone) {
	t.Helper()
	onSIP := p
	if p.do == picksUp {
		onSIP.talk = 0 // the agent hangs up so long after the bridge, by world's talk
	}
	s.sips.set(ext, onSIP)
	s.api(t, "global_setvar phone_"+ext+"="+p.String())
}

// call originates a loopback pair: the -a leg is the caller's own end, the -b leg is the channel
// that the dialplan gives to nwayacd.
func (s *freeswitch) call(t testing.TB, c incoming) string {
	t.Helper()
	far := uuid.NewString()
	variables := esl.Vars(
		esl.Header{Name: "origination_uuid", Value: far},
		esl.Header{Name: "origination_caller_id_number", Value: c.number},
		esl.Header{Name: "loopback_bowout", Value: "false"},
		esl.Header{Name: "loopback_export", Value: "acd,acd_path"},
		esl.Header{Name: "acd", Value: c.acd},
		esl.Header{Name: "acd_path", Value: c.path},
	)
	s.send(t, esl.BgAPI(uuid.NewString(), "originate "+variables+"loopback/"+c.dialled+"/callers &park()"))
	return far
}

func (s *freeswitch) press(t testing.TB, far, digits string) {
	t.Helper()
	s.api(t, "uuid_send_dtmf "+far+" "+digits)
}

func (s *freeswitch) register(t testing.TB, ext string) registration {
	t.Helper()
	return newBusyPhone(t, ext, s)
}

func (s *freeswitch) api(t testing.TB, line string) { s.send(t, esl.API(line)) }

func (s *freeswitch) send(t testing.TB, command esl.Command) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	if _, err := s.Conn.Send(ctx, command); err != nil {
		t.Fatal(err)
	}
}
