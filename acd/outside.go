package acd

import (
	"sync"
	"time"
)

// outside counts the calls that agents have outside the ACD, over all links. What it knows is told to the dispatcher as it changes.
type outside struct {
	dispatcher *Dispatcher

	mu       sync.Mutex
	channels map[channelKey]string // the extension whose channel it is
	calls    map[string]int        // by extension
}

type channelKey struct {
	link *link
	uuid string
}

func newOutside(d *Dispatcher) *outside {
	return &outside{dispatcher: d, channels: map[channelKey]string{}, calls: map[string]int{}}
}

func (o *outside) note(l *link, uuid, extension string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := channelKey{l, uuid}
	if _, known := o.channels[key]; !known {
		o.channels[key] = extension
		o.count(extension, 1)
	}
}

func (o *outside) forget(l *link, uuid string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := channelKey{l, uuid}
	if extension, known := o.channels[key]; known {
		delete(o.channels, key)
		o.count(extension, -1)
	}
}

// retain forgets the channels of a switch that are not among those: they ended while it was not linked.
func (o *outside) retain(l *link, there map[string]bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for key, extension := range o.channels {
		if key.link == l && !there[key.uuid] {
			delete(o.channels, key)
			o.count(extension, -1)
		}
	}
}

// at lists the channels noted at a switch.
func (o *outside) at(l *link) (uuids []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for key := range o.channels {
		if key.link == l {
			uuids = append(uuids, key.uuid)
		}
	}
	return uuids
}

func (o *outside) count(extension string, by int) {
	o.calls[extension] += by
	calls := o.calls[extension]
	if calls == 0 {
		delete(o.calls, extension)
	}
	o.dispatcher.do(func(now time.Time) { o.dispatcher.floor.SetOutside(extension, calls, now) })
}
