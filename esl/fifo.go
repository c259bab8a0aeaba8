package esl

// fifo is a queue that takes no memory while it is empty, apart from a small slice.
type fifo[T any] struct {
	items []T
	head  int
}

func (q *fifo[T]) len() int { return len(q.items) - q.head }

func (q *fifo[T]) push(item T) {
	if q.head > 0 && len(q.items) == cap(q.items) { // reuse the free space in front, so that it does not grow for ever
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	q.items = append(q.items, item)
}

func (q *fifo[T]) pop() (item T, ok bool) {
	if q.len() == 0 {
		return item, false
	}
	var zero T
	item, q.items[q.head] = q.items[q.head], zero
	q.head++
	if q.len() == 0 {
		q.head = 0
		if q.items = q.items[:0]; cap(q.items) > 64 {
			q.items = nil
		}
	}
	return item, true
}
