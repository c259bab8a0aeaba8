package api_test

import (
	"testing"

	"nwayacd/api"
	"nwayacd/internal/auth"
)

func TestEveryCommandIsInTheTableOfRoles(t *testing.T) {
	for _, c := range api.Commands {
		if auth.RightOf(c.Name) == nil {
			t.Errorf("%s needs a line in internal/auth/rights.go", c.Name)
		}
	}
}
