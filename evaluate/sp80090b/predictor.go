package sp80090b

import "math"

// board keeps the score of the predictors that take part in an estimate (sections 6.3.7 to 6.3.10). The leader is the one with the most right
// predictions so far, and its predictions are those that count.
type board struct {
	scores       []int
	leader       int
	right        int // predictions that count
	run, longest int // of right predictions that follow each other
}

// counted takes the result of a prediction that counts.
func (b *board) counted(right bool) {
	if !right {
		b.run = 0
		return
	}
	b.right++
	b.run++
	b.longest = max(b.longest, b.run)
}

// scored gives predictor i a point. It leads from the next symbol on if nobody has more points.
func (b *board) scored(i int) {
	b.scores[i]++
	if b.scores[i] >= b.scores[b.leader] {
		b.leader = i
	}
}

// minEntropy is the result for n predictions over an alphabet of k symbols: steps 7 to 9 of section 6.3.7, which are the same for all.
func (b *board) minEntropy(n, k int) float64 {
	global := 1 - math.Pow(0.01, 1/float64(n))
	if b.right > 0 {
		global = upperBound(float64(b.right)/float64(n), n)
	}
	return information(max(global, local(b.longest+1, n), 1/float64(k)))
}

// local is the probability p of a right prediction for which a run of r right ones among n has a probability of 1 %: Feller's approximation
// of the probability that there is none, (1 − px)/((r + 1 − rx)q) · x^−(n+1), is 99 %. It falls as p grows.
func local(r, n int) float64 {
	if r > n {
		return 1
	}
	above := math.Log(0.99)
	return bisect(0, float64(r)/float64(r+1), func(p float64) bool { return logNoRun(p, r, n) > above })
}

// logNoRun is the logarithm of Feller's approximation. x, the root of 1 − x + q·pʳ·xʳ⁺¹ = 0 near 1, is the limit of the iteration in
// the standard.
func logNoRun(p float64, r, n int) float64 {
	q := 1 - p
	first := q * math.Pow(p, float64(r))
	e := 0.0 // x − 1
	for range 100 {
		next := first * math.Exp(float64(r+1)*math.Log1p(e))
		if next-e <= 1e-16*next {
			break
		}
		e = next
	}
	x := 1 + e
	return math.Log(1-p*x) - math.Log((float64(r+1)-float64(r)*x)*q) - float64(n+1)*math.Log1p(e)
}
