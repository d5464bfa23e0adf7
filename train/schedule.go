package train

import "math"

// schedules are the ways in which the learning rate falls: the factor between 1 and the final one that is left when the
// share x, from 0 to 1, of the fall has gone by.
var schedules = map[string]func(x float64) float64{
	"constant": func(float64) float64 { return 1 },
	"linear":   func(x float64) float64 { return 1 - x },
	"cosine":   func(x float64) float64 { return (1 + math.Cos(math.Pi*x)) / 2 },
}

// learningRate is that of the step after done of total steps: it rises evenly over the first Warmup steps, stays, and from
// the share DecayFrom of all steps on falls so that the last step has nearly Final times the full rate.
func (o OptimizerConfig) learningRate(done, total int) float64 {
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
