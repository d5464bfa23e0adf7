package infer

// # The contract: the same key bytes everywhere
//
// The same weights and the same pixels give the same key, bit for bit, on every machine, with any number of threads, today
// and in a year. A key that differs in one bit opens nothing, so this is part of the format as much as the names of the
// arrays. Every implementation of a layer, in Go or in assembly, keeps to these rules:
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
//  4. Instance norm: sums of x and x² in float64; for each row over 16 lanes, element x in lane x mod 16, ascending; lanes i
//     and i + 8 are added, then i + 4, i + 2, i + 1; then the rows, ascending, from 0. mean = Σx / n, variance = Σx² / n − mean²,
//     not below 0, in float64; y = (x − float32(mean)) × float32(1 / √(variance + 1e-5)) in float32.
//
//  5. A residual is added after the norm, in float32. ReLU turns x < 0 into +0 and leaves all else, −0 too. tanh is the one of
//     activation.go: float64, exp by ln 2 and thirteen terms of its series, then rounded to float32.
//
//  6. From pixels to samples: data.Image.Convert and Floats; from the output to levels: data.FromFloats. An image whose sides
//     are not multiples of 4 is extended to the right and below by its last column and row, and the key cut back.
//
// exact_test.go holds golden hashes and a plain loop for rule 3 that must agree to the last bit.
