package main

import (
	"context"
	"hash/fnv"
	"time"

	"nwayacd/internal/testlab"
)

// consoles is how many connections to the command port there are.
const consoles = 8

// console is a connection to the command port.
type console struct{ testlab.Client }

// console is one of the connections, the same for the same user.
func (s *soak) console(of string) *console {
	h := fnv.New32a()
	h.Write([]byte(of))
	return s.consoles[h.Sum32()%consoles]
}

// patience is how long a command may take: a journal on a busy disk, a server that stands still.
const patience = 10 * time.Second

// do runs a command and returns its reply; after an error it may be done or not.
func (c *console) do(ctx context.Context, command string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	return c.Do(ctx, command)
}
