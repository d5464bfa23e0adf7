package infer

// relu sets what is below zero to zero; −0 and NaN stay.
func relu(x []float32) {
	for i, v := range x {
		if v < 0 {
			x[i] = 0
		}
	}
}

// leakyReLU takes what is below zero times LeakySlope, rounded to float32; −0 and NaN stay.
func leakyReLU(x []float32) {
	for i, v := range x {
		if v < 0 {
			x[i] = v * float32(LeakySlope)
		}
	}
}

// activate applies the activation called name, "" for none.
func activate(name string, x []float32) {
	switch name {
	case ActivationReLU:
		relu(x)
	case ActivationLeakyReLU:
		leakyReLU(x)
	case ActivationTanh:
		kernels.Tanh(x)
	}
}

// addTo adds y to x, element by element.
func addTo(x, y []float32) {
	y = y[:len(x)]
	for i := range x {
		x[i] += y[i]
	}
}
