package main

import (
	"context"
	"hash/fnv"
	"time"

	"nwayacd/internal/testlab"
)

// consoles is the number of connections to the command port.
const consoles = 8

// console is a connection to the command port.
type console struct{ testlab.Client }

// console returns one of the connections, the same for the same user.
func (s *soak) console(of string) *console {
	h := fnv.New32a()
	h.Write([]byte(of))
	return s.consoles[h.Sum32()%consoles]
}

// patience is how long a command may take, because of a journal on a busy disk or a frozen server.
const patience = 10 * time.Second

// do runs a command and returns its reply. After an error it may or may not be done.
func (c *console) do(ctx context.Context, command string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	return c.Do(ctx, command)
}
