package sp80090b

import "math"

const tupleCutoff = 35 // occurrences of the most frequent tuple of a length that counts

// tuples is sections 6.3.5 and 6.3.6, for tuples that are frequent (t-tuple) and tuples that are rare but repeated (LRS).
func tuples(t *text) []outcome {
	most, pairs := repeats(t)
	n, longest := len(t.s), len(most)-1
	length := 1 // of the shortest tuples that are rare: u in the standard
	for length <= longest && most[length] >= tupleCutoff {
		length++
	}
	frequent := outcome{math.NaN(), "no symbol occurs 35 times"}
	if length > 1 {
		frequent = outcome{h: perSymbol(n, 1, length-1, func(w int) float64 {
			return float64(most[w]) / float64(n-w+1)
		})}
	}
	repeated := outcome{math.NaN(), "no string that occurs fewer than 35 times is repeated"}
	if length <= longest {
		repeated = outcome{h: perSymbol(n, length, longest, func(w int) float64 {
			windows := float64(n - w + 1)
			return float64(pairs[w]) / (windows * (windows - 1) / 2)
		})}
	}
	return []outcome{frequent, repeated}
}

// perSymbol is the min-entropy for the largest of the probabilities p(w)^(1/w), w in [from, to].
func perSymbol(n, from, to int, p func(w int) float64) float64 {
	largest := math.Inf(-1)
	for w := from; w <= to; w++ {
		largest = max(largest, math.Log(p(w))/float64(w))
	}
	return information(upperBound(math.Exp(largest), n))
}

// repeats counts tuples for each length w from 1 to that of the longest repeated one: how often the most frequent one occurs, and how many
// pairs of equal ones there are.
//
// In the suffix array, suffixes that begin with the same w symbols are neighbours. So each set of equal tuples is a largest interval
// in which neighbours share w symbols or more, and one interval stands for all lengths from the shared symbols down to those that it
// shares with what surrounds it. A stack of the open intervals meets each once.
func repeats(t *text) (most []int32, pairs []uint64) {
	n := len(t.s)
	sa := make([]int32, n)
	suffixArray(t.s, t.k, sa)
	shared := sharedPrefixes(t.s, sa)
	longest := int32(0)
	for _, l := range shared {
		longest = max(longest, l)
	}
	most, pairs = make([]int32, longest+1), make([]uint64, longest+1)
	type interval struct{ shared, from int32 }
	open := []interval{{0, 0}}
	for i := 1; i <= n; i++ {
		l := int32(0)
		if i < n {
			l = shared[sa[i]]
		}
		from := int32(i - 1)
		for top := open[len(open)-1]; top.shared > l; top = open[len(open)-1] {
			open = open[:len(open)-1]
			count := int32(i) - top.from
			outside := max(l, open[len(open)-1].shared)
			most[top.shared] = max(most[top.shared], count)
			equal := uint64(count) * uint64(count-1) / 2
			pairs[top.shared] += equal
			pairs[outside] -= equal // modulo 2⁶⁴: the sums below are right
			from = top.from
		}
		if l > open[len(open)-1].shared {
			open = append(open, interval{l, from})
		}
	}
	for w := longest - 1; w >= 1; w-- {
		most[w] = max(most[w], most[w+1])
		pairs[w] += pairs[w+1]
	}
	return most, pairs
}

// sharedPrefixes returns for each suffix how many symbols it shares with the one before it in the suffix array: Kärkkäinen, Manzini and Puglisi,
// "Permuted longest-common-prefix array" (2009). The suffix that starts a symbol later shares at most one less.
func sharedPrefixes(s []byte, sa []int32) []int32 {
	n := len(s)
	shared := make([]int32, n) // first the suffix before
	shared[sa[0]] = -1
	for i := 1; i < n; i++ {
		shared[sa[i]] = sa[i-1]
	}
	l := 0
	for i, before := range shared {
		if before < 0 {
			l = 0
			shared[i] = 0
			continue
		}
		j := int(before)
		for i+l < n && j+l < n && s[i+l] == s[j+l] {
			l++
		}
		shared[i] = int32(l)
		l = max(0, l-1)
	}
	return shared
}
