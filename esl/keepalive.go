package esl

import (
	"context"
	"fmt"
	"net"
	"time"
)

// When the host at the other end is gone, or a firewall has forgotten a connection, no end of it is
// told. The system finds out: by probes where nothing is said for a while, and where what was
// written stays without acknowledgement.
const (
	idleBeforeProbe = 10 * time.Second
	probeEvery      = 5 * time.Second
	probes          = 2
	unacknowledged  = 20 * time.Second // on Linux; elsewhere as long as the system thinks fit
)

var keepAlive = net.KeepAliveConfig{Enable: true, Idle: idleBeforeProbe, Interval: probeEvery, Count: probes}

// Listen listens on a TCP address whose connections end within 20 s when their peer is gone without
// a word.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	config := net.ListenConfig{KeepAliveConfig: keepAlive, Control: limitUnacknowledged}
	ln, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("esl: %w", err)
	}
	return ln, nil
}
