// Package reporttest reads reports back in tests.
package reporttest

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Forms are those that Rows reads.
var Forms = []string{"json", "csv", "xlsx"}

// Rows reads a report in a form: the names of the columns, and then the rows and the totals. The
// test fails if the report cannot be read.
func Rows(t testing.TB, form string, body []byte) [][]string {
	t.Helper()
	read := map[string]func([]byte) ([][]string, error){"json": objects, "csv": lines, "xlsx": sheet}[form]
	rows, err := read(body)
	if err != nil || len(rows) == 0 {
		t.Fatalf("%s with %d rows: %v", form, len(rows), err)
	}
	return rows
}

// Columns returns the cells of some columns of each row, with blanks between them.
func Columns(rows [][]string, columns string) (all []string) {
	for _, row := range rows[1:] {
		var cells []string
		for column := range strings.FieldsSeq(columns) {
			cells = append(cells, row[slices.Index(rows[0], column)])
		}
		all = append(all, strings.Join(cells, " "))
	}
	return all
}

func lines(text []byte) ([][]string, error) {
	text, marked := bytes.CutPrefix(text, []byte("\ufeff"))
	if !marked {
		return nil, errors.New("the text does not say that it is UTF-8")
	}
	return csv.NewReader(bytes.NewReader(text)).ReadAll()
}

// sheet also checks that every part of the workbook is well-formed.
func sheet(workbook []byte) (rows [][]string, err error) {
	parts, err := zip.NewReader(bytes.NewReader(workbook), int64(len(workbook)))
	if err != nil {
		return nil, err
	}
	for _, part := range parts.File {
		some, err := cellsOf(part)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", part.Name, err)
		}
		rows = append(rows, some...)
	}
	return rows, nil
}

func cellsOf(part *zip.File) (rows [][]string, err error) {
	f, err := part.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var shown struct {
		Rows []struct {
			Cells []struct {
				Number string `xml:"v"`
				Text   string `xml:"is>t"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
	err = xml.NewDecoder(f).Decode(&shown)
	for _, row := range shown.Rows {
		var line []string
		for _, c := range row.Cells {
			line = append(line, c.Number+c.Text)
		}
		rows = append(rows, line)
	}
	return rows, err
}

func objects(text []byte) (rows [][]string, err error) {
	var shown struct {
		Columns      []string
		Rows, Totals []map[string]any
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&shown)
	rows = append(rows, shown.Columns)
	for _, object := range append(shown.Rows, shown.Totals...) {
		var line []string
		for _, column := range shown.Columns {
			if object[column] == nil {
				line = append(line, "")
			} else {
				line = append(line, fmt.Sprint(object[column]))
			}
		}
		rows = append(rows, line)
	}
	return rows, err
}
