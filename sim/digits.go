package sim

import "nwayacd/esl"

// press is one digit that arrives on the channel.
func (c *channel) press(digit byte) {
	c.mu.Lock()
	c.digits = append(c.digits, digit)
	if c.digitSignal != nil {
		close(c.digitSignal)
		c.digitSignal = nil
	}
	c.mu.Unlock()
	c.fire("DTMF",
		esl.Header{Name: "DTMF-Digit", Value: string(digit)},
		esl.Header{Name: "DTMF-Duration", Value: "2000"},
		esl.Header{Name: "DTMF-Source", Value: "RTP"})
}

func (c *channel) pressed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.digits)
}

func (c *channel) takeDigit() (byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.digits) == 0 {
		return 0, false
	}
	d := c.digits[0]
	c.digits = c.digits[1:]
	return d, true
}

// digitCame returns a channel that is closed as soon as there is a digit.
func (c *channel) digitCame() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.digits) > 0 {
		came := make(chan struct{})
		close(came)
		return came
	}
	if c.digitSignal == nil {
		c.digitSignal = make(chan struct{})
	}
	return c.digitSignal
}
