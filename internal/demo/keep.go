package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"time"

	"nwayacd/agent"
	"nwayacd/conf"
	"nwayacd/internal/app"
	"nwayacd/queue"
	"nwayacd/sim"
)

// The people of a demo that goes on.
var (
	centre = []struct{ number, name string }{{"110", "Sales"}, {"120", "Support"}, {"130", "账单 Billing"}}
	staff  = []string{
		"Ann Lee", "王芳", "Omar Haddad", "李娜", "Sofia Rossi", "张伟", "Jonas Weber", "陈静",
		"Priya Nair", "刘洋", "Kofi Mensah", "赵磊", "Elena Popa", "孙悦", "Tom Baker", "周杰",
	}
	callers = []string{"", "", "Harbour Clinic", "李雷", "J. Novak", "韩梅梅", "Mill Street Bakery", "上海物流", "M. Okafor"}
	vips    = []string{"4420900001", "8621500002"}
)

// The rhythm of a demo that goes on.
const (
	rush       = 14               // callers at the start
	wave       = 4 * time.Minute  // from one rush to the next
	lull       = 10 * time.Second // how often a supervisor looks whether somebody goes on a pause
	wrapUp     = 6 * time.Second
	pausedMost = 4 // one agent of so many is paused at a time
)

// keep runs a small centre of three groups until ctx is done. Agents pause and wrap up. Callers
// come in waves and lose patience. It prints the address of the console first.
func (d *Demo) keep(ctx context.Context, dir string, out io.Writer) (err error) {
	sw := sim.New(sim.Options{Name: "demo", Seed: d.Seed, PlayTime: playTime})
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	server, over, err := d.start(serving, dir, sw, app.Options{Seed: d.Seed})
	defer over()
	defer cancel()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	c := &shift{Demo: d, server: server, sw: sw, chance: rand.New(rand.NewPCG(d.Seed, 1))}
	if err := c.open(ctx); err != nil {
		return err
	}
	if err := d.invite(ctx, server, out); err != nil {
		return err
	}
	c.run(ctx)
	return nil
}

// invite prints the address of the console, with a link that logs in once, and how to log in again.
func (d *Demo) invite(ctx context.Context, server *app.Daemon, out io.Writer) error {
	guest, err := server.Admit(ctx, "demo")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `
The floor in a browser:

    http://%[1]s/ui/enter#%[2]s

The link works once, within 10 minutes. Afterwards log in at http://%[1]s/ui/
as %[3]s with the password %[4]s
Ctrl-C ends the demo, and removes all of it.

`, server.HTTP, guest.Key, guest.Name, guest.Password)
	return err
}

// quicken makes the configuration one in which something happens: short wrap-ups and rings.
func quicken(c *conf.Config) {
	c.ACD.TypingAuto, c.ACD.RecoverAuto, c.ACD.Recover = true, true, wrapUp
}

// shift is the demo that goes on. It is for one goroutine.
type shift struct {
	*Demo
	server *app.Daemon
	sw     *sim.Switch
	chance *rand.Rand
	called int
	paused []string // extensions, the longest pause first
}

// open adds the groups and the agents, and logs the agents in.
func (c *shift) open(ctx context.Context) error {
	floor := c.server.Dispatcher()
	var names []queue.Change
	for _, g := range centre {
		if err := floor.AddGroup(ctx, g.number, queue.RememberCyclic); err != nil {
			return err
		}
		names = append(names, queue.Change{Group: &queue.GroupUpdate{Number: g.number, Name: &g.name}})
	}
	for i := range c.Agents {
		extension := extensionOf(i)
		c.sw.Agent(extension, sim.Behaviour{Do: sim.Answers, After: c.between(time.Second, 5*time.Second)})
		if err := floor.AddAgent(ctx, extension, "demo"); err != nil {
			return err
		}
		if err := floor.Login(ctx, extension, groupsOf(i)); err != nil {
			return err
		}
		names = append(names, queue.Change{Agent: &agent.Update{Extension: extension, Name: &staff[i%len(staff)]}})
	}
	for _, number := range vips {
		if _, err := floor.PutVIP(ctx, queue.VIP{Number: number}); err != nil {
			return err
		}
	}
	floor.Edit(func() []queue.Change { return names })
	return nil
}

// groupsOf returns the groups of the agent with that index: one, and for every third agent another
// one.
func groupsOf(i int) []string {
	groups := []string{centre[i%len(centre)].number}
	if i%3 == 0 {
		groups = append(groups, centre[(i/3+1)%len(centre)].number)
	}
	return groups
}

// run lets callers arrive and agents pause until ctx is done.
func (c *shift) run(ctx context.Context) {
	began := time.Now()
	next, look := time.NewTimer(0), time.NewTicker(lull)
	defer next.Stop()
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
			c.call()
			next.Reset(c.pause(time.Since(began)))
		case <-look.C:
			c.supervise(ctx)
		}
	}
}

// pause returns the time until the next caller. Callers come in waves, a little faster than the
// agents can serve them at the top.
func (c *shift) pause(passed time.Duration) time.Duration {
	if c.called < rush {
		return 150 * time.Millisecond
	}
	handling := c.talk() + wrapUp + 3*time.Second
	level := 0.95 + 0.35*math.Cos(2*math.Pi*float64(passed)/float64(wave))
	mean := float64(handling) / float64(c.Agents) / level
	return time.Duration(mean * c.chance.ExpFloat64())
}

// talk returns the length of a talk. The flag --talk gives the mean.
func (c *shift) talk() time.Duration {
	mean := c.Talk
	if mean == DefaultTalk {
		mean = keptTalk
	}
	return mean/3 + time.Duration(c.chance.Int64N(int64(mean)*4/3+1))
}

func (c *shift) between(least, most time.Duration) time.Duration {
	return least + time.Duration(c.chance.Int64N(int64(most-least)))
}

// call lets one caller call in.
func (c *shift) call() {
	c.called++
	number := fmt.Sprintf("139%08d", 10_000_000+c.chance.IntN(80_000_000))
	switch c.chance.IntN(14) {
	case 0:
		number = vips[c.chance.IntN(len(vips))]
	case 1:
		number = "" // withheld
	}
	group := centre[c.chance.IntN(len(centre))].number
	socket := "socket " + c.server.Socket.String() + "/nwayacd/" + group + " async full"
	c.sw.Call(sim.CallOptions{
		Number: number, Name: callers[c.chance.IntN(len(callers))], Dialled: group,
		Patience: c.between(20*time.Second, 100*time.Second), Talk: c.talk(),
		Dialplan: sim.Plan("set socket_resume=true", socket, "sleep 1000", socket, "hangup NORMAL_CLEARING"),
	})
}

// supervise sends an agent on a pause, or takes one back. Now and then a phone refuses calls.
func (c *shift) supervise(ctx context.Context) {
	floor := c.server.Dispatcher()
	extension := extensionOf(c.chance.IntN(c.Agents))
	switch {
	case len(c.paused) > c.Agents/pausedMost || len(c.paused) > 0 && c.chance.IntN(2) == 0:
		if floor.Ready(ctx, c.paused[0]) == nil {
			c.paused = c.paused[1:]
		}
	case c.Agents > 1 && floor.Busy(ctx, extension) == nil:
		c.paused = append(c.paused, extension)
	}
	phone := sim.Behaviour{Do: sim.Answers, After: c.between(time.Second, 5*time.Second)}
	if c.chance.IntN(6) == 0 {
		phone = sim.Behaviour{Do: sim.Refuses, After: 2 * time.Second}
	}
	c.sw.Agent(extensionOf(c.chance.IntN(c.Agents)), phone)
}
