package bench

import (
	"fmt"
	"io"
)

// PlotSweep draws how the figures of one scenario grow over its runs.
func PlotSweep(to io.Writer, results []Result) error {
	if len(results) == 0 {
		return nil
	}
	first := results[0]
	x, at := "calls offered per second", func(r Result) float64 { return r.Rate }
	if first.Scenario == Flood || first.Scenario == Drain {
		x, at = "callers waiting", func(r Result) float64 { return float64(r.Callers) }
	}
	line := func(name string, y func(Result) float64) Series {
		s := Series{Name: name}
		for _, r := range results {
			s.Points = append(s.Points, Point{at(r), y(r)})
		}
		return s
	}
	charts := latencyCharts(x, line)
	charts = append(charts, costCharts(first, x, line)...)
	title := fmt.Sprintf("nwayacd bench %s", first.Scenario)
	return WriteSVG(to, title, sweepWords(first, results[len(results)-1]), charts)
}

// sweepWords describe what the runs have in common.
func sweepWords(first, last Result) string {
	words := fmt.Sprintf("%d agents in %d groups, ", first.Agents, first.Groups)
	switch {
	case first.Scenario == Flood:
		words = ""
	case first.Agents != last.Agents:
		words = fmt.Sprintf("%d to %d agents in %d groups, just as many as the calls keep busy, ", first.Agents,
			last.Agents, first.Groups)
	}
	if first.Scenario != Flood {
		words += fmt.Sprintf("ring %s, talk %s, ", first.Ring, first.Talk)
	}
	return words + fmt.Sprintf("%s; server, generator and database on the same %d cores", first.Database, first.Cores)
}

type toLine func(name string, y func(Result) float64) Series

func latencyCharts(x string, line toLine) (charts []Chart) {
	for _, l := range []struct {
		title string
		of    func(Result) Percentiles
	}{
		{"Agent free → next originate on the wire", func(r Result) Percentiles { return r.FreeToOffer }},
		{"Caller enters, agent free → originate on the wire", func(r Result) Percentiles { return r.EnterToOffer }},
		{"Agent logs in → originate on the wire", func(r Result) Percentiles { return r.LoginToOffer }},
		{"How late the generator was", func(r Result) Percentiles { return r.Lateness }},
	} {
		charts = append(charts, Chart{Title: l.title, X: x, Y: "ms", LogY: true, Series: []Series{
			line("p50", func(r Result) float64 { return l.of(r).P50 }),
			line("p99", func(r Result) float64 { return l.of(r).P99 }),
			line("p99.9", func(r Result) float64 { return l.of(r).P999 }),
		}})
	}
	return charts
}

func costCharts(first Result, x string, line toLine) []Chart {
	cpu := Chart{Title: "CPU", X: x, Y: "cores", Series: []Series{
		line("server", func(r Result) float64 { return r.ServerCPU }),
		line("generator", func(r Result) float64 { return r.GeneratorCPU }),
		line("all of the machine", func(r Result) float64 { return r.MachineBusy * float64(r.Cores) }),
	}}
	resident := Chart{Title: "Resident memory of the server", X: x, Y: "MiB", Series: []Series{
		line("", func(r Result) float64 { return mib(r.ResidentBytes) }),
	}}
	if first.Scenario == Flood {
		cpu = Chart{Title: "CPU while nothing happens", X: x, Y: "% of one core", Series: []Series{
			line("", func(r Result) float64 { return 100 * r.ServerCPU }),
		}}
		return []Chart{resident, cpu, {Title: "Resident memory per waiting call", X: x, Y: "KiB", Series: []Series{
			line("", func(r Result) float64 { return r.BytesPerWaiting / 1024 }),
		}}}
	}
	return []Chart{
		cpu, resident,
		{
			Title: "Calls completed", X: x, Y: "calls/s",
			Series: []Series{line("", func(r Result) float64 { return r.Completed })},
		},
		{
			Title: "CPU of the server per call", X: x, Y: "µs",
			Series: []Series{line("", func(r Result) float64 { return r.CPUPerCall })},
		},
		{Title: "Per call", X: x, Y: "count", LogY: true, Series: []Series{
			line("writes to its socket", func(r Result) float64 { return r.SocketWrites }),
			line("statements", func(r Result) float64 { return r.StatementsPerCall }),
			line("transactions", func(r Result) float64 { return r.CommitsPerCall }),
		}},
	}
}
