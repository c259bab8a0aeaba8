package chart

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
)

// picture is an SVG document that is being written. Attributes are names and values in turn.
type picture struct{ text bytes.Buffer }

// instruction names a style sheet. It stands before the first element.
func (p *picture) instruction(style string) {
	p.text.WriteString(`<?xml-stylesheet type="text/css" href="`)
	p.escape(style)
	p.text.WriteString(`"?>`)
}

// open begins an element.
func (p *picture) open(tag string, attributes ...any) {
	p.begin(tag, attributes)
	p.text.WriteByte('>')
}

// empty writes an element without content.
func (p *picture) empty(tag string, attributes ...any) {
	p.begin(tag, attributes)
	p.text.WriteString("/>")
}

// say writes an element with a text.
func (p *picture) say(tag, text string, attributes ...any) {
	p.open(tag, attributes...)
	p.escape(text)
	p.close(tag)
}

func (p *picture) close(tag string) { p.text.WriteString("</" + tag + ">") }

func (p *picture) begin(tag string, attributes []any) {
	p.text.WriteString("<" + tag)
	for i := 0; i < len(attributes); i += 2 {
		fmt.Fprintf(&p.text, ` %s="`, attributes[i])
		switch value := attributes[i+1].(type) {
		case float64:
			p.text.WriteString(number(value))
		default:
			p.escape(fmt.Sprint(value))
		}
		p.text.WriteByte('"')
	}
}

// escape writes a text as XML. What no XML may have becomes U+FFFD.
func (p *picture) escape(text string) {
	_ = xml.EscapeText(&p.text, []byte(text)) // a buffer takes everything
}

// number returns a length with at most two digits behind the point.
func number(x float64) string { return strconv.FormatFloat(math.Round(x*100)/100, 'f', -1, 64) }
