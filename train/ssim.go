package train

import (
	"math"

	torch "keygan/gotorch"
)

// Structural similarity (Wang, Bovik, Sheikh and Simoncelli 2004) that gradients flow through, for images [N, C, H, W] in
// [0, 1], where the constants are C₁ = 0.01² and C₂ = 0.03². It is computed in float64: variances are differences of nearly
// equal numbers, which would cost float32 half of its digits.

// ssim is the mean over all places of the 11×11 Gaussian window, σ = 1.5, that lie inside the image, over channels and images: a
// scalar in [−1, 1], as metrics.SSIM with Gaussian11.
func ssim(a, b torch.Tensor) torch.Tensor {
	s := a.Shape()
	window := gaussianWindow(a.Device())
	across, down := window.View(1, 1, 1, -1), window.View(1, 1, -1, 1)
	return similarity(a, b, func(x torch.Tensor) torch.Tensor {
		x = x.View(s[0]*s[1], 1, s[2], s[3]) // each plane by itself
		for _, w := range []torch.Tensor{across, down} {
			x = torch.Conv2d(x, w, torch.Tensor{}, pair(1), pair(0), pair(1), 1)
		}
		return x
	})
}

// globalSSIM is the same with one window, all of whose weights are equal, that is the whole image.
func globalSSIM(a, b torch.Tensor) torch.Tensor {
	return similarity(a, b, func(x torch.Tensor) torch.Tensor { return x.MeanDims([]int64{2, 3}, false) })
}

// similarity is the mean over all windows of
//
//	(2μₐμ_b + C₁)(2σₐ_b + C₂) / ((μₐ² + μ_b² + C₁)(σₐ² + σ_b² + C₂))
//
// where mean gives the windows' means of a tensor.
func similarity(a, b torch.Tensor, mean func(torch.Tensor) torch.Tensor) torch.Tensor {
	const c1, c2 = 0.01 * 0.01, 0.03 * 0.03
	a, b = a.CastTo(torch.Double).Contiguous(), b.CastTo(torch.Double).Contiguous()
	ma, mb := mean(a), mean(b)
	product, squares := torch.Mul(ma, mb), torch.Add(ma.Square(), mb.Square(), 1)
	covariance := torch.Sub(mean(torch.Mul(a, b)), product, 1)
	variances := torch.Sub(mean(torch.Add(a.Square(), b.Square(), 1)), squares, 1)
	above := torch.Mul(product.MulScalar(2).AddScalar(c1), covariance.MulScalar(2).AddScalar(c2))
	below := torch.Mul(squares.AddScalar(c1), variances.AddScalar(c2))
	return torch.Div(above, below).Mean().CastTo(torch.Float)
}

// gaussianWindow is the weights of one dimension of the window, [11], which add up to 1.
func gaussianWindow(device torch.Device) torch.Tensor {
	const radius, sigma = 5, 1.5
	var weights [2*radius + 1]float64
	total := 0.0
	for i := range weights {
		d := float64(i - radius)
		weights[i] = math.Exp(-d * d / (2 * sigma * sigma))
		total += weights[i]
	}
	for i := range weights {
		weights[i] /= total
	}
	return torch.NewTensor(weights[:]).To(device)
}
