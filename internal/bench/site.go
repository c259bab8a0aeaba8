package bench

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// site is the surroundings of a run: a folder, a database of its own, the generator's switch and
// the server.
type site struct {
	mark     string // of this run: begins the uuids of its channels
	dir      string
	database *database
	sw       *Switch
	server   *server
	boot     time.Duration // of the server, with all agents in its database

	stopLinks context.CancelFunc
	links     sync.WaitGroup
}

// build makes the site: the server runs, its agents are there, and its link to the switch is up.
func build(ctx context.Context, o Options) (_ *site, err error) {
	if err := supported(); err != nil {
		return nil, err
	}
	var word [4]byte
	rand.Read(word[:]) // never fails
	s := &site{mark: hex.EncodeToString(word[:])}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.tearDown())
		}
	}()
	if s.dir, err = os.MkdirTemp("", "nwayacd-bench-"); err != nil {
		return nil, err
	}
	data := filepath.Join(s.dir, "data")
	if s.database, err = newDatabase(ctx, o.DSN, s.mark, filepath.Join(data, "nwayacd.db")); err != nil {
		return nil, err
	}
	s.sw = newSwitch(o.Load, s.mark)
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	links, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stopLinks = stop
	s.links.Go(func() { s.sw.serveLinks(links, ln) }) // ends with tearDown
	if s.server, err = newServer(o, s.dir, s.database.dsn, ln.Addr().String()); err != nil {
		return nil, err
	}
	s.sw.socket = s.server.Socket
	return s, s.open(ctx, o)
}

// open seeds the server, and then starts it once more. So the process that is measured is fresh,
// and its start with all agents is a figure.
func (s *site) open(ctx context.Context, o Options) error {
	o.say("seeding %d agents in %d groups", o.Agents, o.Groups)
	if _, err := s.server.start(ctx); err != nil {
		return err
	}
	if err := s.awaitLink(ctx); err != nil {
		return err
	}
	if err := s.seed(ctx, o.Load); err != nil {
		return err
	}
	if err := s.server.stop(); err != nil {
		return err
	}
	var err error
	if s.boot, err = s.server.start(ctx); err != nil {
		return err
	}
	return s.awaitLink(ctx)
}

// awaitLink returns when the server is linked to the switch and has read the contacts of its
// phones.
func (s *site) awaitLink(ctx context.Context) error {
	select {
	case <-s.sw.linked:
		return nil
	case <-time.After(bootLimit):
		return errors.New("bench: the server does not link to the switch")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// seed makes groups and agents by the server's own commands. It logs in the agents if the scenario
// begins with them.
func (s *site) seed(ctx context.Context, load Load) error {
	commands, err := s.server.commander(ctx)
	if err != nil {
		return err
	}
	defer commands.close()
	err = commands.each(ctx, load.Groups, func(i int) error {
		return commands.do(ctx, "nway_add_group "+groupNumber(i)+" "+cyclic)
	})
	if err != nil {
		return err
	}
	err = commands.each(ctx, load.Agents, func(i int) error {
		if err := commands.do(ctx, "nway_add_ext "+extension(i)+" bench"); err != nil || load.Scenario == Drain {
			return err
		}
		return commands.do(ctx, loginLine(i, load.Groups))
	})
	if err != nil || s.server.access.trusted == nil {
		return err
	}
	return s.server.access.takeToken(ctx, commands)
}

// cyclic is the mode of all groups. It is the most expensive of those without a memory.
const cyclic = "2"

func loginLine(agent, groups int) string {
	return "nway_login " + extension(agent) + " " + groupNumber(agent%groups)
}

// tearDown ends what is left of the site.
func (s *site) tearDown() (err error) {
	if s.server != nil {
		err = s.server.stop()
	}
	if s.stopLinks != nil {
		s.stopLinks()
		s.links.Wait()
	}
	if s.database != nil {
		err = errors.Join(err, s.database.drop())
	}
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	if err != nil {
		return fmt.Errorf("bench: clearing up: %w", err)
	}
	return nil
}
