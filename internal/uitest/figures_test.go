package uitest

import "testing"

// differences reads the numbers of the table back, and compares them with the JSON of the same
// question. A length is cut to whole seconds, and a share to a tenth.
const differences = `(async () => {
	const { callFigures, agentFigures } = await import("/ui/web/js/reportfigures.js");
	const link = document.querySelector('a[href*="format=csv"]').href.replace("format=csv", "format=json");
	const report = await (await fetch(link)).json();
	const keys = link.includes("by=agent") ? agentFigures : callFigures;
	const read = (text) => text === "–" ? null : text.includes(":") ?
		text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0) : parseFloat(text);
	const wanted = (row, key) => {
		if (row[key] === null) return null;
		return key.includes("_seconds") ? Math.floor(row[key]) : Math.floor(row[key] * 10) / 10;
	};
	const wrong = [];
	const compare = (row, cells, at) => keys.forEach((key, i) => {
		const text = cells[i].innerText;
		if (read(text) !== wanted(row, key)) wrong.push([at, key, text, row[key]].join(" "));
	});
	const rows = [...document.querySelectorAll(".report-table tbody tr")];
	if (rows.length !== report.rows.length || rows.length === 0) {
		wrong.push(rows.length + " rows of " + report.rows.length);
	}
	rows.forEach((tr, i) => compare(report.rows[i], [...tr.cells].slice(2), report.rows[i].start));
	compare(report.total, [...document.querySelector(".report-table tfoot tr").cells].slice(1), "total");
	window.compared = wrong.join("\n") || "equal";
})()`

// TestTheFiguresOfAReportAreThoseOfTheJSON compares each cell of the tables.
func TestTheFiguresOfAReportAreThoseOfTheJSON(t *testing.T) {
	w := inWorld(t)
	w.fillReports()
	_, err := w.db.ExecContext(t.Context(), `UPDATE nwayacd_interval
		SET wait_answered_ms = 61500, wait_longest_ms = 21999, talks = 7,
		talk_ms = 3723400, hold_ms = 5100, wrap_up_ms = 99999, abandoned_short = 1, refused_full = 3
		WHERE start < '2026-02-01'`)
	w.must(err)
	p := newPage(t, w)
	p.login("sup")
	for _, question := range []string{"&step=hour", "&step=day&by=agent"} {
		p.open(january + question)
		p.see(`document.querySelector(".report-table tfoot")`)
		p.evaluate(differences)
		p.see(`window.compared`)
		if got := p.value(`compared`); got != "equal" {
			t.Errorf("%s:\n%s", question, got)
		}
	}
	if p.value(`document.querySelectorAll(".report-table tbody tr").length`) != "3" {
		t.Errorf("the agents are\n%s", p.text())
	}
}
