package live

import (
	"strconv"
	"time"
)

// frameKey names a frame of the present version: for whom, and since which version; 0 = a snapshot.
type frameKey struct {
	sight string
	since uint64
}

// jsonNames are the names of the lists of rows in a frame.
var jsonNames = [kinds]string{groupKind: "groups", agentKind: "agents", callKind: "calls"}

// snapshot returns all rows that are visible.
func (t *table) snapshot(s *sight) (rows [kinds][]byte) {
	for k := range kinds {
		for _, r := range t.rows[k] {
			if s.sees(k, r) {
				rows[k] = appendRow(rows[k], s.text(k, r))
			}
		}
	}
	return rows
}

// delta returns the rows that changed after a version, and the keys of those that are gone.
func (t *table) delta(s *sight, since uint64) (rows, gone [kinds][]byte) {
	for i := len(t.log) - 1; i >= 0 && t.log[i].version > since; i-- {
		e := &t.log[i]
		switch k, r := e.kind, e.row; {
		case r.version != e.version: // a newer entry has the row
		case !r.gone && s.sees(k, r):
			rows[k] = appendRow(rows[k], s.text(k, r))
		case s.saw(k, r, since):
			gone[k] = appendRow(gone[k], encode(r.key))
		}
	}
	return rows, gone
}

// text returns the row as the viewer may see it.
func (s *sight) text(k kind, r *row) []byte {
	if r.hidden != nil && !s.seesNumber(k, r) {
		return r.hidden
	}
	return r.full
}

func appendRow(rows, row []byte) []byte {
	if len(rows) > 0 {
		rows = append(rows, ',')
	}
	return append(rows, row...)
}

// frame returns the frame of what changed since a version, for the present version. It returns nil
// if the viewer sees nothing of it. If since is 0 or too long ago, it is a snapshot.
func (h *Hub) frame(s *sight, since uint64) []byte {
	key := frameKey{s.key, since}
	if text, made := h.frames[key]; made {
		return text
	}
	var text []byte
	if since == 0 {
		rows := h.table.snapshot(s)
		text = h.encode(s, "snapshot", rows, [kinds][]byte{})
	} else if rows, gone := h.table.delta(s, since); !empty(rows) || !empty(gone) {
		text = h.encode(s, "delta", rows, gone)
	}
	h.frames[key] = text
	return text
}

func empty(rows [kinds][]byte) bool {
	for _, list := range rows {
		if len(list) > 0 {
			return false
		}
	}
	return true
}

// encode returns a frame as a server-sent event.
func (h *Hub) encode(s *sight, event string, rows, gone [kinds][]byte) []byte {
	size := 128
	for k := range kinds {
		size += len(rows[k]) + len(gone[k]) + 32
	}
	text := h.begin(make([]byte, 0, size), s.id, event)
	text = append(text, `{"v":`...)
	text = strconv.AppendUint(text, h.table.version, 10)
	for k := range kinds {
		text = appendList(append(text, ','), jsonNames[k], rows[k])
	}
	text = append(text, `,"gone":{`...)
	for k := range kinds {
		if k > 0 {
			text = append(text, ',')
		}
		text = appendList(text, jsonNames[k], gone[k])
	}
	return append(text, "}}\n\n"...)
}

func appendList(text []byte, name string, rows []byte) []byte {
	text = append(text, '"')
	text = append(text, name...)
	text = append(text, `":[`...)
	text = append(text, rows...)
	return append(text, ']')
}

// begin appends what is before the data of an event. A stream resumes after its id, if it sees the
// same as that one.
func (h *Hub) begin(text []byte, sight, event string) []byte {
	text = append(text, "id: "...)
	text = append(text, h.life...)
	text = append(text, '.')
	text = append(text, sight...)
	text = append(text, '-')
	text = strconv.AppendUint(text, h.table.version, 10)
	text = append(text, "\nevent: "...)
	text = append(text, event...)
	return append(text, "\ndata: "...)
}

// tickFrame returns the frame of a tick: the server's clock, and the version.
func (h *Hub) tickFrame(sight string, at time.Time) []byte {
	text := h.begin(nil, sight, "tick")
	text = append(text, `{"at":`...)
	text = strconv.AppendInt(text, at.UnixMilli(), 10)
	text = append(text, `,"v":`...)
	text = strconv.AppendUint(text, h.table.version, 10)
	return append(text, "}\n\n"...)
}

// Bye returns the last frame of a stream that the server ends. The reason is one word.
func Bye(why string) []byte { return []byte("event: bye\ndata: {\"why\":\"" + why + "\"}\n\n") }
