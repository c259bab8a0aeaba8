package cli

import (
	"bytes"
	"strings"
	"testing"
)

func TestRebuildFiguresRefusesATimeThatIsNone(t *testing.T) {
	for want, args := range map[string][]string{
		"neither a date nor a time": {"yesterday", "2026-03-02"},
		"is not before":             {"2026-03-02", "2026-03-02T00:00:00Z"},
		"expected":                  {"2026-03-02"},
	} {
		var stderr bytes.Buffer
		code := Run(append([]string{"rebuild-figures"}, args...), &stderr)
		if code != ExitWrongInput || !strings.Contains(stderr.String(), want) {
			t.Errorf("%v: exit %d, %s", args, code, &stderr)
		}
	}
}
