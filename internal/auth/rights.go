package auth

// Scope says on what a role may use a right.
type Scope string

// The scopes.
const (
	None     Scope = ""           // on nothing
	Own      Scope = "own"        // on the actor's own extension and its calls
	InGroups Scope = "own groups" // on the actor's groups, their calls, and agents of them
	All      Scope = "all"        // on everything
)

// Kind is a kind of object that an operation acts on.
type Kind string

// The kinds.
const (
	AnAgent Kind = "agent"
	AGroup  Kind = "group"
	ACall   Kind = "call"
)

// Right is one row of the table of roles.
type Right struct {
	Name string // as docs/security.md shows it
	// On has the kinds of object that must be in the role's scope. An operation may name others
	// beside, such as the target of a transfer. Without kinds, a list is cut down to the scope.
	On    []Kind
	roles map[Role]Scope
	// Looks says that its operations change nothing, so the audit log has only refusals of them.
	Looks bool
}

// Scope returns on what the role may use the right.
func (r *Right) Scope(role Role) Scope { return r.roles[role] }

// row returns the row of a right with the scopes of the roles that people have. Admins, local
// clients and the dialplan have all of it.
func row(wall, read, agent, supervisor Scope) map[Role]Scope {
	return map[Role]Scope{
		Wall: wall, Read: read, Agent: agent, Supervisor: supervisor, Admin: All, Local: All, Dialplan: All,
	}
}

// everybody is the row of a right that needs no role.
func everybody() map[Role]Scope {
	all := row(All, All, All, All)
	all[Metrics], all[Directory] = All, All
	return all
}

// The rights. Each is one row of the table in docs/security.md, in the order of allRights.
var (
	public  = Right{Name: "health, documentation", roles: everybody(), Looks: true}
	itself  = Right{Name: "version, own name and role", roles: row(All, All, All, All), Looks: true}
	figures = Right{
		Name: "figures of groups", On: []Kind{AGroup}, roles: row(InGroups, InGroups, InGroups, InGroups), Looks: true,
	}
	seeing = Right{
		Name: "agents, calls, events, records", On: []Kind{AnAgent}, roles: row(None, InGroups, Own, InGroups),
		Looks: true,
	}
	seeingLists = Right{
		Name: "VIPs and blacklist: look", roles: row(None, InGroups, None, InGroups), Looks: true,
	}
	state      = Right{Name: "ready, busy, wrap-up, logout", On: []Kind{AnAgent}, roles: row(None, None, Own, InGroups)}
	login      = Right{Name: "login", On: []Kind{AnAgent, AGroup}, roles: row(None, None, Own, InGroups)}
	membership = Right{Name: "join, leave", On: []Kind{AnAgent, AGroup}, roles: row(None, None, None, InGroups)}
	talk       = Right{Name: "transfer, move, hold", On: []Kind{ACall}, roles: row(None, None, Own, InGroups)}
	cut        = Right{Name: "drop, three-way", On: []Kind{ACall}, roles: row(None, None, None, InGroups)}
	lists      = Right{
		Name: "VIPs and blacklist: change", On: []Kind{AGroup}, roles: row(None, None, None, InGroups),
	}
	marks = Right{
		Name: "warnings and alerts of a group", On: []Kind{AGroup}, roles: row(None, None, None, InGroups),
	}
	choices  = Right{Name: "settings and reasons: look", roles: row(None, All, All, All), Looks: true}
	change   = Right{Name: "agents, groups, settings, configuration", roles: row(None, None, None, None)}
	password = Right{
		Name: "the own password", roles: map[Role]Scope{Wall: Own, Read: Own, Agent: Own, Supervisor: Own, Admin: Own},
	}
	console = Right{
		Name: "the console", roles: map[Role]Scope{Wall: All, Read: All, Agent: All, Supervisor: All, Admin: All},
		Looks: true,
	}
	scrape = Right{
		Name: "metrics, details of /readyz", roles: map[Role]Scope{Metrics: All, Admin: All, Local: All}, Looks: true,
	}
	accounts = Right{
		Name: "accounts for mod_xml_curl", roles: map[Role]Scope{Directory: All, Admin: All}, Looks: true,
	}
	keys = Right{Name: "users, tokens, sessions, audit log, pass-through", roles: map[Role]Scope{Admin: All}}
)

// allRights has the rights in the order of docs/security.md.
var allRights = []*Right{
	&public, &itself, &figures, &seeing, &seeingLists, &state, &login, &membership, &talk,
	&cut, &lists, &marks, &choices, &change, &password, &console, &scrape, &accounts, &keys,
}

// Operations of the ports that are neither commands nor in the OpenAPI document.
const (
	OpMetrics     = "metrics"        // GET /metrics
	OpReadyz      = "readyz-details" // the texts of /readyz
	OpDirectory   = "directory"      // POST /freeswitch/directory
	OpPassThrough = "pass-through"   // requests for FreeSWITCH on the command port
	OpConsole     = "console"        // the pages under /ui/
	// OpSettings is a change of a setting of which the table of settings says that it is not for
	// supervisors.
	OpSettings = "settings"
)

// operations has the right that each command needs, and each operation of the HTTP API that has no
// command. A new one needs a line here: without it, a test fails, and the operation is refused to
// everybody.
var operations = map[string]*Right{
	"nwayacd":          &talk,
	"nwayacd_transfer": &talk,
	"nway_uuid_hold":   &talk,
	"nway_uuid_unhold": &talk,
	"nway_threeway":    &cut,
	"nway_drop":        &cut,

	"nway_login":  &login,
	"nway_logout": &state,
	"nway_busy":   &state,
	"nway_ready":  &state,
	"nway_wrap":   &state,
	"nway_join":   &membership,
	"nway_leave":  &membership,

	"nway_list_exts":   &seeing,
	"nway_list_calls":  &seeing,
	"nway_list_groups": &figures,
	"get-group":        &figures,
	"get-agent":        &seeing,
	"get-call":         &seeing,
	"list-cdrs":        &seeing,
	"list-abandoned":   &seeing,
	"list-offers":      &seeing,
	"make-report":      &seeing,
	"get-story":        &seeing,
	"follow-events":    &seeing,
	"follow-floor":     &figures,

	"list-blacklist":   &seeingLists,
	"put-blacklisted":  &lists,
	"drop-blacklisted": &lists,
	"list-vips":        &seeingLists,
	"put-vip":          &lists,
	"drop-vip":         &lists,

	"nway_add_ext":           &change,
	"nway_rm_ext":            &change,
	"nway_set_ext_jobnumber": &change,
	"nway_set_reged_ext":     &change,
	"nway_set_unreg_ext":     &change,
	"nway_add_group":         &change,
	"nway_rm_group":          &change,
	"nway_set_ring_group":    &change,
	"nway_set_ext":           &change,
	"nway_set_reason":        &change,
	"nway_rm_reason":         &change,
	OpSettings:               &change,

	"nway_set_group":    &marks,
	"nway_show_group":   &figures,
	"nway_show_ext":     &seeing,
	"nway_list_reasons": &choices,
	"list-settings":     &choices,
	"get-reason":        &choices,

	"nway_reload": &change,

	"nwayacd_version": &itself,
	"get-me":          &itself,
	"set-my-password": &password,
	"healthz":         &public,
	"readyz":          &public,
	OpReadyz:          &scrape,
	OpMetrics:         &scrape,
	OpDirectory:       &accounts,
	OpConsole:         &console,
	OpPassThrough:     &keys,
	"nway_user":       &keys,
	"nway_token":      &keys,
	"list-sessions":   &keys,
	"end-session":     &keys,
	"list-audit":      &keys,
}
