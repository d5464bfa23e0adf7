package sp80090b

import "math"

// upperBound is the upper end of the interval for a probability that was estimated from n trials, at most 1.
func upperBound(p float64, n int) float64 {
	return min(1, p+zAlpha*math.Sqrt(p*(1-p)/float64(n-1)))
}

// information is −log₂ p, which is 0 and not −0 for p = 1.
func information(p float64) float64 { return max(0, -math.Log2(p)) }

// mostCommonValue is section 6.3.1.
func mostCommonValue(s *text) float64 {
	most := 0
	for _, n := range s.counts() {
		most = max(most, n)
	}
	return information(upperBound(float64(most)/float64(len(s.s)), len(s.s)))
}

// collision is section 6.3.2: the mean distance t after which a symbol repeats. For bits it is 2 or 3, and 2 + 2p(1 − p) on average, so that
// the equation of step 7 can be solved for p directly.
func collision(s *text) float64 {
	var n, sum, squares int
	for i := 0; i+1 < len(s.s); {
		t := 2
		if s.s[i] != s.s[i+1] {
			t = 3
		}
		if i+t > len(s.s) {
			break
		}
		n, sum, squares, i = n+1, sum+t, squares+t*t, i+t
	}
	mean := float64(sum) / float64(n)
	deviation := math.Sqrt((float64(squares) - float64(sum)*mean) / float64(n-1))
	bound := max(2, mean-zAlpha*deviation/math.Sqrt(float64(n)))
	if bound >= 2.5 { // more than p = ½ gives
		return 1
	}
	return information(0.5 + math.Sqrt(1.25-0.5*bound))
}

// markov is section 6.3.3: the probability of the likeliest 128 bits of a first-order Markov chain. Only six strings can be it.
func markov(s *text) float64 {
	var pairs [2][2]float64
	for i, b := range s.s[1:] {
		pairs[s.s[i]][b]++
	}
	ones := float64(s.counts()[1]) / float64(len(s.s))
	start := [2]float64{information(1 - ones), information(ones)} // bits of information in the first bit
	var step [2][2]float64                                        // and in a transition; +Inf for one that does not occur
	for a, row := range pairs {
		for b, n := range row {
			step[a][b] = information(n / max(1, row[0]+row[1]))
		}
	}
	h := math.Inf(1)
	for a := range 2 {
		b := 1 - a
		h = min(h,
			start[a]+127*step[a][a],              // aaa…
			start[a]+64*step[a][b]+63*step[b][a], // abab…
			start[a]+step[a][b]+126*step[b][b])   // abbb…
	}
	return min(h/128, 1)
}
