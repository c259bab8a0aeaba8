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
	public      = Right{Name: "health, documentation", roles: everybody()}
	itself      = Right{Name: "version", roles: row(All, All, All, All)}
	figures     = Right{"figures of groups", []Kind{AGroup}, row(InGroups, InGroups, InGroups, InGroups)}
	seeing      = Right{"agents, calls, events, records", []Kind{AnAgent}, row(None, InGroups, Own, InGroups)}
	seeingLists = Right{"VIPs and blacklist: look", nil, row(None, InGroups, None, InGroups)}
	state       = Right{"ready, busy, wrap-up, logout", []Kind{AnAgent}, row(None, None, Own, InGroups)}
	login       = Right{"login", []Kind{AnAgent, AGroup}, row(None, None, Own, InGroups)}
	membership  = Right{"join, leave", []Kind{AnAgent, AGroup}, row(None, None, None, InGroups)}
	talk        = Right{"transfer, move, hold", []Kind{ACall}, row(None, None, Own, InGroups)}
	cut         = Right{"drop, three-way", []Kind{ACall}, row(None, None, None, InGroups)}
	lists       = Right{"VIPs and blacklist: change", []Kind{AGroup}, row(None, None, None, InGroups)}
	change      = Right{"agents, groups, settings, configuration", nil, row(None, None, None, None)}
	password    = Right{"the own password", nil, map[Role]Scope{Agent: Own, Supervisor: Own, Admin: Own}}
	console     = Right{
		"the console", nil, map[Role]Scope{Wall: All, Read: All, Agent: All, Supervisor: All, Admin: All},
	}
	scrape   = Right{"metrics, details of /readyz", nil, map[Role]Scope{Metrics: All, Admin: All, Local: All}}
	accounts = Right{"accounts for mod_xml_curl", nil, map[Role]Scope{Directory: All, Admin: All}}
	keys     = Right{"users, tokens, sessions, audit log, pass-through", nil, map[Role]Scope{Admin: All}}
)

// allRights has the rights in the order of docs/security.md.
var allRights = []*Right{
	&public, &itself, &figures, &seeing, &seeingLists, &state, &login, &membership, &talk,
	&cut, &lists, &change, &password, &console, &scrape, &accounts, &keys,
}

// Operations of the ports that are neither commands nor in the OpenAPI document.
const (
	OpMetrics     = "metrics"        // GET /metrics
	OpReadyz      = "readyz-details" // the texts of /readyz
	OpDirectory   = "directory"      // POST /freeswitch/directory
	OpPassThrough = "pass-through"   // requests for FreeSWITCH on the command port
	OpConsole     = "console"        // the pages under /ui/
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
	"list-offers":      &seeing,
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
	"change-group":           &change,
	"nway_reload":            &change,

	"nwayacd_version": &itself,
	"get-me":          &itself,
	"healthz":         &public,
	"readyz":          &public,
	OpReadyz:          &scrape,
	OpMetrics:         &scrape,
	OpDirectory:       &accounts,
	OpConsole:         &console,
	OpPassThrough:     &keys,
	"nway_user":       &keys,
	"nway_token":      &keys,
}
