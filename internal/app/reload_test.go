package app

import (
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"nwayacd/conf"
	"nwayacd/queue"
)

func TestAReloadWithAShorterRetentionDeletesOldRecords(t *testing.T) {
	text := "[database]\ndata-dir = \"" + t.TempDir() + "\"\n[server]\nlisten = \"127.0.0.1:0\"\n" +
		"[control]\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"127.0.0.1:0\"\n"
	read := func() (*conf.Config, error) { return conf.Parse("f", []byte(text)) }
	c, err := read()
	if err != nil {
		t.Fatal(err)
	}
	d, err := Start(t.Context(), c, zerolog.Nop(), Options{Load: read})
	if err != nil {
		t.Fatal(err)
	}
	for _, days := range []int{60, 20} {
		at := time.Now().AddDate(0, 0, -days)
		d.store.Write(queue.Change{CDR: &queue.CDR{UUID: "u", Outcome: queue.Abandoned, Arrived: at, Ended: at}})
	}
	if err := d.store.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	text = strings.Replace(text, "[server]", "retention-days = 30\n[server]", 1)
	if report, err := d.Reload(); err != nil || strings.Contains(report, "restart") {
		t.Errorf("%s %v", report, err)
	}
	left, deadline := 2, time.Now().Add(10*time.Second)
	for ; left != 1 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		page, _, err := d.store.SearchCDRs(t.Context(), queue.CDRSearch{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		left = len(page)
	}
	if left != 1 {
		t.Errorf("%d records are left", left)
	}
	if err := d.Stop(); err != nil {
		t.Error(err)
	}
}
