package main

import (
	"context"
	"hash/fnv"
	"sync"
	"time"

	"nwayacd/esl"
)

// consoles is how many connections to the command port there are.
const consoles = 8

// console is a connection to the command port that is made anew whenever it is lost.
type console struct {
	address string
	mu      sync.Mutex
	conn    *esl.Connection
}

// console is one of the connections, the same for the same user.
func (s *soak) console(of string) *console {
	h := fnv.New32a()
	h.Write([]byte(of))
	return s.consoles[h.Sum32()%consoles]
}

// patience is how long a command may take: a journal on a busy disk, a server that stands still.
const patience = 10 * time.Second

// do runs a command and returns its reply; an error says that nobody knows whether it was done.
func (c *console) do(ctx context.Context, command string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	conn, err := c.connected(ctx)
	if err != nil {
		return "", err
	}
	replies, err := conn.Do(ctx, esl.API(command))
	if err != nil {
		c.drop(conn)
		return "", err
	}
	return replies[0].Text(), nil
}

func (c *console) connected(ctx context.Context) (*esl.Connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil && c.conn.Err() == nil {
		return c.conn, nil
	}
	conn, err := esl.Dial(ctx, c.address, password, esl.Options{OnEvent: func(*esl.Event) {}})
	c.conn = conn
	return conn, err
}

func (c *console) drop(conn *esl.Connection) {
	conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == conn {
		c.conn = nil
	}
}

func (c *console) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.conn.Close()
	}
}
