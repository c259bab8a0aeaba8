package httpapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"nwayacd/api"
	"nwayacd/internal/auth"
	"nwayacd/queue"
)

// blacklistedShown is a blacklisted number with its rule.
type blacklistedShown struct {
	Number   string    `json:"number"`
	Category int       `json:"category" doc:"0 all calls, 2 inbound calls; the ACD ignores others"`
	Dialled  string    `json:"dialled,omitempty" doc:"only calls to this number"`
	Group    string    `json:"group,omitempty" doc:"only calls for this group"`
	Expires  time.Time `json:"expires,omitzero" doc:"absent: never"`
}

type blacklistRule struct {
	Category int       `json:"category" required:"false" minimum:"0" maximum:"2147483647" doc:"0 all calls, 2 inbound calls; the ACD ignores others"`
	Dialled  string    `json:"dialled,omitempty" maxLength:"50" pattern:"^[!-~]*$" doc:"only calls to this number"`
	Group    string    `json:"group,omitempty" maxLength:"50" pattern:"^[!-~]*$" doc:"only calls for this group"`
	Expires  time.Time `json:"expires,omitzero" doc:"absent: never"`
}

// vipShown is a number whose calls are served first.
type vipShown struct {
	Number string `json:"number"`
	Group  string `json:"group,omitempty" doc:"absent: in all groups"`
}

// A number that is put on a list must look like one. An entry can be removed whatever it looks
// like, because other programs may have written it.
type (
	blacklistPut struct {
		Number string `path:"number" maxLength:"50" pattern:"^[!-~]+$" doc:"the caller's number, as FreeSWITCH reports it"`
		Body   blacklistRule
	}
	blacklistPath struct {
		Number string `path:"number" maxLength:"50"`
	}
	vipPut struct {
		Number string `path:"number" maxLength:"50" pattern:"^[!-~]+$" doc:"the caller's number, as FreeSWITCH reports it"`
		Group  string `query:"group" maxLength:"50" pattern:"^[!-~]*$" doc:"absent: in all groups"`
	}
	vipPath struct {
		Number string `path:"number" maxLength:"50"`
		Group  string `query:"group" maxLength:"50" doc:"absent: the entry for all groups"`
	}
)

// objects returns the group of the new rule, and that of the rule that it replaces.
func (in *blacklistPut) objects(s api.Server) []auth.Object {
	return append(ruleOf(s, in.Number), auth.Group(in.Body.Group))
}

func (in *blacklistPath) objects(s api.Server) []auth.Object { return ruleOf(s, in.Number) }
func (in *vipPut) objects(api.Server) []auth.Object          { return []auth.Object{auth.Group(in.Group)} }

func (in *vipPath) objects(api.Server) []auth.Object { return []auth.Object{auth.Group(in.Group)} }

// ruleOf returns the group of the rule for a number, if there is one.
func ruleOf(s api.Server, number string) (groups []auth.Object) {
	for _, b := range s.ACD.Dispatcher.Blacklist() {
		if b.Number == number {
			groups = append(groups, auth.Group(b.Group))
		}
	}
	return groups
}

// putAnswer is the answer to a PUT: 201 for a new entry, 204 for one that was there.
type putAnswer struct{ Status int }

func (p *Port) listOperations(r resource) {
	const blacklist, vips = apiPrefix + "/blacklist", apiPrefix + "/vips"
	const effect = "It holds for calls that arrive from now on. 201: the entry is new; 204: it replaced one."
	register(r, operation{
		id: "list-blacklist", method: http.MethodGet, path: blacklist, summary: "List the blacklisted numbers",
	}, p.listBlacklist)
	register(r, operation{
		id: "put-blacklisted", method: http.MethodPut, path: blacklist + "/{number}",
		summary: "Blacklist a number", about: effect,
	}, p.putBlacklisted)
	register(r, operation{
		id: "drop-blacklisted", method: http.MethodDelete, path: blacklist + "/{number}",
		summary:  "Remove a number from the blacklist",
		refusals: []int{http.StatusNotFound},
	}, p.dropBlacklisted)
	register(r, operation{
		id: "list-vips", method: http.MethodGet, path: vips, summary: "List the VIP numbers",
	}, p.listVIPs)
	register(r, operation{
		id: "put-vip", method: http.MethodPut, path: vips + "/{number}",
		summary: "Make a number a VIP: its calls are served first", about: effect,
	}, p.putVIP)
	register(r, operation{
		id: "drop-vip", method: http.MethodDelete, path: vips + "/{number}", summary: "Remove a number from the VIPs",
		refusals: []int{http.StatusNotFound},
	}, p.dropVIP)
	for _, path := range []string{blacklist, vips} { // register has described only the 204
		created := &huma.Response{Description: http.StatusText(http.StatusCreated)}
		r.api.OpenAPI().Paths[path+"/{number}"].Put.Responses["201"] = created
	}
}

func (p *Port) listBlacklist(ctx context.Context, _ *nothing) (*output[items[blacklistedShown]], error) {
	viewer := p.Server.Viewer(ctx)
	all := slices.DeleteFunc(p.Server.ACD.Dispatcher.Blacklist(), func(b queue.Blacklisted) bool {
		return !viewer.Listed(b.Group)
	})
	return listed(all, func(b queue.Blacklisted) blacklistedShown {
		return blacklistedShown{b.Number, b.Category, b.Dialled, b.Group, b.Expires}
	}), nil
}

func (p *Port) putBlacklisted(ctx context.Context, in *blacklistPut) (*putAnswer, error) {
	replaced, err := p.Server.ACD.Dispatcher.PutBlacklisted(ctx, queue.Blacklisted{
		Number: in.Number, Category: in.Body.Category, Dialled: in.Body.Dialled, Group: in.Body.Group,
		Expires: in.Body.Expires,
	})
	return answerPut(replaced), err
}

func (p *Port) dropBlacklisted(ctx context.Context, in *blacklistPath) (*nothing, error) {
	return nil, p.Server.ACD.Dispatcher.DropBlacklisted(ctx, in.Number)
}

func (p *Port) listVIPs(ctx context.Context, _ *nothing) (*output[items[vipShown]], error) {
	viewer := p.Server.Viewer(ctx)
	all := slices.DeleteFunc(p.Server.ACD.Dispatcher.VIPs(), func(v queue.VIP) bool { return !viewer.Listed(v.Group) })
	return listed(all, func(v queue.VIP) vipShown { return vipShown(v) }), nil
}

func (p *Port) putVIP(ctx context.Context, in *vipPut) (*putAnswer, error) {
	already, err := p.Server.ACD.Dispatcher.PutVIP(ctx, queue.VIP{Number: in.Number, Group: in.Group})
	return answerPut(already), err
}

func (p *Port) dropVIP(ctx context.Context, in *vipPath) (*nothing, error) {
	return nil, p.Server.ACD.Dispatcher.DropVIP(ctx, queue.VIP{Number: in.Number, Group: in.Group})
}

func answerPut(there bool) *putAnswer {
	if there {
		return &putAnswer{http.StatusNoContent}
	}
	return &putAnswer{http.StatusCreated}
}
