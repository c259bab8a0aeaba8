package api

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"nwayacd/queue"
)

// Commands has all commands, in the order of the manual.
var Commands = []Command{
	{
		"nwayacd", "UUID GROUP",
		"sends a live channel of any linked FreeSWITCH into the group; a waiting caller keeps the time of arrival; " +
			"-ERR if the blacklist names a caller of nwayacd", enqueue,
	},
	{
		"nway_login", "EXT GROUP[,GROUP…]", "logs an extension in: up, idle, ready, member of exactly these groups",
		login,
	},
	{
		"nway_logout", "EXT",
		"logs an extension out of all its groups; during an offer or call it takes effect when that ends", logout,
	},
	{
		"nway_busy", "EXT [REASON]",
		"makes an extension busy, for a reason of nway_list_reasons; during an offer or call it takes effect when " +
			"that ends", busy,
	},
	{"nway_ready", "EXT", "makes an extension idle and ready, and ends its wrap-up or rest", ready},
	{"nway_wrap", "EXT SECONDS", "makes the wrap-up of an extension longer by so much", wrap},
	{"nway_join", "EXT GROUP", "makes an extension a member of one more group; its state stays as it is", join},
	{"nway_leave", "EXT GROUP", "takes an extension out of one group; its state stays as it is", leave},
	{"nway_list_exts", "[json]", "lists all extensions with their states", listExtensions},
	{"nway_list_groups", "[json]", "lists all groups with their members and callers", listGroups},
	{"nway_list_calls", "[json]", "lists the calls that wait, ring or talk, the oldest first", listCalls},
	{"nway_add_ext", "EXT PASSWORD", "adds an extension with which a telephone can register", addExtension},
	{"nway_rm_ext", "EXT", "removes an extension; refused during an offer or call", removeExtension},
	{
		"nway_set_ext_jobnumber", "EXT JOB-NUMBER true|false",
		"sets an extension's job number, and whether callers hear it", setJobNumber,
	},
	{"nway_set_ext", "EXT KEY VALUE|default", "changes a setting of an extension (docs/groups.md)", setExtension},
	{"nway_show_ext", "EXT [json]", "shows all settings of an extension", showExtension},
	{"nway_set_reged_ext", "EXT", "marks an extension as registered", setRegistered},
	{"nway_set_unreg_ext", "EXT", "marks an extension as not registered", setUnregistered},
	{
		"nway_add_group", "GROUP MODE",
		"adds a group; mode 0 sequence, 1 random, 2 cyclic; 3 to 5: the remembered agent first, then as 0 to 2",
		addGroup,
	},
	{"nway_rm_group", "GROUP", "removes a group; refused while callers wait in it", removeGroup},
	{"nway_set_ring_group", "GROUP WELCOME BLACKLIST BUSY TRANSFER", "sets a group's own prompts", setPrompts},
	{"nway_set_group", "GROUP KEY VALUE|default", "changes a setting of a group (docs/groups.md)", setGroup},
	{"nway_show_group", "GROUP [json]", "shows all settings of a group", showGroup},
	{"nway_list_reasons", "[json]", "lists the reasons for a pause", listReasons},
	{
		"nway_set_reason", "CODE TITLE paid|unpaid active|inactive POSITION",
		"adds or changes a reason for a pause; POSITION is its place in lists; agents may choose an active one",
		setReason,
	},
	{"nway_rm_reason", "CODE", "removes a reason; pauses that it is given for go on", removeReason},
	{"nwayacd_transfer", "UUID EXT", "offers a call that waits, rings or talks to an extension", transfer},
	{"nway_uuid_hold", "UUID", "puts the caller of a talk on hold, with hold music", hold},
	{"nway_uuid_unhold", "UUID", "connects a held caller with the agent again", unhold},
	{
		"nway_threeway", "UUID PHONE GATEWAY",
		"calls a phone through the gateway and adds it to the talk; [acd] gateways says through which", threeWay,
	},
	{
		userCommand, userActionWord + " [NAME] [ROLE] [GROUPS] [EXT] [HASH]",
		"lists, adds, changes or removes a user; without a hash a password is made, and the reply shows it once", user,
	},
	{
		tokenCommand, tokenActionWord + " [NAME] [ROLE] [GROUPS] [EXT] [DAYS] [HASH]",
		"lists, adds or removes a token; without a hash it is made, and the reply shows it once", token,
	},
	{"nway_drop", "UUID", "hangs up the caller of a call that waits, rings or talks", drop},
	{"nwayacd_version", "", "shows version, commit, Go and database", version},
	{"nway_reload", "", "reads the configuration again, and names the keys that need a restart", reload},
}

// The functions below are called only with arguments that fit the syntax.

func enqueue(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK " + args[0] + " sent to " + args[1], s.ACD.Enqueue(ctx, args[0], args[1])
}

func login(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK " + args[0] + " logged in to " + args[1],
		s.ACD.Dispatcher.Login(ctx, args[0], strings.Split(args[1], ","))
}

func logout(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK " + args[0] + " logged out", s.ACD.Dispatcher.Logout(ctx, args[0])
}

func ready(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK " + args[0] + " ready", s.ACD.Dispatcher.Ready(ctx, args[0])
}

func addExtension(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK extension " + args[0] + " added", s.ACD.Dispatcher.AddAgent(ctx, args[0], args[1])
}

func removeExtension(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK extension " + args[0] + " removed", s.ACD.Dispatcher.RemoveAgent(ctx, args[0])
}

func setJobNumber(ctx context.Context, s Server, args []string) (string, error) {
	say := args[2] == "true"
	if say && args[1] == "" {
		return "", fmt.Errorf("there is no job number to say")
	}
	reply := fmt.Sprintf("+OK %s has job number %q, said to callers: %t", args[0], args[1], say)
	return reply, s.ACD.Dispatcher.SetJobNumber(ctx, args[0], args[1], say)
}

func setRegistered(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK " + args[0] + " registered", s.ACD.Dispatcher.SetRegistered(ctx, args[0], true)
}

func setUnregistered(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK " + args[0] + " unregistered", s.ACD.Dispatcher.SetRegistered(ctx, args[0], false)
}

func addGroup(ctx context.Context, s Server, args []string) (string, error) {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return "", err
	}
	mode, err := queue.ParseMode(n)
	if err != nil {
		return "", err
	}
	return "+OK group " + args[0] + " added, mode " + mode.String(), s.ACD.Dispatcher.AddGroup(ctx, args[0], mode)
}

func removeGroup(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK group " + args[0] + " removed", s.ACD.Dispatcher.RemoveGroup(ctx, args[0])
}

func setPrompts(ctx context.Context, s Server, args []string) (string, error) {
	var prompts [4]*string
	for i := range prompts {
		if args[i+1] != keep {
			prompts[i] = &args[i+1]
		}
	}
	return "+OK prompts of group " + args[0] + " set",
		s.ACD.Dispatcher.SetPrompts(ctx, args[0], prompts[0], prompts[1], prompts[2], prompts[3])
}

func transfer(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK " + args[1] + " is called", s.ACD.Dispatcher.Transfer(ctx, args[0], args[1])
}

func hold(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK the caller is held", s.ACD.Hold(ctx, args[0], true)
}

func unhold(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK the caller is not held any more", s.ACD.Hold(ctx, args[0], false)
}

func threeWay(ctx context.Context, s Server, args []string) (string, error) {
	return "+OK " + args[1] + " is in the talk", s.ACD.ThreeWay(ctx, args[0], args[1], args[2])
}

func version(ctx context.Context, s Server, _ []string) (string, error) {
	return "+OK " + s.Version(ctx), nil
}

func reload(_ context.Context, s Server, _ []string) (string, error) {
	report, err := s.Reload()
	return "+OK " + report, err
}
