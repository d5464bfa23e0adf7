package attack

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"

	"keygan/cipher"
)

// TestBrent: on all small maps of one kind and on random ones, tail and cycle are those that a table of what was seen gives.
func TestBrent(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for n := 1; n < 60; n++ {
		table := make([]int, n)
		for i := range table {
			table[i] = random.IntN(n)
		}
		next := func(x int) int { return table[x] }
		for start := range n {
			seen, x, i := map[int]int{}, start, 0
			for ; ; i++ {
				if _, there := seen[x]; there {
					break
				}
				seen[x] = i
				x = next(x)
			}
			tail, length, ok := brent(start, next, 0)
			if !ok || tail != seen[x] || length != i-seen[x] {
				t.Fatalf("map %v from %d: tail %d, cycle %d, want %d, %d", table, start, tail, length, seen[x], i-seen[x])
			}
			if _, _, ok := brent(start, next, 5*(tail+length)); !ok {
				t.Errorf("map %v from %d: not found in five times tail and cycle, %d", table, start, tail+length)
			}
		}
	}
	if _, _, ok := brent(0, func(x int) int { return x + 1 }, 1000); ok {
		t.Error("counting comes back")
	}
}

// TestOrbits: at r = 3.99 the stream ends in a cycle of 6,623,920 values in float64, whatever the key nearly; and the cycle that was
// measured is one, with the tail before it.
func TestOrbits(t *testing.T) {
	next := func(x float64) float64 { return cipher.LogisticNext(x, 3.99) }
	x := 0.3
	tail, length, ok := brent(x, next, 0)
	if !ok || length != 6_623_920 {
		t.Errorf("a cycle of %d", length)
	}
	after := func(n int) float64 {
		y := x
		for range n {
			y = next(y)
		}
		return y
	}
	start := after(tail)
	for x = start; length > 0; length-- {
		if x = next(x); x == start {
			break
		}
	}
	if length != 1 {
		t.Errorf("back %d values too early, or not at all", length-1)
	}
	o := orbit{tail: 10, length: 5, followed: true}
	if o.repeatsWithin(15) || !o.repeatsWithin(16) || (orbit{}).repeatsWithin(16) {
		t.Error("a tail of 10 and a cycle of 5 repeat in the sixteenth value")
	}
}

var studied = flag.Int("cycles", 0, "follow so many keys of the logistic map to their cycles, for the table in docs/evaluation.md")

// TestCyclesStudy makes the table of cycles in docs/evaluation.md: go test ./evaluate/attack -run CyclesStudy -cycles 150 -v -timeout 0
func TestCyclesStudy(t *testing.T) {
	if *studied == 0 {
		t.Skip("takes minutes; -cycles 150 makes the table")
	}
	logistic, err := cipher.ByName("logistic")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []float64{3.99, 3.999, 4, 0} {
		all := orbits(logistic, rand.New(rand.NewPCG(1, uint64(1000*r))), *studied, r, 0)
		lengths, counts := []int{}, map[int]int{}
		for _, o := range all {
			lengths = append(lengths, o.length)
			counts[o.length]++
		}
		slices.Sort(lengths)
		common := slices.MaxFunc(lengths, func(a, b int) int { return counts[a] - counts[b] })
		t.Logf("| %v | %d | %d to %d | %d | %d (%d keys) | %d | %d |", r, len(counts), lengths[0], lengths[len(lengths)-1],
			lengths[len(lengths)/2], common, counts[common], repeating(all, 256*256*3), repeating(all, 4020*4892))
	}
}
