package demo

import (
	"bytes"
	"context"
	"regexp"
	"testing"
	"time"
)

func TestTheDemoThatGoesOnPrintsALinkAndEndsWithItsContext(t *testing.T) {
	demo := &Demo{Agents: 4, Talk: 500 * time.Millisecond, AnyPort: true, Seed: 1, Keep: true}
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
	defer stop()
	var out bytes.Buffer
	if err := demo.keep(ctx, t.TempDir(), &out); err != nil {
		t.Fatal(err)
	}
	first := regexp.MustCompile(`http://\S+`).FindString(out.String())
	if !regexp.MustCompile(`^http://127\.0\.0\.1:\d+/ui/enter#[\w-]{40,}$`).MatchString(first) {
		t.Errorf("the first address is %q: %s", first, &out)
	}
	if !bytes.Contains(out.Bytes(), []byte("as demo with the password ")) {
		t.Errorf("%s", &out)
	}
}
