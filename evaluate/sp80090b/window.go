package sp80090b

// windows are the lengths of what the predictors of multiMCW look back on, in symbols.
var windows = [...]int{63, 255, 1023, 4095}

// multiMCW is section 6.3.7: each predictor expects the most common symbol of a window, the last seen of several.
func multiMCW(t *text) float64 {
	b := &board{scores: make([]int, len(windows))}
	var all [len(windows)]window
	for j, length := range windows {
		all[j] = window{length: length, counts: make([]int, t.k), seen: make([]int, t.k)}
	}
	for i, c := range t.s {
		if i >= windows[0] {
			b.counted(all[b.leader].common == c)
			for j := range all {
				if w := &all[j]; i >= w.length && w.common == c {
					b.scored(j)
				}
			}
		}
		for j := range all {
			all[j].slide(t.s, i)
		}
	}
	return b.minEntropy(len(t.s)-windows[0], t.k)
}

// window is the symbols before a position.
type window struct {
	length int
	counts []int // of each symbol
	seen   []int // where each symbol was seen last
	common byte  // the symbol with the largest count, the last seen of several
}

// slide takes symbol i into the window, and the first out of it if it is full.
func (w *window) slide(s []byte, i int) {
	c := s[i]
	w.counts[c]++
	w.seen[c] = i
	if i >= w.length {
		gone := s[i-w.length]
		w.counts[gone]--
		if gone == w.common && gone != c {
			for d := range w.counts {
				w.prefer(byte(d))
			}
			return
		}
	}
	w.prefer(c)
}

// prefer makes d the common symbol if it is more frequent, or as frequent and seen later.
func (w *window) prefer(d byte) {
	have, want := w.counts[d], w.counts[w.common]
	if have > want || have == want && w.seen[d] > w.seen[w.common] {
		w.common = d
	}
}
