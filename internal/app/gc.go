package app

import (
	"os"
	"runtime"
)

// ballast is memory that is never touched, so it is never resident, but Go's collector counts it as
// in use. With a heap of some 15 MiB, the collector then runs a quarter as often, and each of its
// runs costs latency. A heap with 10,000 waiting calls is ten times as large, so the ballast hardly
// matters there.
const ballast = 40 << 20

// CarryBallast allocates the ballast and keeps it until the returned function is called.
func CarryBallast() (drop func()) {
	weight := make([]byte, ballast)
	return func() { runtime.KeepAlive(weight) }
}

// SpareProcessor lets Go use one processor more than the machine has, unless the environment sets
// GOMAXPROCS. An fsync of the journal occupies a processor until Go's monitor notices, often for
// more than a millisecond of every ten. On a machine that FreeSWITCH and PostgreSQL share, a thread
// without a core occupies another. A hang-up that arrived then would have to wait. The limit of a
// container is read once, at the start.
func SpareProcessor() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}
