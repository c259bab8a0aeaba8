package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"nwayacd/agent"
	"nwayacd/internal/setting"
	"nwayacd/queue"
)

// settingShown is a setting as pages need it: what it is, and which values it has.
type settingShown struct {
	Key       string     `json:"key" example:"ring_seconds"`
	Type      string     `json:"type" enum:"text,file,dial,flag,number,seconds,choice,groups"`
	Minimum   *int64     `json:"minimum,omitempty" doc:"of a number and of seconds"`
	Maximum   *int64     `json:"maximum,omitempty" doc:"of a number and of seconds"`
	MaxLength *int64     `json:"max_length,omitempty" doc:"of a text, in characters"`
	Choices   []string   `json:"choices,omitempty" doc:"of a choice"`
	Default   any        `json:"default" doc:"null: default_in names the key of the configuration that has it"`
	DefaultIn string     `json:"default_in,omitempty" example:"recover-seconds"`
	Role      string     `json:"role" enum:"admin,supervisor" doc:"the role that may set it, at least"`
	Allowed   wordsShown `json:"allowed" doc:"which values are allowed"`
	Help      wordsShown `json:"help"`
	Column    string     `json:"column" doc:"in ext_group or call_extension"`
}

// wordsShown is a text in both languages.
type wordsShown struct {
	EN string `json:"en"`
	ZH string `json:"zh"`
}

// settingsShown are the tables of settings.
type settingsShown struct {
	Groups []settingShown `json:"groups" nullable:"false"`
	Agents []settingShown `json:"agents" nullable:"false"`
}

// groupSettings and agentSettings are settings by key in a body. null leaves one to its default.
type (
	groupSettings map[string]any
	agentSettings map[string]any
)

// Schema implements huma.SchemaProvider.
func (groupSettings) Schema(huma.Registry) *huma.Schema { return schemaOf(queue.GroupSettings) }

// Schema implements huma.SchemaProvider.
func (agentSettings) Schema(huma.Registry) *huma.Schema { return schemaOf(agent.Settings) }

// schemaOf returns the schema of an object that has some of the settings.
func schemaOf[T, U any](all setting.Table[T, U]) *huma.Schema {
	s := &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{},
		Description: "Absent: no change; null: the default.",
	}
	for i := range all {
		s.Properties[all[i].Key] = schemaOfRule(&all[i].Rule, all[i].Help.EN)
	}
	s.PrecomputeMessages()
	return s
}

func schemaOfRule(r *setting.Rule, help string) *huma.Schema {
	s := &huma.Schema{Nullable: true, Description: help}
	switch r.Type {
	case setting.Flag:
		s.Type = huma.TypeBoolean
	case setting.Number, setting.Seconds:
		s.Type = huma.TypeInteger
		s.Minimum, s.Maximum = new(float64(r.Min)), new(float64(r.Max))
	case setting.Choice:
		s.Type = huma.TypeString
		for _, c := range r.Choices {
			s.Enum = append(s.Enum, c)
		}
	default:
		s.Type = huma.TypeString
		s.MaxLength = new(int(r.Max))
		s.Description += "; " + r.Wanted().EN
	}
	s.PrecomputeMessages()
	return s
}

type changedGroup struct {
	Group string        `path:"group" maxLength:"128" doc:"the group's number" example:"110"`
	Body  groupSettings `example:"{\"ring_seconds\":20}"`
}

type changedAgent struct {
	Extension string        `path:"extension" maxLength:"128" doc:"the agent's number" example:"1000"`
	Body      agentSettings `example:"{\"name\":\"Ann\",\"wrap_up_seconds\":30}"`
}

// Resolve implements huma.ResolverWithPath. It refuses values that are not allowed.
func (in *changedGroup) Resolve(_ huma.Context, at *huma.PathBuffer) []error {
	return checkAll(queue.GroupSettings, in.Body, at)
}

// Resolve implements huma.ResolverWithPath. It refuses values that are not allowed.
func (in *changedAgent) Resolve(_ huma.Context, at *huma.PathBuffer) []error {
	return checkAll(agent.Settings, in.Body, at)
}

func checkAll[T, U any](all setting.Table[T, U], body map[string]any, at *huma.PathBuffer) (errs []error) {
	for key, value := range body {
		one, err := all.Find(key)
		if err == nil {
			_, err = one.FromJSON(value)
		}
		if err != nil {
			errs = append(errs, &huma.ErrorDetail{Location: at.With("body." + key), Message: err.Error()})
		}
	}
	return errs
}

func (p *Port) settingOperations(r resource) {
	unknown := []int{http.StatusNotFound}
	const about = "All of the body, or nothing. It counts from now on. "
	register(r, operation{
		id: "list-settings", method: http.MethodGet, path: apiPrefix + "/settings",
		summary: "List what can be set for groups and agents",
	}, p.listSettings)
	register(r, operation{
		id: "change-group", method: http.MethodPatch, path: apiPrefix + "/groups/{group}",
		summary: "Change settings of a group", commands: []string{"nway_set_group"},
		about: about + "A supervisor may change what list-settings says.", refusals: unknown,
	}, p.changeGroup)
	register(r, operation{
		id: "change-agent", method: http.MethodPatch, path: apiPrefix + "/agents/{extension}",
		summary: "Change settings of an agent", commands: []string{"nway_set_ext"},
		about: about + "An offer or a call goes on with what was set before.", refusals: unknown,
	}, p.changeAgent)
}

func (p *Port) listSettings(context.Context, *nothing) (*output[settingsShown], error) {
	return &output[settingsShown]{settingsShown{
		Groups: showTable(queue.GroupSettings), Agents: showTable(agent.Settings),
	}}, nil
}

func showTable[T, U any](all setting.Table[T, U]) []settingShown {
	shown := make([]settingShown, len(all))
	for i := range all {
		shown[i] = showSetting(&all[i])
	}
	return shown
}

func showSetting[T, U any](s *setting.Setting[T, U]) settingShown {
	allowed := s.Wanted()
	shown := settingShown{
		Key: s.Key, Type: string(s.Type), Choices: s.Choices, Default: s.Default, DefaultIn: s.DefaultIn,
		Role: "admin", Allowed: wordsShown(allowed), Help: wordsShown(s.Help), Column: s.Column,
	}
	if s.Supervisor {
		shown.Role = "supervisor"
	}
	switch s.Type {
	case setting.Number, setting.Seconds:
		shown.Minimum, shown.Maximum = new(s.Min), new(s.Max)
	case setting.Text, setting.File, setting.Dial, setting.Groups:
		shown.MaxLength = new(s.Max)
	}
	return shown
}

func (p *Port) changeGroup(ctx context.Context, in *changedGroup) (*output[groupShown], error) {
	u := queue.GroupUpdate{Number: in.Group}
	if err := putAll(ctx, p, queue.GroupSettings, &u, in.Body); err != nil {
		return nil, err
	}
	if err := p.Server.ACD.Dispatcher.SetGroup(ctx, u); err != nil {
		return nil, err
	}
	return p.getGroup(ctx, &groupPath{in.Group})
}

func (p *Port) changeAgent(ctx context.Context, in *changedAgent) (*output[agentShown], error) {
	u := agent.Update{Extension: in.Extension}
	if err := putAll(ctx, p, agent.Settings, &u, in.Body); err != nil {
		return nil, err
	}
	if err := p.Server.ACD.Dispatcher.SetAgent(ctx, u); err != nil {
		return nil, inBody(err, queue.ErrNoGroup, queue.ErrNoJobNumber)
	}
	return p.getAgent(ctx, &agentPath{in.Extension})
}

// putAll makes u set all values of a body. It returns an error if one is not allowed, or is not for
// the actor of ctx.
func putAll[T, U any](ctx context.Context, p *Port, all setting.Table[T, U], u *U, body map[string]any) error {
	for key, value := range body {
		one, err := all.Find(key)
		if err != nil {
			return inBody(err, err)
		}
		if err := p.Server.MaySet(ctx, one.Supervisor); err != nil {
			return err
		}
		v, err := one.FromJSON(value)
		if err != nil {
			return inBody(badSetting{key, err}, err)
		}
		one.Put(u, v)
	}
	return nil
}

// ownSettings returns the settings by key. null is one that is left to its default.
func ownSettings[T, U any](all setting.Table[T, U], of *T) map[string]any {
	own := make(map[string]any, len(all))
	for i := range all {
		own[all[i].Key] = all[i].Own(of)
	}
	return own
}
