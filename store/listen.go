package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/lib/pq"

	"nwayacd/internal/wait"
	"nwayacd/queue"
)

// channel is the channel on which the triggers notify.
const channel = "nwayacd"

// listenBackoff bounds lib/pq's pause between two tries to connect, because close may have to wait
// for that pause.
const listenBackoff = time.Second

// listener is the connection on which PostgreSQL reports edits. lib/pq reconnects it in a goroutine
// that ends with close.
type listener struct {
	*pq.Listener
	dialer    *pgDialer
	pingEvery time.Duration // an answer to the ping resets the dialer's limit, so a peer that vanished is noticed
	listening sync.WaitGroup
	listened  chan error    // the result of Listen, which has no context; nil before start
	failed    chan struct{} // a try to connect failed; one slot
	mu        sync.Mutex
	away      fault // why it is not connected
}

// newListener begins to connect, and goes on trying until close. start waits for it.
func newListener(o *Options) (*listener, error) {
	dsn, err := listenDSN(o.DSN)
	if err != nil {
		return nil, err
	}
	l := &listener{pingEvery: o.answerLimit / 2, failed: make(chan struct{}, 1)}
	l.dialer = &pgDialer{limit: l.pingEvery + o.answerLimit}
	l.Listener = pq.NewDialListener(l.dialer, dsn, wait.ShortestBackoff, listenBackoff, l.event)
	return l, nil
}

// start returns nil when the connection listens. It returns an error if a try to connect has
// failed, or if ctx ends. The listener goes on trying with a growing pause, so start can be called
// again, by one goroutine at a time.
func (l *listener) start(ctx context.Context) error {
	if l.listened == nil {
		l.listened = make(chan error, 1)
		l.listening.Go(func() { l.listened <- l.Listen(channel) }) // ends with close, if not before
	}
	for {
		select {
		case err := <-l.listened:
			l.listened = nil
			return listenError(err)
		case <-l.failed:
			if err := l.state().err; err != nil { // if it is nil, a later try has succeeded
				return listenError(err)
			}
		case <-ctx.Done():
			return listenError(errors.Join(context.Cause(ctx), l.state().err))
		}
	}
}

func listenError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("store: listen for edits: %w", err)
}

// probe pings the server regularly until ctx ends.
func (l *listener) probe(ctx context.Context) {
	defer context.AfterFunc(ctx, l.dialer.close)() // ends a ping that waits
	for wait.Pause(ctx, l.pingEvery, nil) {
		l.ping()
	}
}

// ping makes the server answer. The goroutine that reads the connection notices if it does not.
func (l *listener) ping() {
	// lib/pq panics if the answer is an error, as when an operator cancels the empty statement
	defer func() { recover() }()
	l.Ping()
}

// event notes that the connection came or went. lib/pq calls it.
func (l *listener) event(kind pq.ListenerEventType, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch kind {
	case pq.ListenerEventConnected, pq.ListenerEventReconnected:
		l.away = fault{}
	case pq.ListenerEventDisconnected, pq.ListenerEventConnectionAttemptFailed:
		if err == nil {
			err = errors.New("the connection closed")
		}
		l.away = l.away.after(fmt.Errorf("the connection for edits: %w", err))
		wait.Signal(l.failed)
	}
}

func (l *listener) state() fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.away
}

// close ends the connection and waits for lib/pq's goroutine. That may be sending a notification,
// so close drains the channel.
func (l *listener) close() error {
	l.dialer.close()
	err := l.Listener.Close()
	l.listening.Wait()
	for range l.Notify {
	}
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// notice is the payload of a trigger's notification (sql/postgres/0003_notify.sql).
type notice struct {
	Table   string            `json:"table"`
	Op      string            `json:"op"` // insert, update, delete, reload
	Key     map[string]string `json:"key"`
	Was     map[string]string `json:"was"`     // the key before the edit, if the edit changed it
	Columns []string          `json:"columns"` // names of the columns that changed
}

const (
	opInsert = "insert"
	opDelete = "delete"
	opReload = "reload"
)

// listen turns edits into changes until ctx ends.
func (s *Store) listen(ctx context.Context) {
	if s.notifyDown {
		if !s.listenWhenBack(ctx) {
			return
		}
		s.reload(ctx)
	}
	var pace pacer
	for {
		select {
		case <-ctx.Done():
			return
		case n := <-s.listener.Notify:
			notices, whole := s.gather(ctx, n, pace.next)
			switch {
			case whole:
				if !wait.Pause(ctx, time.Until(pace.nextReload), nil) {
					return
				}
				s.reload(ctx)
				pace.reloaded(time.Now())
			case len(notices) == 0: // all of them came from elsewhere
			case s.edited(ctx, notices) != nil:
				s.reload(ctx)
				pace.reloaded(time.Now())
			default:
				pace.read(time.Now())
			}
		}
	}
}

// listenFirst waits for the listening connection when the store is opened, before Load, so that no
// edit is missed between them. If the connection fails, notifyDown is set, and everything is read
// again when the connection is there.
func (s *Store) listenFirst(ctx context.Context) {
	err := s.listener.start(ctx)
	s.notifyDown = err != nil
	if s.notifyDown {
		s.log.Warn().Err(s.db.sanitized(err)).
			Msg("edits by other programs do not arrive yet: the connection for them failed; " +
				"it is tried again, and then everything is read")
	}
}

// listenWhenBack waits for a listening connection that failed when the store was opened. It returns
// false if ctx ended.
func (s *Store) listenWhenBack(ctx context.Context) bool {
	for backoff := (wait.Backoff{}); s.listener.start(ctx) != nil; {
		if !backoff.Sleep(ctx) { // a server may also refuse LISTEN itself, and at once
			return false
		}
	}
	s.log.Info().Msg("edits by other programs arrive from now on")
	return true
}

// edited reads the rows of notices again and calls OnEdit with what changed.
func (s *Store) edited(ctx context.Context, notices []notice) error {
	ctx, cancel := context.WithTimeout(ctx, batchLimit)
	defer cancel()
	applied := s.applied.Get() // read before the rows, so that everything up to it is in the rows
	changes, err := s.readEdits(ctx, notices)
	if err != nil {
		if ctx.Err() == nil {
			s.log.Warn().Err(s.db.sanitized(err)).Msg("edited rows cannot be read; everything is read instead")
		}
		return err
	}
	if len(changes) > 0 && s.onEdit != nil {
		s.onEdit(func() []queue.Change { return s.withoutOverwritten(changes, applied) })
	}
	wait.Signal(s.checkpointDue)
	return nil
}

// reload reads everything, as often as it must try, and calls OnReload.
func (s *Store) reload(ctx context.Context) {
	var backoff wait.Backoff
	for {
		snap, seen, err := s.load(ctx, s.reloadWrites.begin)
		if err == nil {
			wait.Signal(s.checkpointDue)
			if s.onReload != nil {
				s.onReload(func() queue.Snapshot { s.applyReloadWrites(&snap, seen); return snap })
			}
		}
		s.reloadWrites.end(seen)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			return
		}
		s.log.Warn().Err(err).Msg("reading everything again failed")
		if !backoff.Sleep(ctx) {
			return
		}
	}
}
