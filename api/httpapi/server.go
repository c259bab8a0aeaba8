package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

type versionShown struct {
	Version string `json:"version" doc:"version, commit, Go and database, in one line"`
}

type reloadReport struct {
	Report string `json:"report" doc:"the keys whose change needs a restart"`
}

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
	}, func(context.Context, *nothing) (*health, error) {
		out := &health{Status: http.StatusOK}
		out.Body.OK = true
		return out, nil
	})
	register(r, operation{
		id: "readyz", method: http.MethodGet, path: "/readyz", summary: "Report whether calls can be served",
		about: "503 with reasons: the server is draining, the database or the journal does not work, a FreeSWITCH " +
			"is not linked or lacks the variable domain. Warnings leave the status at 200. For those who do not show " +
			"a token of the role metrics or admin, reasons and warnings are one word each, if the port has a token.",
	}, p.ready)
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
		all = append(all, Notice{WordDraining, "draining: the server shuts down and takes no calls"})
	}
	if err := p.Database.Healthy(); err != nil {
		all = append(all, Notice{WordStorage, err.Error()})
	}
	for _, l := range p.Server.ACD.Links() {
		switch {
		case !l.Up:
			all = append(all, Notice{
				WordLink, fmt.Sprintf("FreeSWITCH %s: no link since %s", l.Name, l.Since.UTC().Format(time.RFC3339)),
			})
		case l.NoDomain:
			all = append(all, Notice{
				WordDomain,
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
		all = append(all, Notice{
			WordDirectory, "requests for FreeSWITCH's user directory are refused: " + directoryKey,
		})
	}
	return all
}
