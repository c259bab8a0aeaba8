package testlab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync/atomic"
)

// The ports are below those that FreeSWITCH takes for media, and those that the system takes for
// outgoing connections.
const firstPort, portCount = 11000, 5000

var (
	portBase = rand.IntN(portCount) // separates processes that run at the same time
	lastPort atomic.Int64           // given out by this process
)

// FreePorts returns TCP ports of the address that are free now, and that this process has not given
// out lately.
func FreePorts(ip string, n int) (free []int, err error) {
	for tries := 0; len(free) < n && tries < portCount; tries++ {
		port := firstPort + (portBase+int(lastPort.Add(1)))%portCount
		address := net.JoinHostPort(ip, strconv.Itoa(port))
		if ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address); err == nil {
			ln.Close()
			free = append(free, port)
		}
	}
	if len(free) < n {
		return nil, fmt.Errorf("testlab: only %d free ports of %s", len(free), ip)
	}
	return free, nil
}

// FreeAddresses returns addresses, host:port, with free ports of 127.0.0.1.
func FreeAddresses(n int) (free []string, err error) {
	ports, err := FreePorts("127.0.0.1", n)
	for _, port := range ports {
		free = append(free, fmt.Sprintf("127.0.0.1:%d", port))
	}
	return free, err
}
