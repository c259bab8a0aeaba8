package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Write prints the result as text.
func (s *Result) Write(to io.Writer) error {
	t := table{tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)}
	t.line("scenario", "%s: %s", s.Scenario, s.Load.words())
	t.line("database", "%s", s.Database)
	if s.Secured {
		t.line("ports", "TLS, and commands with a token")
	}
	t.line("measured", "%.1f s on %d cores, busy for %.0f %%, taken away for %.1f %%", s.Seconds, s.Cores,
		100*s.MachineBusy, 100*s.MachineStolen)
	if s.Scenario != Flood {
		t.line("calls/s", "%.1f offered, %.1f completed", s.Offered, s.Completed)
	}
	s.writeDelays(t)
	s.writeCosts(t)
	s.writeCalls(t)
	for _, l := range s.Limits {
		t.line("limited by", "%s", l)
	}
	for _, f := range s.Faults {
		t.line("FAULT", "%s", f)
	}
	return t.Flush()
}

// table has a name and a text in each line.
type table struct{ *tabwriter.Writer }

func (t table) line(name, format string, args ...any) {
	fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...))
}

func (s *Result) writeDelays(t table) {
	fmt.Fprintf(t, "\t\n\tp50\tp90\tp99\tp99.9\tmax\tcount\n")
	for _, l := range []struct {
		name string
		Percentiles
	}{
		{"agent free -> offer, ms", s.FreeToOffer},
		{"agent logs in -> offer, ms", s.LoginToOffer},
		{"enters, agent free -> offer, ms", s.EnterToOffer},
		{"enters -> offer, all, ms", s.Wait},
		{"generator late to dial, ms", s.Lateness},
		{"generator late to read, ms", s.ReadLateness},
	} {
		if l.Count > 0 {
			fmt.Fprintf(t, "%s\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%d\n", l.name, l.P50, l.P90, l.P99, l.P999, l.Max,
				l.Count)
		}
	}
	fmt.Fprintf(t, "\t\n")
}

func (s *Result) writeCosts(t table) {
	t.line("CPU", "server %.3f cores, generator %.3f", s.ServerCPU, s.GeneratorCPU)
	if s.Completed > 0 {
		t.line("a call costs", "%.0f us of CPU, %.1f writes to its socket, %.1f write calls in all, %s, %s",
			s.CPUPerCall, s.SocketWrites, s.WriteCalls, known(s.StatementsPerCall, "statements"),
			known(s.CommitsPerCall, "transactions"))
	}
	t.line("resident", "%.1f MiB, %.1f before any call", mib(s.ResidentBytes), mib(s.EmptyBytes))
	if s.BytesPerWaiting > 0 {
		t.line("a waiting call", "%.1f KiB resident, %d wait", s.BytesPerWaiting/1024, s.Waiting)
	}
}

func (s *Result) writeCalls(t table) {
	t.line("calls", "%d arrived, %d answered, %d not; %d offers missed", s.Arrived, s.Answered, s.Unanswered, s.Missed)
	if s.Moves > 0 {
		t.line("churn", "%d commands", s.Moves)
	}
	t.line("call records", "%d of %d calls; %d behind when the load ended, all there %.0f ms after the last call",
		s.Records, s.Recorded, s.Behind, s.CaughtUpMS)
	t.line("server", "up in %.0f ms with %d agents, down in %.0f ms", s.BootMS, s.Agents, s.StopMS)
}

func known(n float64, what string) string {
	if n < 0 {
		return what + " not known"
	}
	return fmt.Sprintf("%.2f %s", n, what)
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

func (l Load) words() string {
	text := fmt.Sprintf("%d agents in %d groups", l.Agents, l.Groups)
	if l.Callers > 0 {
		text += fmt.Sprintf(", %d callers wait at the start", l.Callers)
	}
	if l.Scenario == Steady || l.Scenario == Churn {
		text += fmt.Sprintf(", %g calls/s", l.Rate)
	}
	if l.Scenario != Flood {
		text += fmt.Sprintf(", ring %s, talk %s", l.Ring, l.Talk)
	}
	if l.Scenario == Churn {
		text += fmt.Sprintf(", %g agents moved a second, %g of offers missed, patience %s", l.Churn, l.Miss, l.Patience)
	}
	return text
}
