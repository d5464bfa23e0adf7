package infer

// # The contract: the same key bytes everywhere
//
// The same weights, pixels and, where a model takes noise, Seed give the same key, bit for bit, on every machine, with any number of
// threads, today and in a year. A key that differs in one bit opens nothing, so this is as much part of the format as the names
// of the arrays. Every implementation of a layer, in Go or in assembly, keeps to these rules:
//
//  1. Only + − × ÷ √ and fused multiply-add on float32 and float64, rounded to nearest, ties to even, subnormal numbers kept;
//     comparisons, and conversions between the two. Of package math, only Sqrt and the functions that read or write the bits of a
//     number: Exp and Tanh have assembly on some machines that differs in the last bit.
//
//  2. A product and a sum are two roundings unless the rule says "fused". Go may fuse x*y + z (it does on arm64 and with GOAMD64=v3)
//     unless the product is converted explicitly, so such code reads float32(x*y) + z.
//
//  3. Layer.Algorithm names how the sums of a convolution are made. All algorithms share this: pixels outside the input are +0 and
//     always take part; the taps of a transposed convolution that meet no pixel do not. A fused multiply-add is rounded once, to
//     float32; where a machine has none, it is computed to the same bits. A chain is a sum of such steps in a fixed order, starting
//     at +0; it may be put into memory and taken up again. Vectors run across output elements, never along a chain. Another way to
//     add up is another algorithm, with a name of its own in the file.
//
//     "direct_fma": an output element is one chain, over the rows and then the columns of the kernel, and at each tap over the
//     input channels, all ascending.
//
//     "columns_fma": for each column of the kernel one chain, over the rows and then the input channels; then the chains are
//     added, from the first column to the last.
//
//     "winograd4": F(4×4, 3×3) of Lavin and Gray. The output is cut into tiles of 4×4 from its upper left, which may reach beyond
//     it. Each transform takes the columns of a tile first and then the rows, by the lines below, every operation rounded; products
//     by powers of two are exact. The lines have, for an input d: c = d₄ − d₂, e = d₃ − d₁, a = d₄ − 4d₂, b = d₃ − 4d₁; for weights
//     g: h = g₀ + g₂, k = g₀ + 4g₂; for sums m: s = m₁ + m₂, d = m₁ − m₂, t = m₃ + m₄, f = m₃ − m₄.
//
//     input:   4(d₀ − d₂) + c, a + b, a − b, c + 2e, c − 2e, (d₅ − d₃) − 4e
//     weights: g₀, h + g₁, h − g₁, k + 2g₁, k − 2g₁, g₂; after both, times float32(pᵢ·pⱼ), p = 1/4, −1/6, −1/6, 1/24, 1/24, 1
//     sums:    (m₀ + s) + t, d + 2f, s + 4t, (d + 8f) + m₅
//
//     In between, each of a tile's 36 sums is one chain over the input channels, ascending. A transposed convolution is the
//     convolution with its kernel turned by 180° and a padding of 2 less its own.
//
//  4. A bias is added to the finished sum, in float32.
//
//  5. Instance norm: sums of x and x² in float64; for each row over 16 lanes, element x in lane x mod 16, ascending; lanes i
//     and i + 8 are added, then i + 4, i + 2, i + 1; then the rows, ascending, from 0. mean = Σx / n, variance = Σx² / n − mean²,
//     not below 0, in float64; y = (x − float32(mean)) × float32(1 / √(variance + ε)) in float32, with the ε
//     of the file, or 1e-5 where it gives none. With parameters: y = (x − float32(mean)) × float32(weight / √(variance + ε)) + bias,
//     three roundings in float32. Batch norm is the same, with the running mean and the running variance of the file.
//
//  6. A residual is added after the norm and the activation before_add, in float32. ReLU turns x < 0 into +0 and leaves everything
//     else, −0 included; LeakyReLU turns it into x × float32(0.2). tanh is the one of kernel/tanh.go: float64, exp by ln 2 and
//     thirteen terms of its series, then rounded to float32. Noise is added last: y + weight × noise, two roundings.
//
//  7. An image that must be resized first is resized by raster.Image.Resize, in integers. Image.Convert and Image.Floats turn pixels into
//     samples, and FromFloats the output into levels. With a value range of 0 to 1: sample = level / 255 (or 65535) in float32, and
//     level = ⌊255·y + ½⌋, exactly, not below 0 nor above 255. An image whose sides are not multiples of 4 is extended to the
//     right and below by its last column and row, and the key is cut back.
//
//  8. Noise comes from a Seed of 32 bytes and has streams: 0 for the latent numbers or the noise of the image, 1, 2, … for
//     the layers that add noise, in their order. The key of stream i is SHA-256 of "keygan noise 1\n", the seed, and i as 64 bits,
//     big-endian. With that key, C2SP's chacha8rand (math/rand/v2's ChaCha8) gives numbers of 64 bits. Each is taken as signed, its
//     lowest 10 bits are dropped by a shift, and times 2⁻⁵³ it is in [−1, 1). Two such numbers u, v with s = u² + v², 0 < s < 1, give
//     two numbers of noise, float32(u·f) and float32(v·f), f = √(−2·ln(s) / s), in float64; other pairs are thrown away. ln is the
//     one of noise.go: float64, by ln 2 and twelve terms of the series of atanh.
//
//     The numbers of a stream fill an array in order: the latent numbers; the samples of the image, channel by channel, row by
//     row, as it was before it was extended; the plane of a layer, [height, width] of its output, row by row, the same for all
//     channels. So the noise of a layer does not depend on other layers or channels, but it does depend on the width of the image.
//     Noise of the image is added as x + float32(σ·(high − low)) × noise, two roundings, and the sum clipped to the value range,
//     low to high.
//
// golden_test.go and noise_test.go hold golden hashes. plain_test.go has these rules as plain loops, which must agree to the last bit.
