package acd

import (
	"sync"
	"time"

	"nwayacd/internal/prompt"
)

// ownPrompt returns a group's own prompt, or the configuration's if the group has none. A prompt of
// the database that may not be played counts as none, because other programs write there.
func (c *call) ownPrompt(own, otherwise string) string {
	if own == "" || !c.server.mayPlay(own, c.server.settings.Load().Floor.Schemes) {
		return otherwise
	}
	return own
}

// mayPlay reports whether the prompt may be played, and warns if not.
func (s *Server) mayPlay(text string, allowed []string) bool {
	err := prompt.Check(text, allowed)
	if err != nil && s.badPrompts.due(text) {
		s.log.Warn().Err(err).Str("prompt", text).Msg("a prompt is not played")
	}
	return err == nil
}

// promptPause is how often a prompt that may not be played is worth a line in the log.
const promptPause = time.Minute

// mostBadPrompts bounds how many are remembered.
const mostBadPrompts = 1000

// badPrompts remembers which prompts had a line. The zero value is ready to use.
type badPrompts struct {
	mu    sync.Mutex
	lines map[string]time.Time
}

func (b *badPrompts) due(text string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if last, said := b.lines[text]; said && now.Sub(last) < promptPause {
		return false
	}
	if b.lines == nil || len(b.lines) >= mostBadPrompts {
		b.lines = map[string]time.Time{}
	}
	b.lines[text] = now
	return true
}
