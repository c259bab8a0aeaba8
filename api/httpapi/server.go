package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"nwayacd/internal/auth"
)

type versionShown struct {
	Version string `json:"version" doc:"version, commit, Go and database, in one line"`
}

type reloadReport struct {
	Report string `json:"report" doc:"the keys whose change needs a restart"`
}

// health is the answer to a probe.
type health struct {
	Status int
	Body   struct {
		OK       bool     `json:"ok"`
		Reasons  []string `json:"reasons,omitempty" nullable:"false" doc:"why ok is false"`
		Warnings []string `json:"warnings,omitempty" nullable:"false" doc:"what should be looked at"`
	}
}

// Notice is something that /readyz tells: in one word to everybody, and in a text to those who have
// shown the token.
type Notice struct{ Word, Text string }

func (p *Port) serverOperations(r resource) {
	register(r, operation{
		id: "get-version", method: http.MethodGet, path: apiPrefix + "/version",
		summary:  "Show version, commit, Go and database",
		commands: []string{"nwayacd_version"},
	}, func(ctx context.Context, _ *nothing) (*output[versionShown], error) {
		return &output[versionShown]{versionShown{p.Server.Version(ctx)}}, nil
	})
	register(r, operation{
		id: "reload", method: http.MethodPost, path: apiPrefix + "/reload", summary: "Read the configuration again",
		commands: []string{"nway_reload"},
		about:    "If the file has a fault, nothing changes.", refusals: []int{http.StatusConflict},
	}, p.reload)
	register(r, operation{
		id: "healthz", method: http.MethodGet, path: "/healthz", summary: "Report that the process is alive",
	}, func(context.Context, *nothing) (*health, error) { return healthOf(nil, nil), nil })
	register(r, operation{
		id: "readyz", method: http.MethodGet, path: "/readyz", summary: "Report whether calls can be served",
		about: "503 with reasons: the server is draining, the database or the journal does not work, a FreeSWITCH " +
			"is not linked or lacks the variable domain. Warnings leave the status at 200. For those who do not show " +
			"a token of the role metrics or admin, reasons and warnings are one word each, if the port has a token.",
	}, func(ctx context.Context, _ *nothing) (*health, error) {
		show := func(n Notice) string { return n.Word }
		if actor, _ := auth.From(ctx); auth.May(actor, auth.OpReadyz) {
			show = func(n Notice) string { return n.Text }
		}
		return healthOf(shownAs(p.reasons(), show), shownAs(p.warnings(), show)), nil
	})
	ready := r.api.OpenAPI().Paths["/readyz"].Get
	ready.Responses["503"] = ready.Responses["200"]
}

func (p *Port) reload(context.Context, *nothing) (*output[reloadReport], error) {
	report, err := p.Server.Reload()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errConfiguration, err)
	}
	return &output[reloadReport]{reloadReport{report}}, nil
}

// reasons returns why some calls cannot be served.
func (p *Port) reasons() (all []Notice) {
	if p.Server.ACD.Draining() {
		all = append(all, Notice{"draining", "draining: the server shuts down and takes no calls"})
	}
	if err := p.Database.Healthy(); err != nil {
		all = append(all, Notice{"storage", err.Error()})
	}
	for _, l := range p.Server.ACD.Links() {
		switch {
		case !l.Up:
			all = append(all, Notice{
				"link", fmt.Sprintf("FreeSWITCH %s: no link since %s", l.Name, l.Since.UTC().Format(time.RFC3339)),
			})
		case l.NoDomain:
			all = append(all, Notice{
				"domain",
				fmt.Sprintf("FreeSWITCH %s has no global variable domain, which its dial-string needs", l.Name),
			})
		}
	}
	return all
}

// warnings returns what does not keep calls from being served.
func (p *Port) warnings() (all []Notice) {
	if p.Warnings != nil {
		all = p.Warnings()
	}
	if p.directoryRefused.lately() {
		all = append(all, Notice{"directory", "requests for FreeSWITCH's user directory are refused: " + directoryKey})
	}
	return all
}

func shownAs(notices []Notice, show func(Notice) string) (texts []string) {
	for _, n := range notices {
		if text := show(n); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

func healthOf(reasons, warnings []string) *health {
	out := &health{Status: http.StatusOK}
	if len(reasons) > 0 {
		out.Status = http.StatusServiceUnavailable
	}
	out.Body.OK, out.Body.Reasons, out.Body.Warnings = len(reasons) == 0, reasons, warnings
	return out
}
