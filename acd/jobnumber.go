package acd

import (
	"context"
	"strconv"
	"strings"
	"time"

	"nwayacd/esl"
)

const jobNumberLimit = 8 * time.Second // under legParkTimeout

// sayJobNumber plays the agent's job number to the caller, digit by digit, instead of the music.
// The agent's leg waits meanwhile.
func (c *call) sayJobNumber(ctx context.Context, l *leg) {
	who := l.offer.Agent
	if !who.SayJobNumber || who.WithoutState {
		return
	}
	files := jobNumberFiles(who.JobNumber, c.server.settings.Load().Prompts)
	if len(files) == 0 {
		return
	}
	ctx, stop := context.WithTimeout(ctx, jobNumberLimit)
	defer stop()
	defer context.AfterFunc(l.ctx, stop)()
	id := newUUID()
	c.tell(c.breakAll(), c.playback("file_string://"+strings.Join(files, "!"), id, esl.ExecuteOptions{Lock: true}))
	c.awaitEnd(ctx, id)
}

// jobNumberFiles returns the files of prefix, digits and suffix. It returns none if the number has
// no digit that has a file.
func jobNumberFiles(number string, p Prompts) (files []string) {
	for _, r := range number {
		if r >= '0' && r <= '9' && p.JobDigits[r-'0'] != "" {
			files = append(files, p.JobDigits[r-'0'])
		}
	}
	if len(files) == 0 {
		return nil
	}
	if p.JobPrefix != "" {
		files = append([]string{p.JobPrefix}, files...)
	}
	if p.JobSuffix != "" {
		files = append(files, p.JobSuffix)
	}
	return files
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
