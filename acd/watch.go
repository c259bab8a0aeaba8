package acd

import "nwayacd/queue"

// Watch makes the floor note what changes, for one reader. The channel has a token if something
// has changed since the last Changed. The first Changed returns all rows.
func (d *Dispatcher) Watch() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watched = make(chan struct{}, 1)
	d.floor.Watch()
	signalOne(d.watched)
	return d.watched
}

// Changed returns what has changed on the floor since the last Changed. It calls also while the
// floor is locked, so that no record can come between the two. Nothing that also does may wait.
func (d *Dispatcher) Changed(also func()) queue.Changed {
	d.mu.Lock()
	defer d.mu.Unlock()
	changed := d.floor.TakeChanged()
	also()
	return changed
}

// ringWatch wakes the reader of Watch if something has changed.
func (d *Dispatcher) ringWatch() {
	if d.watched != nil && d.floor.HasChanged() {
		signalOne(d.watched)
	}
}
