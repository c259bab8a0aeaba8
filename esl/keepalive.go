package esl

import (
	"context"
	"fmt"
	"net"
	"time"
)

// If the host at the other end fails, or a firewall forgets a connection, neither end receives a
// packet about it. The kernel finds out with probes on an idle connection, and by data that stays
// unacknowledged.
const (
	idleBeforeProbe = 10 * time.Second
	probeEvery      = 5 * time.Second
	probes          = 2
	unacknowledged  = 20 * time.Second // on Linux; other systems have their own limit
)

var keepAlive = net.KeepAliveConfig{Enable: true, Idle: idleBeforeProbe, Interval: probeEvery, Count: probes}

// Listen listens on a TCP address. Its connections end within 20 s after their peer has vanished.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	config := net.ListenConfig{KeepAliveConfig: keepAlive, Control: limitUnacknowledged}
	ln, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("esl: %w", err)
	}
	return ln, nil
}
