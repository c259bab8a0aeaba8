package report

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"io"
	"strconv"
)

// The parts of a workbook with one sheet that are always the same (ECMA-376, part 1).
var workbookParts = []struct{ name, text string }{
	{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ` +
		`ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ` +
		`ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="r1" ` +
		`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" ` +
		`Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ` +
		`xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
		`<sheets><sheet name="report" sheetId="1" r:id="r1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships ` +
		`xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" ` +
		`Target="worksheets/sheet1.xml"/></Relationships>`},
}

const xmlHeader = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// WriteXLSX writes the report as a workbook of one sheet. Texts are inline, and never formulas. The
// last rows are the totals.
func (r *Report) WriteXLSX(to io.Writer) error {
	archive := zip.NewWriter(to)
	for _, part := range workbookParts {
		f, err := archive.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(f, xmlHeader+part.text); err != nil {
			return err
		}
	}
	f, err := archive.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return err
	}
	if err := r.writeSheet(f); err != nil {
		return err
	}
	return archive.Close()
}

func (r *Report) writeSheet(to io.Writer) error {
	s := sheet{w: bufio.NewWriter(to)}
	s.raw(xmlHeader + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	columns := r.table()
	s.raw("<row>")
	for _, c := range columns {
		s.cell(texted(c.name))
	}
	s.raw("</row>")
	_ = r.everyRow(func(row *Row) error { // the writer keeps its error
		s.raw("<row>")
		for _, c := range columns {
			s.cell(c.of(r, row))
		}
		s.raw("</row>")
		return nil
	})
	s.raw(`</sheetData></worksheet>`)
	return s.w.Flush()
}

// sheet writes cells. Its writer keeps the first error.
type sheet struct {
	w       *bufio.Writer
	scratch []byte
}

func (s *sheet) raw(text string) { s.w.WriteString(text) }

func (s *sheet) cell(c cell) {
	switch {
	case c.number.Some:
		s.raw("<c><v>")
		s.scratch = strconv.AppendFloat(s.scratch[:0], c.number.Value, 'f', -1, 64)
		s.w.Write(s.scratch)
		s.raw("</v></c>")
	case c.text == "":
		s.raw("<c/>")
	default:
		s.raw(`<c t="inlineStr"><is><t xml:space="preserve">`)
		xml.EscapeText(s.w, []byte(c.text))
		s.raw("</t></is></c>")
	}
}
