package cli

import (
	"strings"
	"testing"
)

func TestWrongFlagsOfTheDemoAreAllNamed(t *testing.T) {
	err := (&Demo{Calls: 0, Agents: -1}).Validate()
	for _, flag := range []string{"--calls", "--agents", "--talk", "--duration"} {
		if err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s is not named in %v", flag, err)
		}
	}
}
