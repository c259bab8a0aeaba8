package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"nwayacd/internal/testlab"
)

// answer is how long the server may take for one. The machine is busy with other situations.
const answer = 10 * time.Second

// health is what /readyz says.
type health struct {
	OK                bool
	Reasons, Warnings []string
}

// ask makes a request with the token, or without one.
func (s *scene) ask(method, path, token string, form url.Values) (status int, body []byte, err error) {
	ctx, stop := context.WithTimeout(context.Background(), answer)
	defer stop()
	request, err := http.NewRequestWithContext(ctx, method, "http://"+s.watched.Load().HTTP+path,
		strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	reply, err := plainClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer reply.Body.Close()
	body, err = io.ReadAll(reply.Body)
	return reply.StatusCode, body, err
}

var plainClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// ready asks /readyz. Without the token the answer is one word for each thing.
func (s *scene) ready(token string) (h health) {
	s.Helper()
	_, body, err := s.ask(http.MethodGet, "/readyz", token, nil)
	if err == nil {
		err = json.Unmarshal(body, &h)
	}
	if err != nil {
		s.Logf("/readyz: %v: %s", err, body)
	}
	return h
}

// tells waits until /readyz says what is wrong: to everybody in one word, and to those with the
// token in a text.
func (s *scene) tells(word, text string) {
	s.Helper()
	began := time.Now()
	var all string
	s.eventually("/readyz tells "+word+": "+text, truth, func() bool {
		h := s.ready("")
		all = fmt.Sprint(s.ready(httpToken).Reasons) // a connection that is lost comes before the reason why
		return !h.OK && slices.Contains(h.Reasons, word) && strings.Contains(all, text)
	})
	s.Logf("after %s: %s", time.Since(began).Round(time.Millisecond), all)
	s.hold()
}

// hold lets the fault last while callers call.
func (s *scene) hold() {
	s.Helper()
	for end := time.Now().Add(suite.hold); time.Now().Before(end); {
		s.serves(1)
	}
}

// recovers waits until /readyz says that nothing is wrong.
func (s *scene) recovers() {
	s.Helper()
	began := time.Now()
	s.eventually("/readyz says that nothing is wrong", 2*truth, func() bool { return s.ready("").OK })
	s.Logf("well again after %s", time.Since(began).Round(time.Millisecond))
	s.serves(5)
}

// secretsWork uses all secrets, and wrong ones beside them, until the server is ended.
func (s *scene) secretsWork() {
	ctx, cancel := context.WithCancel(context.Background())
	var using sync.WaitGroup
	using.Go(func() {
		for pace := time.NewTicker(250 * time.Millisecond); ctx.Err() == nil; {
			s.useSecrets()
			select {
			case <-pace.C:
			case <-ctx.Done():
				pace.Stop()
			}
		}
	})
	s.stopUse = func() { cancel(); using.Wait() }
	s.Cleanup(s.stopUse)
}

func (s *scene) useSecrets() {
	s.ask(http.MethodGet, "/api/v1/agents", "a wrong token", nil) // it costs only its own source
	if status, body, err := s.ask(http.MethodGet, "/api/v1/agents", httpToken, nil); status != http.StatusOK {
		s.Errorf("the right token: %d %s %v", status, body, err)
	}
	user := url.Values{
		"section": {"directory"}, "user": {"1000"}, "domain": {"sim.local"}, "action": {"sip_auth"},
		"sip_auth_realm": {"sim.local"},
	}
	status, body, err := s.ask(http.MethodPost, "/freeswitch/directory", directoryToken, user)
	if status != http.StatusOK || !strings.Contains(string(body), "1000") {
		s.Errorf("the right token of the directory: %d %s %v", status, body, err)
	}
	ctx, stop := context.WithTimeout(context.Background(), answer)
	defer stop()
	fresh := testlab.Client{Address: s.watched.Load().Control, Password: password}
	defer fresh.Close()
	if reply, err := fresh.Do(ctx, "nway_list_groups"); err != nil || !strings.Contains(reply, group) {
		s.Errorf("the right password: %s %v", reply, err)
	}
}
