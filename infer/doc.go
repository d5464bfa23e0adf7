package infer

// # The contract: the same key bytes everywhere
//
// The same weights and the same pixels, and the same Seed where noise is taken, give the same key, bit for bit, on every
// machine, with any number of threads, today and in a year. A key that differs in one bit opens nothing, so this is part of
// the format as much as the names of the arrays. Every implementation of a layer, in Go or in assembly, keeps to these rules:
//
//  1. Only + − × ÷ √ on float32 and float64, rounded to nearest, ties to even, subnormal numbers kept; comparisons,
//     and conversions between them. Nothing of package math but Sqrt and the bits of a number: Exp and Tanh have
//     assembly on some machines that differs in the last bit.
//
//  2. A product and a sum are two roundings. Go may fuse x*y + z (it does on arm64 and with GOAMD64=v3) unless the product is
//     converted explicitly, so it is written float32(x*y) + z.
//
//  3. Algorithm "direct" (Layer.Algorithm): an output element of a convolution is one chain of float32 additions. It starts at
//     +0 and adds weight × input over the input channels, and within a channel over the rows and then the columns of the
//     kernel, all ascending. Taps that fall on padding are +0 or −0, which change no chain that started at +0 (it can never
//     be −0), so they may be added or left out; and so may the taps of a transposed convolution that meet no pixel. A chain may
//     be put into memory and taken up again: it is float32 at every step. Vectors run across output elements, never along a
//     chain. Another way to add up (Winograd, fused multiply-add) is another algorithm, with a name of its own in the file.
//
//  4. A bias is added to the finished chain, in float32.
//
//  5. Instance norm: sums of x and x² in float64; for each row over 16 lanes, element x in lane x mod 16, ascending; lanes i
//     and i + 8 are added, then i + 4, i + 2, i + 1; then the rows, ascending, from 0. mean = Σx / n, variance = Σx² / n − mean²,
//     not below 0, in float64; y = (x − float32(mean)) × float32(1 / √(variance + 1e-5)) in float32.
//     With parameters: y = (x − float32(mean)) × float32(weight / √(variance + 1e-5)) + bias, three roundings in float32. Batch
//     norm is the same, with the running mean and the running variance of the file.
//
//  6. A residual is added after the norm and the activation before_add, in float32. ReLU turns x < 0 into +0 and leaves all
//     else, −0 too; LeakyReLU turns it into x × float32(0.2). tanh is the one of kernel/tanh.go: float64, exp by ln 2 and
//     thirteen terms of its series, then rounded to float32. Noise is added last: y + weight × noise, two roundings.
//
//  7. Where an image is resized first: raster.Image.Resize, in integers. From pixels to samples: raster.Image.Convert and Floats;
//     from the output to levels: data.FromFloats. With a value range of 0 to 1: sample = level / 255 (or 65535) in float32, and
//     level = ⌊255·y + ½⌋, exactly, not below 0 nor above 255. An image whose sides are not multiples of 4 is extended to the
//     right and below by its last column and row, and the key cut back.
//
//  8. Noise comes from a Seed of 32 bytes and has streams: 0 for the latent numbers or the noise of the image, 1, 2, … for
//     the layers that add noise, in their order. The key of stream i is SHA-256 of "keygan noise 1\n", the seed, and i as 64 bits,
//     big-endian; with it C2SP's chacha8rand (math/rand/v2's ChaCha8) gives numbers of 64 bits. Each is taken as signed, its
//     lowest 10 bits are dropped by a shift, and times 2⁻⁵³ it is in [−1, 1). Of two such numbers u, v with s = u² + v²,
//     0 < s < 1, two of noise are made, float32(u·f) and float32(v·f), f = √(−2·ln(s) / s), in float64; other pairs are thrown
//     away. ln is the one of noise.go: float64, by ln 2 and twelve terms of the series of atanh.
//
//     The numbers of a stream fill an array in order: the latent numbers; the samples of the image, channel by channel, row by
//     row, as it was before it was extended; the plane of a layer, [height, width] of what it makes, row by row, the same for all
//     its channels. So the noise of a layer does not depend on what other layers or channels there are, but it does on the
//     width of the image. Noise of the image is added as x + float32(σ·(high − low)) × noise, two roundings, and the sum clipped
//     to the value range, low to high.
//
//  9. The other algorithms, which a network has in all its layers or in none. Pixels outside the input are +0 and always take
//     part; the taps of a transposed convolution that meet no pixel do not. A fused multiply-add is rounded once, to float32, and
//     where a machine has none it is computed so that the bits are the same. Chains start at +0 and may be put into memory.
//
//     "direct_fma": an output element is one chain of fused multiply-adds over the rows and then the columns of the kernel, and
//     at each tap over the input channels, all ascending.
//
//     "columns_fma": for each column of the kernel such a chain, over the rows and then the input channels; then the chains are
//     added, from the first column to the last.
//
//     "winograd4": F(4×4, 3×3) of Lavin and Gray. The output is cut into tiles of 4×4 from its upper left, which may reach beyond
//     it. Each transform takes the columns of a tile first and then the rows, by the lines below, every operation rounded; products
//     by powers of two are exact. The lines have, of an input d: c = d₄ − d₂, e = d₃ − d₁, a = d₄ − 4d₂, b = d₃ − 4d₁; of weights
//     g: h = g₀ + g₂, k = g₀ + 4g₂; of sums m: s = m₁ + m₂, d = m₁ − m₂, t = m₃ + m₄, f = m₃ − m₄.
//
//     input:   4(d₀ − d₂) + c, a + b, a − b, c + 2e, c − 2e, (d₅ − d₃) − 4e
//     weights: g₀, h + g₁, h − g₁, k + 2g₁, k − 2g₁, g₂; after both, times float32(pᵢ·pⱼ), p = 1/4, −1/6, −1/6, 1/24, 1/24, 1
//     sums:    (m₀ + s) + t, d + 2f, s + 4t, (d + 8f) + m₅
//
//     In between, each of a tile's 36 sums is one chain of fused multiply-adds over the input channels, ascending. A transposed
//     convolution is the convolution with its kernel turned by 180° and a padding of 2 less its own.
//
// exact_test.go, golden_test.go and noise_test.go hold golden hashes; exact_test.go has rule 3 as a loop, and plain_test.go whole
// networks, which must agree to the last bit.
