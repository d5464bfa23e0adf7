// Package initializer sets the initial values of parameters, as torch.nn.init does. Gradients do not record it.
package initializer

import (
	"math"

	torch "keygan/gotorch"
)

// ManualSeed seeds the random number generators of all devices.
func ManualSeed(seed int64) { torch.ManualSeed(seed) }

func value(op string, a *torch.Tensor) torch.Tensor {
	if a == nil {
		panic(&torch.Error{Op: op, Msg: "the tensor is nil"})
	}
	return *a
}

// Zeros sets every element to 0.
func Zeros(a *torch.Tensor) { torch.NoGrad(func() { value("zeros_", a).ZeroI() }) }

// Ones sets every element to 1.
func Ones(a *torch.Tensor) { torch.NoGrad(func() { value("ones_", a).FillI(1) }) }

// Uniform draws every element uniformly from [low, high).
func Uniform(a *torch.Tensor, low, high float64) {
	torch.NoGrad(func() { value("uniform_", a).UniformI(low, high) })
}

// Normal draws every element from a normal distribution.
func Normal(a *torch.Tensor, mean, std float64) {
	torch.NoGrad(func() { value("normal_", a).NormalI(mean, std) })
}

// KaimingUniform draws every element uniformly from [−b, b) with b = gain·√(3/fan). fanMode chooses the fan: "fan_in" or "fan_out".
// nonLinearity determines the gain: √2 for "relu", √(2/(1 + a²)) for "leaky_relu" (He et al., Delving Deep into Rectifiers, 2015).
func KaimingUniform(input *torch.Tensor, a float64, fanMode string, nonLinearity string) {
	t := value("kaiming_uniform_", input)
	fan, fanOut := CalculateFanInAndFanOut(t)
	switch fanMode {
	case "fan_in":
	case "fan_out":
		fan = fanOut
	default:
		panic(&torch.Error{Op: "kaiming_uniform_", Msg: "unknown mode " + fanMode + ", expected fan_in or fan_out"})
	}
	bound := gain(nonLinearity, a) * math.Sqrt(3/float64(fan))
	Uniform(input, -bound, bound)
}

// XavierUniform draws every element uniformly from [−b, b) with b = gain·√(6/(fan in + fan out)) (Glorot and Bengio, Understanding the
// difficulty of training deep feedforward neural networks, 2010): the variance is 2·gain²/(fan in + fan out).
func XavierUniform(input *torch.Tensor, gain float64) {
	in, out := CalculateFanInAndFanOut(value("xavier_uniform_", input))
	bound := gain * math.Sqrt(6/float64(in+out))
	Uniform(input, -bound, bound)
}

func gain(nonLinearity string, a float64) float64 {
	switch nonLinearity {
	case "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid":
		return 1
	case "tanh":
		return 5. / 3
	case "relu":
		return math.Sqrt2
	case "leaky_relu":
		return math.Sqrt(2 / (1 + a*a))
	}
	panic(&torch.Error{Op: "kaiming_uniform_", Msg: "unknown nonlinearity " + nonLinearity +
		", expected linear, sigmoid, tanh, relu or leaky_relu"})
}

// CalculateFanInAndFanOut returns, for a weight [Out, In, K...], the number of inputs of each output and of outputs of each input.
func CalculateFanInAndFanOut(input torch.Tensor) (fanIn, fanOut int64) {
	shape := input.Shape()
	if len(shape) < 2 {
		panic(&torch.Error{Op: "fan_in_and_fan_out", Msg: "expected a weight of 2 or more dimensions"})
	}
	field := int64(1)
	for _, k := range shape[2:] {
		field *= k
	}
	return shape[1] * field, shape[0] * field
}
