package cmdport

import (
	"strings"
	"testing"
)

func TestAJobEventHasNoPassword(t *testing.T) {
	for line, want := range map[string]string{
		"nway_add_ext 1000 hush": "1000", "nway_add_ext  1000  'hush hush'": "1000", "nway_add_ext": "",
		"nway_login 1000 110,120": "1000 110,120",
	} {
		said := map[string]string{}
		for _, h := range jobEvent("id", line, "+OK\n").headers {
			said[h.Name] = h.Value
			if strings.Contains(h.Value, "hush") {
				t.Errorf("%s: %s is %q", line, h.Name, h.Value)
			}
		}
		if said["Job-Command-Arg"] != want {
			t.Errorf("%s: the arguments are %q, not %q", line, said["Job-Command-Arg"], want)
		}
	}
}
