package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"nwayacd/internal/report"
	"nwayacd/internal/story"
	"nwayacd/queue"
)

// picturePolicy is policy for a picture that is opened by itself: it loads the console's style
// sheets.
const picturePolicy = policy + "; style-src 'self'"

// pictureStyles are the style sheets that have the colours of a picture.
var pictureStyles = []string{consolePrefix + "web/css/base.css", consolePrefix + "web/css/chart.css"}

// drawn returns the charts of a report. Names and goals are those that the actor may see.
func (p *Port) drawn(ctx context.Context, made *report.Report, language string) (*download, error) {
	view := &report.View{Now: time.Now(), Styles: pictureStyles}
	if p.ReportTexts != nil {
		view.Texts = p.ReportTexts(language)
	}
	if made.ByAgent {
		view.Name = p.namesOfAgents(ctx)
	} else {
		view.Aims = p.goalsOf(ctx, made)
	}
	var body bytes.Buffer
	if err := made.WriteSVG(&body, view); err != nil {
		return nil, err
	}
	return &download{ContentType: reportForms["svg"].contentType, Policy: picturePolicy, Body: body.Bytes()}, nil
}

// namesOfAgents returns what shows an agent: the extension, and the name if there is another one.
func (p *Port) namesOfAgents(ctx context.Context) func(extension string) string {
	names, shown := map[string]string{}, p.agentsShown(ctx)
	for _, a := range p.Server.ACD.Dispatcher.Agents() {
		if shown == nil || shown(a.Extension) {
			names[a.Extension] = a.Name
		}
	}
	return func(extension string) string {
		if name := names[extension]; name != "" && name != extension {
			return extension + " " + name
		}
		return extension
	}
}

// goalsOf returns the goals of the groups that the report has.
func (p *Port) goalsOf(ctx context.Context, made *report.Report) (goals []int) {
	all := map[string]int{}
	for _, g := range p.groups(ctx) {
		all[g.Number] = g.Goal.Or(queue.DefaultMarks.Goal)
	}
	for i := range made.Totals {
		if goal, there := all[made.Totals[i].Of]; there {
			goals = append(goals, goal)
		}
	}
	return goals
}

// drawnStory returns the picture of a call, with the story as JSON in its metadata. Names are those
// that the actor may see.
func (p *Port) drawnStory(ctx context.Context, t *told, zone *time.Location, language string) ([]byte, error) {
	data, err := json.Marshal(t.shown)
	if err != nil {
		return nil, err
	}
	view := &story.View{
		Zone: zone, Group: map[string]string{}, Agent: p.namesOfAgents(ctx), Data: data, Styles: pictureStyles,
	}
	if p.StoryTexts != nil {
		view.Texts = p.StoryTexts(language)
	}
	for _, g := range p.groups(ctx) {
		view.Group[g.Number] = g.Name
	}
	var body bytes.Buffer
	err = story.WriteSVG(&body, t.visits, t.offers, view)
	return body.Bytes(), err
}
