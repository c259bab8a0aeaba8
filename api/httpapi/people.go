package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"nwayacd/queue"
)

type pauseBegun struct {
	Extension string `path:"extension" maxLength:"128" doc:"the agent's number" example:"1000"`
	Body      *pause `required:"false"`
}

// pause is the body of a pause.
type pause struct {
	Reason arg[reasonWord] `json:"reason,omitempty" example:"lunch" doc:"code of an active reason; absent: no reason"`
}

type wrapUpExtended struct {
	Extension string `path:"extension" maxLength:"128" doc:"the agent's number" example:"1000"`
	Body      struct {
		Seconds int `json:"seconds" minimum:"1" maximum:"3600" doc:"by how much the wrap-up becomes longer"`
	}
}

type memberPath struct {
	Group     string `path:"group" maxLength:"128" doc:"the group's number" example:"110"`
	Extension string `path:"extension" maxLength:"128" doc:"the agent's number" example:"1000"`
}

// reasonShown is a reason for a pause.
type reasonShown struct {
	Code     string `json:"code" example:"lunch"`
	Name     string `json:"name" example:"Lunch"`
	Paid     bool   `json:"paid" doc:"the time counts as working time"`
	Active   bool   `json:"active" doc:"agents may choose it"`
	Position int    `json:"position" doc:"its place in lists"`
}

type (
	reasonPath struct {
		Code string `path:"code" maxLength:"20"`
	}
	reasonPut struct {
		Code string `path:"code" maxLength:"20" pattern:"^[0-9A-Za-z_-]+$"`
		Body struct {
			Name     string `json:"name,omitempty" maxLength:"100" pattern:"^[^\\x00-\\x1f\\x7f]*$" doc:"absent: the code"`
			Paid     bool   `json:"paid,omitempty" doc:"the time counts as working time"`
			Active   *bool  `json:"active,omitempty" doc:"agents may choose it; absent: yes"`
			Position int    `json:"position,omitempty" minimum:"0" maximum:"9999" doc:"its place in lists"`
		}
	}
)

func (p *Port) peopleOperations(r resource) {
	const agent = apiPrefix + "/agents/{extension}"
	const member = apiPrefix + "/groups/{group}/members/{extension}"
	register(r, operation{
		id: "make-agent-busy", method: http.MethodPost, path: agent + "/busy", summary: "Make an agent busy",
		commands: []string{"nway_busy"},
		about: "During an offer or call, it takes effect when that ends. If the agent is busy already, " +
			"a new reason begins a new pause.",
		refusals: []int{http.StatusNotFound},
	}, p.pause)
	register(r, operation{
		id: "extend-wrap-up", method: http.MethodPost, path: agent + "/wrap", summary: "Make a wrap-up longer",
		commands: []string{"nway_wrap"}, refusals: []int{http.StatusNotFound, http.StatusConflict},
	}, p.extendWrapUp)
	register(r, operation{
		id: "add-member", method: http.MethodPut, path: member, summary: "Make an agent a member of one more group",
		commands: []string{"nway_join"}, about: "The agent's state stays as it is.",
		refusals: []int{http.StatusNotFound},
	}, p.addMember)
	register(r, operation{
		id: "remove-member", method: http.MethodDelete, path: member, summary: "Take an agent out of one group",
		commands: []string{"nway_leave"}, about: "The agent's state stays as it is.",
		refusals: []int{http.StatusNotFound},
	}, p.removeMember)
}

func (p *Port) reasonOperations(r resource) {
	const all = apiPrefix + "/reasons"
	register(r, operation{
		id: "list-reasons", method: http.MethodGet, path: all, summary: "List the reasons for a pause",
		commands: []string{"nway_list_reasons"},
	}, p.listReasons)
	register(r, operation{
		id: "get-reason", method: http.MethodGet, path: all + "/{code}", summary: "Show a reason for a pause",
		refusals: []int{http.StatusNotFound},
	}, p.getReason)
	register(r, operation{
		id: "put-reason", method: http.MethodPut, path: all + "/{code}",
		summary: "Add or change a reason for a pause", commands: []string{"nway_set_reason"},
		about: "201: the reason is new; 204: it replaced one.",
	}, p.putReason)
	register(r, operation{
		id: "remove-reason", method: http.MethodDelete, path: all + "/{code}",
		summary: "Remove a reason for a pause", commands: []string{"nway_rm_reason"},
		about:    "Agents who are paused for it stay so.",
		refusals: []int{http.StatusNotFound},
	}, p.removeReason)
	// register has described only the 204
	created := &huma.Response{Description: http.StatusText(http.StatusCreated)}
	r.api.OpenAPI().Paths[all+"/{code}"].Put.Responses["201"] = created
}

func (p *Port) pause(ctx context.Context, in *pauseBegun) (*output[agentShown], error) {
	reason := string(cmp.Or(in.Body, &pause{}).Reason)
	if err := p.Server.ACD.Dispatcher.Pause(ctx, in.Extension, reason); err != nil {
		return nil, inBody(err, queue.ErrNoReason)
	}
	return p.getAgent(ctx, &agentPath{in.Extension})
}

func (p *Port) extendWrapUp(ctx context.Context, in *wrapUpExtended) (*output[agentShown], error) {
	by := time.Duration(in.Body.Seconds) * time.Second
	if _, err := p.Server.ACD.Dispatcher.ExtendWrapUp(ctx, in.Extension, by); err != nil {
		return nil, err
	}
	return p.getAgent(ctx, &agentPath{in.Extension})
}

func (p *Port) addMember(ctx context.Context, in *memberPath) (*nothing, error) {
	return nil, p.Server.ACD.Dispatcher.AddMember(ctx, in.Extension, in.Group)
}

func (p *Port) removeMember(ctx context.Context, in *memberPath) (*nothing, error) {
	return nil, p.Server.ACD.Dispatcher.RemoveMember(ctx, in.Extension, in.Group)
}

func showReason(r queue.Reason) reasonShown {
	return reasonShown{r.Code, r.Name, r.Paid, r.Active, r.Position}
}

func (p *Port) listReasons(context.Context, *nothing) (*output[items[reasonShown]], error) {
	return listed(p.Server.ACD.Dispatcher.Reasons(), showReason), nil
}

func (p *Port) getReason(_ context.Context, in *reasonPath) (*output[reasonShown], error) {
	all := p.Server.ACD.Dispatcher.Reasons()
	i := slices.IndexFunc(all, func(r queue.Reason) bool { return r.Code == in.Code })
	if i < 0 {
		return nil, fmt.Errorf("reason %s: %w", in.Code, queue.ErrNoReason)
	}
	return &output[reasonShown]{showReason(all[i])}, nil
}

func (p *Port) putReason(ctx context.Context, in *reasonPut) (*putAnswer, error) {
	replaced, err := p.Server.ACD.Dispatcher.PutReason(ctx, queue.Reason{
		Code: in.Code, Name: cmp.Or(in.Body.Name, in.Code), Paid: in.Body.Paid, Position: in.Body.Position,
		Active: in.Body.Active == nil || *in.Body.Active,
	})
	return answerPut(replaced), err
}

func (p *Port) removeReason(ctx context.Context, in *reasonPath) (*nothing, error) {
	return nil, p.Server.ACD.Dispatcher.DropReason(ctx, in.Code)
}
