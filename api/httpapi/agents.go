package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"nwayacd/agent"
	"nwayacd/api"
	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// agentShown is an agent in the HTTP API. Its words are those of the database.
type agentShown struct {
	Extension    string    `json:"extension" example:"1000"`
	Name         string    `json:"name"`
	RegState     string    `json:"reg_state" enum:"reged,unreg" doc:"whether the phone is registered"`
	SeatState    string    `json:"seat_state" enum:"up,down" doc:"logged in or not"`
	SeatStatus   string    `json:"seat_status" enum:"idle,busy"`
	CallState    string    `json:"call_state" enum:"ready,ring,talking,typing,noanswer" doc:"typing is the wrap-up"`
	Available    bool      `json:"available" doc:"an offer could be made now"`
	Deferred     string    `json:"deferred,omitempty" enum:"busy,logout" doc:"the change that takes effect when the offer or call ends"`
	Locked       bool      `json:"locked"`
	DND          bool      `json:"dnd"`
	OutsideCalls int       `json:"outside_calls" doc:"calls of the phone that the ACD did not make"`
	JobNumber    string    `json:"job_number"`
	SayJobNumber bool      `json:"say_job_number"`
	Progress     int       `json:"progress_seconds" doc:"after how long without a 180 or 183 the phone is unreachable; 0: the configured time"`
	Groups       []string  `json:"groups" nullable:"false"`
	Call         string    `json:"call_uuid,omitempty" doc:"the caller's channel of the agent's offer or call"`
	Since        time.Time `json:"since,omitzero" doc:"when call_state began"`
	RestCause    string    `json:"rest_cause,omitempty" enum:"busy,reject,noanswer,unreachable" doc:"why the agent is offered nothing until rest_until; absent if the agent does not rest"`
	RestUntil    time.Time `json:"rest_until,omitzero" doc:"when the rest ends"`
	Misses       int       `json:"misses" doc:"offers missed in a row"`

	PauseReason string    `json:"pause_reason,omitempty" example:"lunch" doc:"why the agent is busy, or will be"`
	PausedSince time.Time `json:"paused_since,omitzero"`
	LoginSince  time.Time `json:"login_since,omitzero"`
	WrapUpEnds  time.Time `json:"wrap_up_ends,omitzero" doc:"absent: there is none, or nway_ready ends it"`

	Settings map[string]any `json:"settings,omitempty" doc:"of one agent: what list-settings describes; null: the default"`
}

type agentPath struct {
	Extension string `path:"extension" maxLength:"128" doc:"the agent's number" example:"1000"`
}

type agentFilter struct {
	Group string `query:"group" doc:"only members of this group"`
}

type newAccount struct {
	Body struct {
		Extension arg[extensionWord] `json:"extension" example:"1000"`
		Password  arg[passwordWord]  `json:"password" writeOnly:"true" format:"password"`
	}
}

// createdAgent is a new agent and its address.
type createdAgent struct {
	Location string `header:"Location"`
	Body     agentShown
}

type shiftStart struct {
	Extension string `path:"extension" maxLength:"128" doc:"the agent's number" example:"1000"`
	Body      struct {
		Groups []arg[groupWord] `json:"groups" minItems:"1" maxItems:"1000" nullable:"false" doc:"the agent is then a member of exactly these"`
	}
}

type jobNumberSet struct {
	Extension string `path:"extension" maxLength:"128" doc:"the agent's number" example:"1000"`
	Body      struct {
		Number arg[jobNumberWord] `json:"number" example:"1024"`
		Say    bool               `json:"say" doc:"whether callers hear the number before the talk"`
	}
}

type registeredSet struct {
	Extension string `path:"extension" maxLength:"128" doc:"the agent's number" example:"1000"`
	Body      struct {
		Registered bool `json:"registered"`
	}
}

// objects returns the agent and the groups.
func (in *shiftStart) objects(s api.Server) []auth.Object {
	groups := in.groups()
	named := []auth.Object{s.Agent(in.Extension, groups...)}
	for _, g := range groups {
		named = append(named, auth.Group(g))
	}
	return named
}

func (in *shiftStart) groups() []string {
	groups := make([]string, 0, len(in.Body.Groups))
	for _, g := range in.Body.Groups {
		groups = append(groups, string(g))
	}
	return groups
}

func (p *Port) agentOperations(r resource) {
	const all, one = apiPrefix + "/agents", apiPrefix + "/agents/{extension}"
	unknown := []int{http.StatusNotFound}
	register(r, operation{
		id: "list-agents", method: http.MethodGet, path: all, summary: "List agents",
		commands: []string{"nway_list_exts"},
	}, p.listAgents)
	register(r, operation{
		id: "add-agent", method: http.MethodPost, path: all, summary: "Add an agent", status: http.StatusCreated,
		commands: []string{"nway_add_ext"},
		about: "If FreeSWITCH asks our directory (mod_xml_curl), a phone can register with the account " +
			"as soon as the answer is sent.",
		refusals: []int{http.StatusConflict},
	}, p.addAgent)
	register(r, operation{
		id: "get-agent", method: http.MethodGet, path: one, summary: "Show an agent with its settings",
		commands: []string{"nway_show_ext"}, refusals: unknown,
	}, p.getAgent)
	register(r, operation{
		id: "remove-agent", method: http.MethodDelete, path: one, summary: "Remove an agent",
		commands: []string{"nway_rm_ext"},
		about:    "Refused during an offer or call.", refusals: []int{http.StatusNotFound, http.StatusConflict},
	}, p.removeAgent)
	register(r, operation{
		id: "login-agent", method: http.MethodPost, path: one + "/login", summary: "Log an agent in",
		commands: []string{"nway_login"},
		about: "The agent is then up, idle, ready and registered, and a member of exactly these groups. " +
			"If one of the groups is unknown, nothing changes.",
		refusals: unknown,
	}, p.login)
	d := p.Server.ACD.Dispatcher
	register(r, operation{
		id: "logout-agent", method: http.MethodPost, path: one + "/logout", summary: "Log an agent out of all groups",
		commands: []string{"nway_logout"},
		about:    "During an offer or call, it takes effect when that ends.", refusals: unknown,
	}, p.ofAgent(d.Logout))
	register(r, operation{
		id: "make-agent-ready", method: http.MethodPost, path: one + "/ready",
		summary: "Make an agent idle and ready", commands: []string{"nway_ready"},
		about:    "This ends wrap-up and rest, and cancels a busy or logout that waits for the end of a call.",
		refusals: unknown,
	}, p.ofAgent(d.Ready))
	register(r, operation{
		id: "set-job-number", method: http.MethodPut, path: one + "/job-number",
		summary: "Set an agent's job number", refusals: unknown,
		commands: []string{"nway_set_ext_jobnumber"},
	}, p.setJobNumber)
	register(r, operation{
		id: "set-registered", method: http.MethodPut, path: one + "/registered",
		summary:  "Set by hand whether the phone is registered",
		commands: []string{"nway_set_reged_ext", "nway_set_unreg_ext"},
		about:    "It is not needed for phones that register at a linked FreeSWITCH.", refusals: unknown,
	}, p.setRegistered)
}

func (p *Port) listAgents(ctx context.Context, in *agentFilter) (*output[items[agentShown]], error) {
	viewer := p.Server.Viewer(ctx)
	all := slices.DeleteFunc(p.Server.ACD.Dispatcher.Agents(), func(v queue.AgentView) bool {
		return !viewer.Agent(&v) || in.Group != "" && !slices.Contains(v.Groups, in.Group)
	})
	return listed(all, showAgent), nil
}

func (p *Port) getAgent(_ context.Context, in *agentPath) (*output[agentShown], error) {
	v, err := p.Server.ACD.Dispatcher.Agent(in.Extension)
	if err != nil {
		return nil, err
	}
	shown := showAgent(v)
	shown.Settings = ownSettings(agent.Settings, &v.Agent)
	return &output[agentShown]{shown}, nil
}

// ofAgent makes an operation from a change that needs only the extension.
func (p *Port) ofAgent(change func(context.Context, string) error) func(
	context.Context, *agentPath) (*output[agentShown], error) {
	return func(ctx context.Context, in *agentPath) (*output[agentShown], error) {
		if err := change(ctx, in.Extension); err != nil {
			return nil, err
		}
		return p.getAgent(ctx, in)
	}
}

func (p *Port) addAgent(ctx context.Context, in *newAccount) (*createdAgent, error) {
	extension := string(in.Body.Extension)
	if err := p.Server.ACD.Dispatcher.AddAgent(ctx, extension, string(in.Body.Password)); err != nil {
		return nil, err
	}
	added, err := p.getAgent(ctx, &agentPath{extension})
	if err != nil {
		return nil, err
	}
	return &createdAgent{address("agents", extension), added.Body}, nil
}

func (p *Port) removeAgent(ctx context.Context, in *agentPath) (*nothing, error) {
	return nil, p.Server.ACD.Dispatcher.RemoveAgent(ctx, in.Extension)
}

func (p *Port) login(ctx context.Context, in *shiftStart) (*output[agentShown], error) {
	if err := p.Server.ACD.Dispatcher.Login(ctx, in.Extension, in.groups()); err != nil {
		return nil, inBody(err, queue.ErrNoGroup)
	}
	return p.getAgent(ctx, &agentPath{in.Extension})
}

var errNoJobNumber = errors.New("there is no job number to say")

func (p *Port) setJobNumber(ctx context.Context, in *jobNumberSet) (*output[agentShown], error) {
	if in.Body.Say && in.Body.Number == "" {
		return nil, inBody(errNoJobNumber, errNoJobNumber)
	}
	if err := p.Server.ACD.Dispatcher.SetJobNumber(ctx, in.Extension, string(in.Body.Number), in.Body.Say); err != nil {
		return nil, err
	}
	return p.getAgent(ctx, &agentPath{in.Extension})
}

func (p *Port) setRegistered(ctx context.Context, in *registeredSet) (*output[agentShown], error) {
	if err := p.Server.ACD.Dispatcher.SetRegistered(ctx, in.Extension, in.Body.Registered); err != nil {
		return nil, err
	}
	return p.getAgent(ctx, &agentPath{in.Extension})
}

func showAgent(v queue.AgentView) agentShown {
	cause, until := api.RestOf(&v)
	reg, seat, status := api.StatesOf(&v)
	return agentShown{
		Extension: v.Extension, Name: v.Name, RegState: reg, SeatState: seat, SeatStatus: status,
		CallState: v.Call.String(), Available: v.Available(), Deferred: v.Deferred.String(), Locked: v.Locked,
		DND: v.DND, OutsideCalls: v.Outside, JobNumber: v.JobNumber, SayJobNumber: v.SayJobNumber,
		Progress: int(v.Progress / time.Second), Groups: orEmpty(v.Groups), Call: v.CallUUID, Since: v.Since,
		RestCause: cause, RestUntil: until, Misses: v.Rest.Misses,
		PauseReason: v.PauseReason, PausedSince: v.PausedSince, LoginSince: v.LoginSince, WrapUpEnds: v.WrapUpEnds,
	}
}

// address returns the path of a new resource.
func address(resource, name string) string {
	return fmt.Sprintf("%s/%s/%s", apiPrefix, resource, url.PathEscape(name))
}
