package testlab

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// The ports are below those that FreeSWITCH takes for media, and those that the system takes for
// outgoing connections.
const (
	firstPort  = 11000
	blockSize  = 50
	blockCount = 100
	mostBlocks = 20 // of one process
)

// ours are the ports of this process. Packages are tested by processes that run at the same time. A
// server listens some time after its port was found free, so each process has ports of its own. It
// listens at the first port of each of its blocks for as long as it lives.
var ours struct {
	sync.Mutex
	ports  []int // of its blocks, without the first of each
	next   int   // index of the port to give out next
	claims []net.Listener
}

// FreePorts returns TCP ports of the address that are free now, and that this process has not given
// out lately. No other process that uses this function gets them.
func FreePorts(ip string, n int) (free []int, err error) {
	ours.Lock()
	defer ours.Unlock()
	for tries := 0; len(free) < n && tries < mostBlocks*blockSize; tries++ {
		if ours.next == len(ours.ports) && !claimBlock() {
			ours.next = 0
		}
		if len(ours.ports) == 0 {
			break
		}
		port := ours.ports[ours.next]
		ours.next++
		if ln := listenAt(ip, port); ln != nil {
			ln.Close()
			free = append(free, port)
		}
	}
	if len(free) < n {
		return nil, fmt.Errorf("testlab: only %d free ports of %s", len(free), ip)
	}
	return free, nil
}

// claimBlock adds a block that no other process has. It returns false if this process has enough,
// or all are taken.
func claimBlock() bool {
	if len(ours.claims) == mostBlocks {
		return false
	}
	for _, block := range rand.Perm(blockCount) {
		first := firstPort + block*blockSize
		if claim := listenAt("127.0.0.1", first); claim != nil {
			ours.claims = append(ours.claims, claim)
			for port := first + 1; port < first+blockSize; port++ {
				ours.ports = append(ours.ports, port)
			}
			return true
		}
	}
	return false
}

// listenAt returns nil if the port is taken.
func listenAt(ip string, port int) net.Listener {
	ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", net.JoinHostPort(ip, strconv.Itoa(port)))
	if err != nil {
		return nil
	}
	return ln
}

// FreeAddresses returns addresses, host:port, with free ports of 127.0.0.1.
func FreeAddresses(n int) (free []string, err error) {
	ports, err := FreePorts("127.0.0.1", n)
	for _, port := range ports {
		free = append(free, fmt.Sprintf("127.0.0.1:%d", port))
	}
	return free, err
}
