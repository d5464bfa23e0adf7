package pngstream

import "fmt"

// readAhead calls next in a goroutine and keeps a few of its results, so that two steps of decoding run at the same time. The bytes that
// ahead returns are valid until its next call; after an error it repeats that error. stop ends the goroutine and waits for it.
func readAhead(next func() ([]byte, error)) (ahead func() ([]byte, error), stop func()) {
	type result struct {
		b   []byte
		err error
	}
	const buffers = 4 // one with the caller, one with the goroutine, two in between
	full, free := make(chan result, buffers), make(chan []byte, buffers)
	for range buffers - 1 {
		free <- nil
	}
	done := make(chan struct{})
	guarded := func() (b []byte, err error) { // a panic here could not be recovered by the caller
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("damaged: %v", p)
			}
		}()
		return next()
	}
	go func() {
		defer close(done)
		for own := range free {
			b, err := guarded()
			full <- result{append(own[:0], b...), err} // which always has room
			if err != nil {
				return
			}
		}
	}()
	var now result
	ahead = func() ([]byte, error) {
		if now.err == nil {
			free <- now.b
			now = <-full
		}
		return now.b, now.err
	}
	return ahead, func() {
		close(free)
		for range free { // so that nothing more is read
		}
		<-done
	}
}
