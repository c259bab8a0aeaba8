package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"nwayacd/acd"
	"nwayacd/api"
	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// threeWayLimit is longer than the phone of the third party rings.
const threeWayLimit = time.Minute

// callShown is a call that is being handled now.
type callShown struct {
	UUID      string    `json:"uuid" doc:"the caller's channel"`
	Caller    string    `json:"caller" doc:"empty: anonymous"`
	Dialled   string    `json:"dialled"`
	Group     string    `json:"group"`
	VIP       bool      `json:"vip"`
	Phase     string    `json:"phase" example:"wait" doc:"greet, refuse, wait, ring, talk or leave"`
	Agent     string    `json:"agent,omitempty" doc:"the agent that rings or talks"`
	Switch    string    `json:"switch" doc:"FreeSWITCH's host name"`
	Arrived   time.Time `json:"arrived"`
	PhaseFrom time.Time `json:"phase_from"`
}

type callPath struct {
	UUID string `path:"uuid" maxLength:"128" doc:"the caller's channel"`
}

type legPath struct {
	UUID string `path:"uuid" maxLength:"128" doc:"the caller's channel, or the agent's"`
}

type callFilter struct {
	Group string `query:"group" doc:"only calls for this group"`
	Phase string `query:"phase" doc:"only calls in this phase" example:"wait"`
}

type channelSent struct {
	Body struct {
		UUID  arg[uuidWord]  `json:"uuid" doc:"a live channel on any linked FreeSWITCH"`
		Group arg[groupWord] `json:"group" example:"110"`
	}
}

func (in *channelSent) objects(s api.Server) []auth.Object {
	return []auth.Object{s.Call(string(in.Body.UUID))}
}

// accepted has the address at which the call will be found.
type accepted struct {
	Location string `header:"Location"`
}

type transferred struct {
	UUID string `path:"uuid" maxLength:"128" doc:"the caller's channel"`
	Body struct {
		Extension arg[extensionWord] `json:"extension" example:"1001"`
	}
}

type thirdParty struct {
	UUID string `path:"uuid" maxLength:"128" doc:"the caller's channel, or the agent's"`
	Body struct {
		Phone   arg[phoneWord]   `json:"phone"`
		Gateway arg[gatewayWord] `json:"gateway" doc:"a gateway of FreeSWITCH (sofia/gateway/...)"`
	}
}

func (p *Port) callOperations(r resource) {
	const all, one = apiPrefix + "/calls", apiPrefix + "/calls/{uuid}"
	onChannel := []int{http.StatusNotFound, http.StatusConflict, http.StatusBadGateway}
	register(r, operation{
		id: "list-calls", method: http.MethodGet, path: all, summary: "List the current calls",
		about: "The oldest call is first.", commands: []string{"nway_list_calls"},
	}, p.listCalls)
	register(r, operation{
		id: "enqueue-channel", method: http.MethodPost, path: all, summary: "Send a live channel into a group",
		status: http.StatusAccepted, commands: []string{"nwayacd"},
		about: "FreeSWITCH takes the channel out of what it is doing. " +
			"The call then arrives like one from the dialplan. " +
			"A caller of nwayacd whose number is on the group's blacklist stays where they are (409).",
		refusals: onChannel,
	}, p.enqueue)
	register(r, operation{
		id: "get-call", method: http.MethodGet, path: one, summary: "Show a current call",
		refusals: []int{http.StatusNotFound},
	}, p.getCall)
	register(r, operation{
		id: "drop-call", method: http.MethodDelete, path: one, summary: "Hang up the caller of a call",
		commands: []string{"nway_drop"},
		about:    "The call may wait, ring or talk. Its record says that an operator hung up.",
		refusals: onChannel,
	}, p.drop)
	register(r, operation{
		id: "transfer-call", method: http.MethodPost, path: one + "/transfer", summary: "Offer a call to an extension",
		commands: []string{"nwayacd_transfer"},
		about:    "The call may wait, ring or talk. The answer is sent when the extension is reserved for the call.",
		refusals: []int{http.StatusNotFound, http.StatusConflict},
	}, p.transfer)
	register(r, operation{
		id: "hold-call", method: http.MethodPost, path: one + "/hold",
		summary: "Put the caller on hold, with hold music", refusals: onChannel,
		commands: []string{"nway_uuid_hold"},
	}, p.holding(true))
	register(r, operation{
		id: "unhold-call", method: http.MethodPost, path: one + "/unhold",
		summary: "Connect a held caller again", refusals: onChannel,
		commands: []string{"nway_uuid_unhold"},
	}, p.holding(false))
	register(r, operation{
		id: "three-way-call", method: http.MethodPost, path: one + "/three-way",
		summary:  "Call a third party and add it to the talk",
		commands: []string{"nway_threeway"},
		about:    "The answer is sent when the third party has answered, or has failed to.",
		refusals: onChannel, limit: threeWayLimit,
	}, p.threeWay)
}

func (p *Port) listCalls(ctx context.Context, in *callFilter) (*output[items[callShown]], error) {
	all := slices.DeleteFunc(p.calls(ctx), func(v acd.CallView) bool {
		return in.Group != "" && v.Group != in.Group || in.Phase != "" && string(v.Phase) != in.Phase
	})
	return listed(all, showCall), nil
}

// calls returns what the actor may see of the current calls.
func (p *Port) calls(ctx context.Context) (all []acd.CallView) {
	viewer := p.Server.Viewer(ctx)
	for _, v := range p.Server.ACD.CallViews() {
		if v, shown := viewer.Call(v); shown {
			all = append(all, v)
		}
	}
	return all
}

func (p *Port) getCall(ctx context.Context, in *callPath) (*output[callShown], error) {
	all := p.calls(ctx)
	i := slices.IndexFunc(all, func(v acd.CallView) bool { return v.UUID == in.UUID })
	if i < 0 {
		return nil, fmt.Errorf("%s: %w", in.UUID, queue.ErrNoCall)
	}
	return &output[callShown]{showCall(all[i])}, nil
}

func (p *Port) enqueue(ctx context.Context, in *channelSent) (*accepted, error) {
	uuid := string(in.Body.UUID)
	if err := p.Server.ACD.Enqueue(ctx, uuid, string(in.Body.Group)); err != nil {
		return nil, fromSwitch(inBody(err, queue.ErrNoGroup))
	}
	return &accepted{address("calls", uuid)}, nil
}

func (p *Port) transfer(ctx context.Context, in *transferred) (*nothing, error) {
	return nil, inBody(p.Server.ACD.Dispatcher.Transfer(ctx, in.UUID, string(in.Body.Extension)), queue.ErrNoAgent)
}

func (p *Port) drop(ctx context.Context, in *legPath) (*nothing, error) {
	return nil, fromSwitch(p.Server.ACD.Drop(ctx, in.UUID))
}

func (p *Port) holding(hold bool) func(context.Context, *legPath) (*nothing, error) {
	return func(ctx context.Context, in *legPath) (*nothing, error) {
		return nil, fromSwitch(p.Server.ACD.Hold(ctx, in.UUID, hold))
	}
}

func (p *Port) threeWay(ctx context.Context, in *thirdParty) (*nothing, error) {
	return nil, fromSwitch(p.Server.ACD.ThreeWay(ctx, in.UUID, string(in.Body.Phone), string(in.Body.Gateway)))
}

func showCall(v acd.CallView) callShown {
	return callShown{
		UUID: v.UUID, Caller: v.Caller, Dialled: v.Dialled, Group: v.Group, VIP: v.VIP,
		Phase: string(v.Phase), Agent: v.Agent, Switch: v.Switch, Arrived: v.Arrived, PhaseFrom: v.PhaseFrom,
	}
}
