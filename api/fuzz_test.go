package api_test

import (
	"strings"
	"testing"
	"unicode"

	"nwayacd/api"
	"nwayacd/api/apitest"
	"nwayacd/internal/auth"
)

// FuzzCommandLine checks that each line has one reply of one of the four kinds, and that only
// arguments which the table allows reach a command.
func FuzzCommandLine(f *testing.F) {
	for _, line := range []string{
		"nway_login 1000 110", "nway_login 1000 110,120", "nway_add_ext 1001 'p w'",
		`nway_set_ring_group 110 "a b" - '' x`, "nway_set_ext_jobnumber 1000 '' true", "nwayacd_transfer 5fa9 1000",
		"nway_list_exts json", "nway_rm_group '110", "nway_list_calls", "NWAY_ADD_GROUP 1 9", "nway_threeway a b c",
		"nway_uuid_hold ${x}", "'", "",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words, err := api.Split(line)
		if err == nil && len(words) > 0 {
			if c := api.Find(words[0]); c != nil && c.Check(words[1:]) == nil {
				wanted, _ := c.Arguments()
				for i, word := range words[1:] {
					// passwords are never played or dialled
					if strings.Contains(word, "${") && wanted[i].Word != "PASSWORD" {
						t.Fatalf("%q was let through to %s", word, c.Name)
					}
				}
			}
		}
		if strings.Contains(strings.ToLower(line), "nway_threeway") ||
			strings.Contains(strings.ToLower(line), "nway_reload") {
			return // they need a FreeSWITCH or a configuration
		}
		s, _ := apitest.Server()
		reply := api.Run(apitest.As(t.Context(), auth.Admin), s, line)
		if strings.ContainsAny(reply, "\r\x00") ||
			strings.HasPrefix(reply, "-ERR") && strings.ContainsFunc(reply, unicode.IsControl) {
			t.Fatalf("%q: the reply %q has control characters", line, reply)
		}
		if reply == "" {
			t.Fatalf("%q: no reply", line)
		}
	})
}
