package sp80090b

// suffixArray fills sa with the starts of the suffixes of t, in lexicographic order: the SA-IS algorithm of Nong, Zhang and Chan, "Two efficient
// algorithms for linear time suffix array construction" (2011). Symbols are below k. Besides sa it takes a byte a symbol.
//
// A suffix is small if it is before the one that starts a symbol later, and a small suffix after one that is not is a leftmost small
// one (LMS). The order of the LMS suffixes gives that of all others. It is found by sorting the substrings from one LMS start
// to the next, and, if some are equal, by sorting the suffixes of the string of their ranks.
func suffixArray[T byte | int32](t []T, k int, sa []int32) {
	n := len(t)
	if n == 0 {
		return
	}
	s := &sorter[T]{t: t, sa: sa, small: make([]bool, n), counts: make([]int32, k), at: make([]int32, k)}
	s.counts[t[n-1]]++
	for i := n - 2; i >= 0; i-- {
		s.counts[t[i]]++
		s.small[i] = t[i] < t[i+1] || t[i] == t[i+1] && s.small[i+1]
	}
	fill(sa)
	s.toEnds()
	for i := 1; i < n; i++ {
		if s.lms(int32(i)) {
			s.putLast(int32(i))
		}
	}
	s.induce()

	m := 0 // LMS suffixes, at sa[:m] in the order of their substrings
	for _, p := range sa {
		if s.lms(p) {
			sa[m] = p
			m++
		}
	}
	ranks, names := s.rank(m)
	if names < m {
		suffixArray(ranks, names, sa[:m])
	} else {
		for i, r := range ranks {
			sa[r] = int32(i)
		}
	}
	starts := ranks // of the LMS suffixes in the order of t, in the same place
	for i, j := 1, 0; i < n; i++ {
		if s.lms(int32(i)) {
			starts[j] = int32(i)
			j++
		}
	}
	for i, r := range sa[:m] {
		sa[i] = starts[r]
	}
	fill(sa[m:])
	s.toEnds()
	for i := m - 1; i >= 0; i-- {
		p := sa[i]
		sa[i] = -1
		s.putLast(p)
	}
	s.induce()
}

// sorter is one level of the recursion.
type sorter[T byte | int32] struct {
	t      []T
	sa     []int32
	small  []bool
	counts []int32 // of each symbol
	at     []int32 // next place in each symbol's bucket
}

func fill(sa []int32) {
	for i := range sa {
		sa[i] = -1
	}
}

func (s *sorter[T]) lms(p int32) bool { return p > 0 && s.small[p] && !s.small[p-1] }

// toStarts sets at to the starts of the buckets.
func (s *sorter[T]) toStarts() {
	sum := int32(0)
	for c, n := range s.counts {
		s.at[c] = sum
		sum += n
	}
}

// toEnds sets at to the ends of the buckets.
func (s *sorter[T]) toEnds() {
	sum := int32(0)
	for c, n := range s.counts {
		sum += n
		s.at[c] = sum
	}
}

func (s *sorter[T]) putLast(p int32) {
	c := s.t[p]
	s.at[c]--
	s.sa[s.at[c]] = p
}

// induce derives the order of all suffixes from that of the LMS ones, which stand at the ends of their buckets: first that of the suffixes
// that are not small, from the left, then that of the small ones, from the right.
func (s *sorter[T]) induce() {
	t, sa, small, at := s.t, s.sa, s.small, s.at
	s.toStarts()
	last := int32(len(t) - 1)
	sa[at[t[last]]] = last // the empty suffix, which is before all others, induces it
	at[t[last]]++
	for _, p := range sa {
		if p > 0 && !small[p-1] {
			c := t[p-1]
			sa[at[c]] = p - 1
			at[c]++
		}
	}
	s.toEnds()
	for i := len(sa) - 1; i >= 0; i-- {
		if p := sa[i]; p > 0 && small[p-1] {
			c := t[p-1]
			at[c]--
			sa[at[c]] = p - 1
		}
	}
}

// rank numbers the m sorted LMS substrings in sa[:m], equal ones alike, and returns the numbers in the order of t, at the end of sa.
func (s *sorter[T]) rank(m int) (ranks []int32, names int) {
	sa := s.sa
	fill(sa[m:])
	for i := range m {
		if i == 0 || !s.equal(sa[i-1], sa[i]) {
			names++
		}
		sa[m+int(sa[i])/2] = int32(names - 1) // no two LMS starts are neighbours
	}
	end := len(sa)
	for i := len(sa) - 1; i >= m; i-- {
		if sa[i] >= 0 {
			end--
			sa[end] = sa[i]
		}
	}
	return sa[end:], names
}

// equal compares two LMS substrings, each up to the start of the next. The last one ends with the text and equals no other.
func (s *sorter[T]) equal(a, b int32) bool {
	n := int32(len(s.t))
	for i := int32(0); ; i++ {
		if a+i == n || b+i == n || s.t[a+i] != s.t[b+i] || s.small[a+i] != s.small[b+i] {
			return false
		}
		if i > 0 && s.lms(a+i) {
			return true
		}
	}
}
