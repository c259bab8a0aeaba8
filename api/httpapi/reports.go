package httpapi

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"nwayacd/internal/report"
)

// reportsLimit bounds the making of one report.
const reportsLimit = 2 * time.Minute

type reportQuery struct {
	By      string    `query:"by" enum:"group,agent" default:"group"`
	Step    string    `query:"step" enum:"quarter,hour,day,week,month" default:"day"`
	From    time.Time `query:"from" doc:"moved to the begin of its step; without it, the begin of today in the zone" example:"2026-01-01T00:00:00Z"`
	To      time.Time `query:"to" doc:"not part of the report; moved to the end of its step; without it, now" example:"2026-02-01T00:00:00Z"`
	Zone    string    `query:"zone" doc:"time zone of the steps, such as Europe/Berlin; without it, that of the configuration"`
	Formula string    `query:"formula" enum:"short-excluded,all,answered,abandoned-counts,late-abandoned" default:"short-excluded" doc:"of the service level"`
	Groups  string    `query:"groups" doc:"only these groups, separated by commas; by=agent: only work for them" example:"110,120"`
	Format  string    `query:"format" enum:"json,csv,xlsx,svg" default:"json"`
	// Language is that of the texts in a picture.
	Language string `query:"language" enum:"en,zh" default:"en" doc:"of the texts in the charts; format=svg"`
}

// download is an output that is a file.
type download struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Policy      string `header:"Content-Security-Policy"`
	Body        []byte
}

func (p *Port) reportOperations(r resource) {
	register(r, operation{
		id: "make-report", method: http.MethodGet, path: apiPrefix + "/reports",
		summary: "Report the figures of groups or agents",
		about: "docs/figures.md says what each figure is. Rows have a begin in the zone, with its offset. " +
			"A figure that cannot be computed is null, or an empty cell. " +
			"In JSON, columns has the names in order, rows the rows, " +
			"totals one row for each group or agent, and total all together. At most 100,000 rows. " +
			"As SVG, it is the charts, with the JSON in its metadata.",
		refusals: []int{http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge}, limit: reportsLimit,
	}, p.makeReport)
	answer := r.api.OpenAPI().Paths[apiPrefix+"/reports"].Get.Responses["200"]
	for kind, media := range answer.Content {
		delete(answer.Content, kind)
		for _, f := range reportForms {
			answer.Content[f.contentType] = media
		}
		break
	}
}

const pictureType = "image/svg+xml"

// reportForms are the forms of a report.
var reportForms = map[string]struct{ contentType, ending string }{
	"json": {"application/json", "json"},
	"csv":  {"text/csv; charset=utf-8", "csv"},
	"xlsx": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
	"svg":  {pictureType, "svg"},
}

func (p *Port) makeReport(ctx context.Context, in *reportQuery) (*download, error) {
	zone, err := p.zone(in.Zone)
	if err != nil {
		return nil, err
	}
	viewer := p.Server.Viewer(ctx)
	from, to := in.From, in.To
	if to.IsZero() {
		to = time.Now()
	}
	if from.IsZero() {
		from = report.DayOf(to, zone)
	}
	q := report.Query{
		ByAgent: in.By == "agent", Step: report.Step(in.Step), From: from, To: to, Zone: zone,
		Formula: in.Formula, Groups: among(viewer.Groups(), in.Groups),
	}
	if q.ByAgent {
		q.Agent = p.agentsShown(ctx)
		if viewer.Own() {
			q.Groups = among(nil, in.Groups)
		}
	}
	made, err := report.Make(ctx, p.Database, q)
	switch {
	case errors.Is(err, report.ErrTooLong), errors.Is(err, report.ErrQuery):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errDatabase, err)
	}
	if in.Format == "svg" {
		return p.drawn(ctx, made, in.Language)
	}
	return reported(made, in.Format)
}

func reported(made *report.Report, format string) (*download, error) {
	form := reportForms[format]
	out := &download{ContentType: form.contentType, Policy: policy}
	var body bytes.Buffer
	write := made.WriteJSON
	switch format {
	case "csv":
		write = made.WriteCSV
	case "xlsx":
		write = made.WriteXLSX
	}
	if format != "json" {
		out.Disposition = fmt.Sprintf(`attachment; filename="report-%s.%s"`, made.From.Format(time.DateOnly),
			form.ending)
	}
	if err := write(&body); err != nil {
		return nil, err
	}
	out.Body = body.Bytes()
	return out, nil
}

// zone returns the time zone of that name, or the configured one for "".
func (p *Port) zone(name string) (*time.Location, error) {
	if name == "" {
		return cmp.Or(p.Zone, time.UTC), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("zone %q: %w", name, errZone)
	}
	return zone, nil
}

var errZone = errors.New("there is no such time zone")

// among returns the groups of the list that may be seen. A nil list stands for all.
func among(may []string, list string) []string {
	if list == "" {
		return may
	}
	asked := strings.Split(list, ",")
	if may == nil {
		return asked
	}
	return slices.DeleteFunc(asked, func(group string) bool { return !slices.Contains(may, group) })
}

// agentsShown returns which agents the actor may see. nil stands for all, also those that were
// removed.
func (p *Port) agentsShown(ctx context.Context) func(extension string) bool {
	viewer := p.Server.Viewer(ctx)
	if viewer.SeesAll() {
		return nil
	}
	shown := map[string]bool{}
	for _, a := range p.Server.ACD.Dispatcher.Agents() {
		shown[a.Extension] = viewer.Agent(&a)
	}
	return func(extension string) bool { return shown[extension] }
}
