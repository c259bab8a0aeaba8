package e2e

import (
	"context"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// fsCLI runs FreeSWITCH's own client once against the command port.
func (w *world) fsCLI(command string) string {
	w.t.Helper()
	host, port, err := net.SplitHostPort(w.srv.Control)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer stop()
	out, err := exec.CommandContext(ctx, "fs_cli", "-H", host, "-P", port, "-p", "any", "-x", command).CombinedOutput()
	if err != nil {
		w.t.Errorf("fs_cli -x %q: %v", command, err)
	}
	return strings.TrimSpace(string(out))
}

func TestFSCLIGivesEveryCommandOnce(t *testing.T) {
	if _, err := exec.LookPath("fs_cli"); err != nil {
		t.Skip("FS_CLI IS NOT IN PATH: the command port was not tried with FreeSWITCH's own client")
	}
	f := floor{sip: true, groups: withCarl, agents: []agentRow{{name: "anna"}, {name: "carl", groups: "120"}}}
	onBoth(t, f, func(t *testing.T, w *world) {
		w.sw.outside(t, w.own(thirdParty), answers())
		anna, carl, extra := w.ext["anna"], w.ext["carl"], w.own("55%d")
		try := func(command, reply string) {
			t.Helper()
			if have := w.fsCLI(command); !strings.HasPrefix(have, reply) {
				t.Errorf("%s: %q, not %q", command, have, reply)
			}
		}
		mary := w.comes("mary", ivr, "")
		eventually(t, patience, "mary is in the IVR", func() bool { return len(mary.channel().executed) == 2 })
		mary.sentTo = group
		try("nwayacd "+mary.uuid+" "+group, "+OK ")
		mary.isInTalk("anna")
		try("nway_uuid_hold "+mary.uuid, "+OK ")
		w.callstate(w.leg("anna").uuid, "HELD")
		try("nway_uuid_unhold "+mary.uuid, "+OK ")
		w.callstate(w.leg("anna").uuid, "ACTIVE", "UNHELD")
		try("nway_threeway "+mary.uuid+" "+w.own(thirdParty)+" "+gateway, "+OK ")
		try("nway_list_calls", "uuid|")
		try("nwayacd_transfer "+mary.uuid+" "+carl, "+OK ")
		mary.isInTalk("carl")
		mary.hangsUp()
		mary.isGone()
		mary.cdr("outcome=transferred", "agent=carl")

		try("nway_busy "+anna, "+OK ")
		w.becomes("anna", "reged up busy ready")
		try("nway_ready "+anna, "+OK ")
		w.becomes("anna", "reged up idle ready")
		try("nway_logout "+anna, "+OK ")
		w.becomes("anna", "reged down idle ready")
		try("nway_login "+anna+" 110,120", "+OK ")
		w.becomes("anna", "reged up idle ready")
		try("nway_set_unreg_ext "+anna, "+OK ")
		w.becomes("anna", "unreg up idle ready")
		try("nway_set_reged_ext "+anna, "+OK ")
		w.becomes("anna", "reged up idle ready")
		try("nway_set_ext_jobnumber "+anna+" 8001 true", "+OK ")
		try("nway_list_exts", "extension|")
		try("nway_list_groups json", "[{")
		try("nway_add_ext "+extra+" secret", "+OK ")
		try("nway_add_ext "+extra+" secret", "-ERR ")
		try("nway_rm_ext "+extra, "+OK ")
		try("nway_add_group 130 2", "+OK ")
		try("nway_set_ring_group 130 welcome.wav - - -", "+OK ")
		eventually(t, patience, "group 130 is in the database", func() bool {
			row := w.db.row("SELECT group_call_mode, welcome_ring FROM ext_group WHERE group_number = ?", "130")
			return row != nil && row[0] == "2" && row[1] == "welcome.wav"
		})
		try("nway_rm_group 130", "+OK ")
		try("nwayacd_version", "+OK nwayacd ")
		try("nway_reload", "+OK ")
		try("nosuch", "-ERR nosuch command not found")
		try("nway_login "+anna, "-USAGE: nway_login EXT GROUP[,GROUP…]")
		w.cleanAfter()
	})
}
