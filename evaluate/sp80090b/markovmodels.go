package sp80090b

const (
	orders    = 16      // of the Markov models, and the longest string in lz78y's dictionary
	mostPairs = 100_000 // pairs of context and symbol in a model
	mostKeys  = 1 << 16 // strings in lz78y's dictionary
)

// multiMMC is section 6.3.9: predictor d expects the symbol that most often came after the last d symbols.
//
// Two things are as in NIST's program and not in the text. If the leader has not met its context yet and says nothing, a run of right predictions goes
// on. And a model is not asked if one of a lower order has not met its context; as shorter contexts are met first, this matters only
// for the last few pairs that a model has room for.
func multiMMC(t *text) float64 {
	predict := multiMMCSymbols
	if t.k == 2 {
		predict = multiMMCBits
	}
	return predict(t.s).minEntropy(len(t.s)-2, t.k)
}

func multiMMCSymbols(s []byte) *board {
	b := &board{scores: make([]int, orders)}
	tree := newContexts()
	var pairs [orders + 1]int
	for i := 1; i < len(s); i++ {
		c, leader := s[i], b.leader
		node, longest, d := int32(0), min(orders, i), 1
		for ; d <= longest; d++ { // the contexts that were met
			child := tree.child(node, s[i-d])
			if child == 0 {
				break
			}
			node = child
			tree.unfold(s, node, d)
			right := tree.best[node].symbol == c
			if right {
				b.scored(d - 1)
			}
			if leader == d-1 {
				b.counted(right)
			}
			if tree.count(node, c, pairs[d] < mostPairs) {
				pairs[d]++
			}
		}
		known, until := d-1, d-1
		for ; d <= longest; d++ { // those that were not
			if pairs[d] < mostPairs {
				pairs[d]++
				if until == d-1 { // otherwise it will never be met, because a shorter one will not
					until = d
				}
			}
		}
		if until > known {
			tree.fold(tree.grow(node, s[i-known-1]), i, until, c)
		}
	}
	return b
}

// lz78y is section 6.3.10: of the last 16 symbols and fewer, those that are in the dictionary predict the symbol that most often came after
// them, and the largest count decides, the longest context among equals. The dictionary fills up and then keeps its strings, but goes on to count.
func lz78y(t *text) float64 {
	predict := lz78ySymbols
	if t.k == 2 {
		predict = lz78yBits
	}
	return predict(t.s).minEntropy(len(t.s)-orders-1, t.k)
}

func lz78ySymbols(s []byte) *board {
	b := &board{}
	tree := newContexts()
	room := mostKeys
	var path [orders + 1]int32 // the contexts, by length
	for i := orders; i < len(s); i++ {
		c, known := s[i], 0
		for known < orders {
			child := tree.child(path[known], s[i-known-1])
			if child == 0 {
				break
			}
			known++
			path[known] = child
		}
		if i > orders {
			var best favourite
			for _, node := range path[1 : known+1] {
				if f := tree.best[node]; f.count >= best.count {
					best = f
				}
			}
			b.counted(best.count > 0 && best.symbol == c)
		}
		if room > 0 {
			for d := known; d < orders; d++ {
				path[d+1] = tree.grow(path[d], s[i-d-1])
			}
			for d := orders; d > known && room > 0; d-- { // the longest first
				tree.count(path[d], c, true)
				room--
			}
		}
		for _, node := range path[1 : known+1] {
			if tree.best[node].count > 0 {
				tree.count(node, c, true)
			}
		}
	}
	return b
}
