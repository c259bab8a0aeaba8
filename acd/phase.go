package acd

// Phase is what a call is doing. The lists, the log and the metrics show these words.
type Phase string

// The phases of a call.
const (
	PhaseGreet  Phase = "greet"  // hears the welcome
	PhaseWait   Phase = "wait"   // waits for an agent
	PhaseRing   Phase = "ring"   // waits while an agent's phone rings
	PhaseTalk   Phase = "talk"   // talks to an agent
	PhaseRefuse Phase = "refuse" // hears the blacklist prompt
	PhaseLeave  Phase = "leave"  // is over: handed back, transferred or hung up

	noPhase Phase = "" // before the first phase, and after the last
)

// Phases are all phases, in the order in which they are shown.
var Phases = [...]Phase{PhaseGreet, PhaseWait, PhaseRing, PhaseTalk, PhaseRefuse, PhaseLeave}
