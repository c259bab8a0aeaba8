package httpapi

import (
	"context"
	"net/http"
	"slices"

	"nwayacd/internal/auth"
)

// Notice is something that /readyz tells: in one word to everybody, and in a text to those who may
// see details.
type Notice struct {
	Word Word
	Text string
}

// Word is the one word of a notice. The console has a text for each.
type Word int

// The words of reasons, and then those of warnings.
const (
	WordDraining Word = iota
	WordStorage
	WordLink
	WordDomain
	WordCertificate
	WordLog
	WordUpgrade
	WordDirectory
	words int = iota
)

var wordNames = [words]string{
	WordDraining: "draining", WordStorage: "storage", WordLink: "link", WordDomain: "domain",
	WordCertificate: "certificate", WordLog: "log", WordUpgrade: "upgrade", WordDirectory: "directory",
}

func (w Word) String() string { return wordNames[w] }

// Words returns all words of notices.
func Words() []string { return slices.Clone(wordNames[:]) }

// noticeShown is a notice as far as the actor may see it.
type noticeShown struct {
	Word    string `json:"word" enum:"draining,storage,link,domain,certificate,log,upgrade,directory"`
	Warning bool   `json:"warning" doc:"calls can be served all the same"`
	Text    string `json:"text,omitempty" doc:"the details, for those who may see them"`
}

// health is the answer to a probe.
type health struct {
	Status int
	Body   struct {
		OK       bool          `json:"ok"`
		Reasons  []string      `json:"reasons,omitempty" nullable:"false" doc:"why ok is false"`
		Warnings []string      `json:"warnings,omitempty" nullable:"false" doc:"what should be looked at"`
		Notices  []noticeShown `json:"notices,omitempty" nullable:"false" doc:"reasons and warnings, each with its word"`
	}
}

// ready answers whether calls can be served.
func (p *Port) ready(ctx context.Context, _ *nothing) (*health, error) {
	actor, _ := auth.From(ctx)
	details := auth.May(actor, auth.OpReadyz)
	out := &health{Status: http.StatusOK}
	reasons := p.reasons()
	out.add(reasons, false, details)
	out.add(p.warnings(), true, details)
	out.Body.OK = len(reasons) == 0
	if !out.Body.OK {
		out.Status = http.StatusServiceUnavailable
	}
	return out, nil
}

// add adds notices: each once, and without details only their words.
func (h *health) add(notices []Notice, warning, details bool) {
	list := &h.Body.Reasons
	if warning {
		list = &h.Body.Warnings
	}
	for _, n := range notices {
		shown := noticeShown{Word: n.Word.String(), Warning: warning}
		text := shown.Word
		if details {
			shown.Text, text = n.Text, n.Text
		}
		if !slices.Contains(h.Body.Notices, shown) {
			h.Body.Notices = append(h.Body.Notices, shown)
			*list = append(*list, text)
		}
	}
}
