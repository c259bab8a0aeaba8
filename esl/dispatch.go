package esl

// read is the connection's only reader. It returns when the connection is over.
func (c *Connection) read(r *Reader) {
	defer close(c.gone)
	for {
		frame, err := r.ReadFrame()
		if err == nil {
			err = c.dispatch(frame)
		} else {
			err = readError(err)
		}
		if err != nil {
			c.end(err)
			if c.opt.OnEnd != nil {
				c.opt.OnEnd(c.Err())
			}
			return
		}
	}
}

// dispatch handles one frame. It returns an error if the connection cannot be used any more.
func (c *Connection) dispatch(frame *Event) error {
	switch frame.Raw("Content-Type") {
	case ContentReply, ContentAPI:
		c.answer(frame)
	case ContentEvent:
		event, err := ParseEvent(frame.Body())
		if err != nil {
			return err
		}
		return c.deliver(event)
	case ContentDisconnect:
		return c.deliver(frame)
	case ContentRejection:
		return ErrRejected
	default:
		c.skip(frame)
	}
	return nil
}

// answer gives a reply to the oldest command that has none yet.
func (c *Connection) answer(frame *Event) {
	c.mu.Lock()
	b, expected := c.slots.pop()
	c.replied()
	c.mu.Unlock()
	if !expected {
		c.skip(frame)
		return
	}
	if b == nil {
		return
	}
	b.replies = append(b.replies, Reply{frame})
	if b.missing--; b.missing == 0 {
		close(b.full)
	}
}

func (c *Connection) deliver(event *Event) error {
	if c.opt.OnEvent != nil {
		c.opt.OnEvent(event)
		return nil
	}
	if c.opt.OnArrival != nil && !c.opt.OnArrival(event) {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.events.len() >= c.opt.Limits.MaxQueue {
		return ErrOverflow
	}
	c.events.push(event)
	c.signal()
	return nil
}

func (c *Connection) skip(frame *Event) {
	if c.opt.OnSkip != nil {
		c.opt.OnSkip(frame)
	}
}
