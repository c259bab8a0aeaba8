package app

import (
	"os"
	"runtime"
)

// ballast is memory that nobody touches, so that it is never resident, but that counts as in use
// for Go's collector: with a heap of some 15 MiB it runs a quarter as often, and each of its runs
// is felt in the latencies of that moment. A heap of 10,000 waiting calls is ten times as large,
// and hardly notices.
const ballast = 40 << 20

// CarryBallast keeps it until the returned function is called.
func CarryBallast() (drop func()) {
	weight := make([]byte, ballast)
	return func() { runtime.KeepAlive(weight) }
}

// SpareProcessor lets Go use a processor more than the machine has, unless the environment says how
// many. The journal's fsync holds one of them for as long as it lasts, often more than a
// millisecond of every ten, until Go's monitor notices; and on a machine that FreeSWITCH and
// PostgreSQL share, a thread that is not given a core holds another. A hang-up that came then would
// wait. A container's limit counts as it is at the start.
func SpareProcessor() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}
