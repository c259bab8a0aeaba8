package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/lib/pq"

	"nwayacd/queue"
)

// channel is what the triggers notify on.
const channel = "nwayacd"

// listenBackoff bounds lib/pq's pause between two tries to connect: close may have to wait for its end.
const listenBackoff = time.Second

// listener is the connection on which PostgreSQL tells of edits. lib/pq keeps it connected; its goroutine ends with close.
type listener struct {
	*pq.Listener
	dialer    *pgDialer
	pingEvery time.Duration // only so is a peer noticed that went without a sign: the wire's limit of silence does the rest
	listening sync.WaitGroup
	listened  chan error    // what became of Listen, which has no context; nil before start
	failed    chan struct{} // a try to connect came to nothing; one slot
	mu        sync.Mutex
	away      fault // why it is not connected
}

// newListener begins to connect, and goes on trying until close; start waits for it.
func newListener(o *Options) (*listener, error) {
	dsn, err := listenDSN(o.DSN)
	if err != nil {
		return nil, err
	}
	l := &listener{pingEvery: o.answerLimit / 2, failed: make(chan struct{}, 1)}
	l.dialer = &pgDialer{limit: l.pingEvery + o.answerLimit}
	l.Listener = pq.NewDialListener(l.dialer, dsn, shortestBackoff, listenBackoff, l.event)
	return l, nil
}

// start returns when the connection listens; else why it does not yet, when a try to connect has failed or ctx ends. lib/pq goes on trying, with
// a growing pause, so start can be called again; by one goroutine at a time.
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
			if err := l.state().err; err != nil { // else a later try did not fail
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

// probe asks the server for a word from time to time, until ctx ends.
func (l *listener) probe(ctx context.Context) {
	defer context.AfterFunc(ctx, l.dialer.close)() // frees a ping
	for pause(ctx, l.pingEvery, nil) {
		l.ping()
	}
}

// ping makes the server answer. Whether it did is the business of the reader of the connection.
func (l *listener) ping() {
	defer func() { recover() }() // lib/pq panics where the answer is an error, as when somebody cancels the empty statement
	l.Ping()
}

// event is called by lib/pq when the connection comes or goes.
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
		l.away = l.away.after(fmt.Errorf("the connection that hears of edits: %w", err))
		signal(l.failed)
	}
}

func (l *listener) state() fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.away
}

// close ends the connection and waits for lib/pq's goroutine, which may be at a notification that nobody takes any more.
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

// notice is what a trigger tells: sql/postgres/0003_notify.sql.
type notice struct {
	Table   string            `json:"table"`
	Op      string            `json:"op"` // insert, update, delete, reload
	Key     map[string]string `json:"key"`
	Was     map[string]string `json:"was"`     // the key before the edit, if the edit changed it
	Columns []string          `json:"columns"` // that changed
}

const (
	opInsert = "insert"
	opDelete = "delete"
	opReload = "reload"
)

// noticeLimit bounds how many edits are read again with one set of queries.
const noticeLimit = 1000

// listen turns edits into changes until ctx ends.
func (s *Store) listen(ctx context.Context) {
	if s.notifyDown {
		if !s.listenWhenBack(ctx) {
			return
		}
		s.reload(ctx)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case n := <-s.listener.Notify:
			notices, whole := s.gather(n)
			if !whole && s.edited(ctx, notices) == nil {
				continue
			}
			s.reload(ctx)
		}
	}
}

// listenFirst waits for the listening connection when the store is opened, before anybody loads, so that no edit falls between. Without it the store
// begins deaf, and reads everything again when it is there.
func (s *Store) listenFirst(ctx context.Context) {
	err := s.listener.start(ctx)
	s.notifyDown = err != nil
	if s.notifyDown {
		s.log.Warn().Err(s.db.sanitized(err)).
			Msg("edits by other programs are not heard yet: the connection for them cannot be made; it is tried again, and everything read when it is there")
	}
}

// listenLate waits for a listening connection that was not there when the store was opened; false: ctx ended.
func (s *Store) listenWhenBack(ctx context.Context) bool {
	for wait := (backoff{}); s.listener.start(ctx) != nil; {
		if !wait.sleep(ctx) { // a server may also refuse LISTEN itself, at once
			return false
		}
	}
	s.log.Info().Msg("edits by other programs are heard from now on")
	return true
}

// gather takes n and what has come behind it; whole: only reading everything will tell.
func (s *Store) gather(n *pq.Notification) (notices []notice, whole bool) {
	for {
		one, ok := s.parse(n)
		whole = whole || !ok
		notices = append(notices, one)
		if len(notices) == noticeLimit {
			return notices, whole
		}
		select {
		case n = <-s.listener.Notify:
		default:
			return notices, whole
		}
	}
}

// parse reads one notification; lib/pq hands out nil when it has connected again and may have missed some.
func (s *Store) parse(n *pq.Notification) (one notice, ok bool) {
	if n == nil {
		return one, false
	}
	if err := json.Unmarshal([]byte(n.Extra), &one); err != nil {
		s.log.Warn().Err(err).Str("payload", n.Extra).Msg("a notification that is none of our triggers'")
		return one, true // its table is "", which nothing comes of
	}
	return one, one.Op != opReload
}

// edited reads the rows of notices again and hands out what changed.
func (s *Store) edited(ctx context.Context, notices []notice) error {
	ctx, cancel := context.WithTimeout(ctx, batchLimit)
	defer cancel()
	applied := s.applied.get() // before the rows are read: what is applied then is in them
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
	signal(s.checkpointDue)
	return nil
}

// reload reads everything, however often it must try, and hands it out.
func (s *Store) reload(ctx context.Context) {
	var wait backoff
	for {
		snap, seen, err := s.load(ctx, s.reloadWrites.begin)
		if err == nil {
			signal(s.checkpointDue)
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
		if !wait.sleep(ctx) {
			return
		}
	}
}
