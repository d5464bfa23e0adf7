package config

import "math"

// schedules are the ways in which the learning rate falls: the factor between 1 and the final one that is left when the share x of
// the fall, from 0 to 1, has gone by.
var schedules = map[string]func(x float64) float64{
	"constant": func(float64) float64 { return 1 },
	"linear":   func(x float64) float64 { return 1 - x },
	"cosine":   func(x float64) float64 { return (1 + math.Cos(math.Pi*x)) / 2 },
}

// RateAt is the learning rate of the step after done of total steps. It rises evenly over the first Warmup steps, stays, and falls from
// the share DecayFrom of all steps on, so that the last step has nearly Final times the full rate.
func (o Optimizer) RateAt(done, total int) float64 {
	rate := o.LearningRate
	if done < o.Warmup {
		return rate * float64(done+1) / float64(o.Warmup+1)
	}
	start := o.DecayFrom * float64(total)
	if float64(done) <= start || o.Schedule == "constant" {
		return rate
	}
	x := (float64(done) - start) / (float64(total) - start)
	return rate * (o.Final + (1-o.Final)*schedules[o.Schedule](x))
}
