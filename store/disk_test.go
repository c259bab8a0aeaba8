package store

import (
	"bytes"
	"encoding/json"
	"sync"
	"syscall"

	"github.com/rs/zerolog"

	"nwayacd/queue"
)

// fullDisk has room for a number of bytes, and writes only the part of a write that fits.
type fullDisk struct {
	mu   sync.Mutex
	room int
}

func (d *fullDisk) create(path string) (segmentFile, error) {
	file, err := createSegment(path)
	return &fileOnFullDisk{file, d}, err
}

func (d *fullDisk) grow(by int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.room += by
}

type fileOnFullDisk struct {
	segmentFile
	disk *fullDisk
}

func (f *fileOnFullDisk) Write(b []byte) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	fits := min(len(b), f.disk.room)
	n, err := f.segmentFile.Write(b[:fits])
	f.disk.room -= n
	if err == nil && fits < len(b) {
		err = syscall.ENOSPC
	}
	return n, err
}

// logLines collects log lines.
type logLines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logLines) logger() zerolog.Logger { return zerolog.New(l) }

func (l *logLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// records returns the changes that were logged whole.
func (l *logLines) records() (all []queue.Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(l.text.Bytes()) {
		var one struct {
			Change *queue.Change
			Level  string
		}
		if json.Unmarshal(line, &one) == nil && one.Change != nil && one.Level == "error" {
			all = append(all, *one.Change)
		}
	}
	return all
}

// lines counts the lines that contain text.
func (l *logLines) lines(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.text.Bytes(), []byte(text))
}
