package testlab

import (
	"context"
	"sync"

	"nwayacd/esl"
)

// Client sends commands on a connection to the command port. It connects at the first command, and
// again at the next one if the connection is lost. Its methods may be called at the same time.
type Client struct {
	Address, Password string

	mu   sync.Mutex
	conn *esl.Connection
}

// Do sends a command and returns its reply. After an error the command may or may not have been
// carried out.
func (c *Client) Do(ctx context.Context, command string) (reply string, err error) {
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

func (c *Client) connected(ctx context.Context) (*esl.Connection, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil && c.conn.Err() == nil {
		return c.conn, nil
	}
	conn, err := esl.Dial(ctx, c.Address, c.Password, esl.Options{OnEvent: func(*esl.Event) {}})
	c.conn = conn
	return conn, err
}

func (c *Client) drop(conn *esl.Connection) {
	conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == conn {
		c.conn = nil
	}
}

// Close closes the connection. The next command makes another.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}
