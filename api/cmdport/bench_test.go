package cmdport

import (
	"strings"
	"testing"

	"nwayacd/esl"
)

// BenchmarkCommand is the round trip of a command over TCP: the client sends it, and the port
// parses, checks, runs and answers it.
func BenchmarkCommand(b *testing.B) {
	for _, command := range []string{"nway_ready 1000", "nway_login 1000 110", "nway_list_exts json"} {
		b.Run("command="+strings.Fields(command)[0], func(b *testing.B) {
			conn, err := esl.Dial(b.Context(), port(b, "secret"), "secret", esl.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := conn.API(b.Context(), command); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
