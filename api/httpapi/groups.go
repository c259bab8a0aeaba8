package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"nwayacd/queue"
)

// groupShown is a group in the HTTP API.
type groupShown struct {
	Group        string       `json:"group" example:"110"`
	Name         string       `json:"name"`
	Mode         int          `json:"mode" minimum:"0" maximum:"5"`
	ModeName     string       `json:"mode_name" example:"remember+cyclic"`
	Cursor       string       `json:"current_ext_number" doc:"the extension that got the last offer"`
	RingSeconds  int          `json:"group_callout_timeout" doc:"how long an agent's phone rings, in seconds"`
	Members      []string     `json:"members" nullable:"false" doc:"extensions, in order"`
	Available    int          `json:"available" doc:"members to whom an offer could be made now"`
	Waiting      int          `json:"waiting" doc:"callers whom no agent has answered yet"`
	Talking      int          `json:"talking"`
	Oldest       time.Time    `json:"oldest,omitzero" doc:"since when the first caller in the line waits; absent if the line is empty"`
	Prompts      promptsShown `json:"prompts"`
	Goal         int          `json:"service_level_goal" doc:"in percent"`
	CallerPrefix string       `json:"caller_prefix" example:"Sales: " doc:"the text that agents' phones show before the caller's name"`

	Settings map[string]any `json:"settings,omitempty" doc:"of one group: what list-settings describes; null: the default"`
}

// promptsShown are a group's own prompts.
type promptsShown struct {
	Welcome   string `json:"welcome" doc:"empty: the configuration's default"`
	Blacklist string `json:"blacklist" doc:"empty: the configuration's default"`
	Busy      string `json:"busy" doc:"empty: the configuration's default"`
	Transfer  string `json:"transfer" doc:"empty: the configuration's default"`
}

type groupPath struct {
	Group string `path:"group" maxLength:"128" doc:"the group's number" example:"110"`
}

type newGroup struct {
	Body struct {
		Group arg[groupWord] `json:"group" example:"110"`
		Mode  int            `json:"mode" minimum:"0" maximum:"5" doc:"0 sequence, 1 random, 2 cyclic; 3 to 5: the remembered agent first, then as 0 to 2"`
	}
}

// createdGroup is a new group and its address.
type createdGroup struct {
	Location string `header:"Location"`
	Body     groupShown
}

type changedPrompts struct {
	Group string `path:"group" maxLength:"128" doc:"the group's number" example:"110"`
	Body  struct {
		Welcome   *arg[promptWord] `json:"welcome,omitempty" doc:"absent: no change; empty: the configuration's default"`
		Blacklist *arg[promptWord] `json:"blacklist,omitempty" doc:"absent: no change; empty: the configuration's default"`
		Busy      *arg[promptWord] `json:"busy,omitempty" doc:"absent: no change; empty: the configuration's default"`
		Transfer  *arg[promptWord] `json:"transfer,omitempty" doc:"absent: no change; empty: the configuration's default"`
	}
}

func (p *Port) groupOperations(r resource) {
	const all, one = apiPrefix + "/groups", apiPrefix + "/groups/{group}"
	register(r, operation{
		id: "list-groups", method: http.MethodGet, path: all, summary: "List all groups",
		commands: []string{"nway_list_groups"},
	}, p.listGroups)
	register(r, operation{
		id: "add-group", method: http.MethodPost, path: all, summary: "Add a group", status: http.StatusCreated,
		commands: []string{"nway_add_group"},
		about:    "Agents who are already members of that number serve the group at once.",
		refusals: []int{http.StatusConflict},
	}, p.addGroup)
	register(r, operation{
		id: "get-group", method: http.MethodGet, path: one, summary: "Show a group with its settings",
		commands: []string{"nway_show_group"},
		refusals: []int{http.StatusNotFound},
	}, p.getGroup)
	register(r, operation{
		id: "remove-group", method: http.MethodDelete, path: one, summary: "Remove a group",
		commands: []string{"nway_rm_group"},
		about:    "It is refused while callers wait in the group.",
		refusals: []int{http.StatusNotFound, http.StatusConflict},
	}, p.removeGroup)
	register(r, operation{
		id: "set-group-prompts", method: http.MethodPatch, path: one + "/prompts",
		summary: "Change a group's own prompts", commands: []string{"nway_set_ring_group"},
		refusals: []int{http.StatusNotFound},
	}, p.setPrompts)
}

func (p *Port) listGroups(ctx context.Context, _ *nothing) (*output[items[groupShown]], error) {
	return listed(p.groups(ctx), showGroup), nil
}

// groups returns what the actor may see of the groups.
func (p *Port) groups(ctx context.Context) (all []queue.GroupView) {
	viewer := p.Server.Viewer(ctx)
	for _, v := range p.Server.ACD.Dispatcher.Groups() {
		if v, shown := viewer.Group(v); shown {
			all = append(all, v)
		}
	}
	return all
}

func (p *Port) getGroup(ctx context.Context, in *groupPath) (*output[groupShown], error) {
	all := p.groups(ctx)
	i := slices.IndexFunc(all, func(v queue.GroupView) bool { return v.Number == in.Group })
	if i < 0 {
		return nil, fmt.Errorf("group %s: %w", in.Group, queue.ErrNoGroup)
	}
	shown := showGroup(all[i])
	shown.Settings = ownSettings(queue.GroupSettings, &all[i].Group)
	return &output[groupShown]{shown}, nil
}

func (p *Port) addGroup(ctx context.Context, in *newGroup) (*createdGroup, error) {
	number := string(in.Body.Group)
	if err := p.Server.ACD.Dispatcher.AddGroup(ctx, number, queue.Mode(in.Body.Mode)); err != nil {
		return nil, err
	}
	added, err := p.getGroup(ctx, &groupPath{number})
	if err != nil {
		return nil, err
	}
	return &createdGroup{address("groups", number), added.Body}, nil
}

func (p *Port) removeGroup(ctx context.Context, in *groupPath) (*nothing, error) {
	return nil, p.Server.ACD.Dispatcher.RemoveGroup(ctx, in.Group)
}

func (p *Port) setPrompts(ctx context.Context, in *changedPrompts) (*output[groupShown], error) {
	b := &in.Body
	err := p.Server.ACD.Dispatcher.SetPrompts(ctx, in.Group,
		(*string)(b.Welcome), (*string)(b.Blacklist), (*string)(b.Busy), (*string)(b.Transfer))
	if err != nil {
		return nil, err
	}
	return p.getGroup(ctx, &groupPath{in.Group})
}

func showGroup(v queue.GroupView) groupShown {
	return groupShown{
		Group: v.Number, Name: v.Name, Mode: int(v.Mode), ModeName: v.Mode.String(), Cursor: v.Cursor,
		RingSeconds: int(v.RingTimeout / time.Second), Members: orEmpty(v.Members), Available: v.Available,
		Waiting: v.Waiting, Talking: v.Talking, Oldest: v.Oldest,
		Prompts: promptsShown{v.Prompts.Welcome, v.Prompts.Blacklist, v.Prompts.Busy, v.Prompts.Transfer},
		Goal:    v.Group.Goal.Or(queue.DefaultMarks.Goal), CallerPrefix: v.CallerPrefix,
	}
}

// orEmpty keeps null out of the lists in answers.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
