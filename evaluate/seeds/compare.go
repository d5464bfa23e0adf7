package seeds

import (
	"cmp"
	"slices"
)

// Comparison is an exact two-sided Mann-Whitney test of two groups of values, such as those of two systems over seeds.
type Comparison struct {
	P      float64 `json:"p"`
	LeastP float64 `json:"least_p"` // that groups of this size can give: no smaller p is possible, whatever the values
	// Above is the share of pairs in which the value of the first group is the greater one; ties count half.
	Above float64 `json:"above"`
}

// Compare tests whether the values of one group tend to be greater than those of another. p is the probability, over all ways to deal the
// values to two groups of these sizes, of a rank sum at least as far from its mean. Ties have the mean of their ranks.
func Compare(a, b []float64) Comparison {
	ranks, n := doubledRanks(slices.Concat(a, b)), len(a)
	sum := 0
	for _, r := range ranks[:n] {
		sum += r
	}
	middle := n * (len(ranks) + 1) // the mean of doubled rank sums
	far := func(s int) int { return max(s-middle, middle-s) }
	ways, total := rankSums(ranks, n), 0.0
	var c Comparison
	for s, w := range ways {
		total += w
		if far(s) >= far(sum) {
			c.P += w
		}
	}
	c.P /= total
	c.LeastP = 1
	if len(a) > 0 && len(b) > 0 {
		c.LeastP = 2 / total
		// U, the number of pairs in which a is above, from the rank sum: U = R − n(n+1)/2.
		c.Above = (float64(sum)/2 - float64(n*(n+1))/2) / float64(n*len(b))
	}
	return c
}

// doubledRanks are the ranks of values, from 1 on, times two, so that the mean rank of ties is a whole number.
func doubledRanks(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(values[i], values[j]) })
	ranks := make([]int, len(values))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && values[order[to]] == values[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = from + 1 + to
		}
		from = to
	}
	return ranks
}

// rankSums counts, for each sum, the ways to choose n of the ranks that give it.
func rankSums(ranks []int, n int) []float64 {
	most := 0
	for _, r := range ranks {
		most += r
	}
	ways := make([][]float64, n+1) // by how many are chosen, and their sum
	for k := range ways {
		ways[k] = make([]float64, most+1)
	}
	ways[0][0] = 1
	for _, r := range ranks {
		for k := n; k > 0; k-- {
			for s := most; s >= r; s-- {
				ways[k][s] += ways[k-1][s-r]
			}
		}
	}
	return ways[n]
}
