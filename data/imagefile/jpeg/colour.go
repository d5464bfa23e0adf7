package jpeg

import "keygan/data/raster"

// render puts the planes together, row by row, as put does it.
func (d *decoder) render(channels int, put func(out []byte, rows [][]byte)) *raster.Image {
	m := raster.NewImage(d.width, d.height, channels, 8)
	rows := make([]func(int) []byte, len(d.components))
	for i, c := range d.components {
		rows[i] = d.upsampler(c)
	}
	at := make([][]byte, len(rows))
	for y := range d.height {
		for i, row := range rows {
			at[i] = row(y)[:d.width]
		}
		put(m.Pix[y*d.width*m.Channels:][:d.width*m.Channels], at)
	}
	return m
}

// colours chooses how a row of pixels comes from a row of each component, by the number of components, the segments of JFIF (T.871) and
// Adobe, and the components' identifiers, as libjpeg does.
func (d *decoder) colours() func(out []byte, rows [][]byte) {
	ids := make([]byte, len(d.components))
	for i, c := range d.components {
		ids[i] = c.id
	}
	switch {
	case len(ids) == 1:
		return putAll
	case len(ids) == 3 && !d.jfif && (d.adobe == 0 || d.adobe < 0 && string(ids) == "RGB"):
		return putAll
	case len(ids) == 3:
		return putYCbCr
	case d.adobe <= 0:
		return putCMYK
	}
	return putYCCK
}

// putAll interleaves the components as they are.
func putAll(out []byte, rows [][]byte) {
	for i, row := range rows {
		for x, v := range row {
			out[x*len(rows)+i] = v
		}
	}
}

func putYCbCr(out []byte, rows [][]byte) {
	luma := rows[0]
	blue, red := rows[1][:len(luma)], rows[2][:len(luma)]
	for x, v := range luma {
		y, b, r := int32(v), &chroma[blue[x]], &chroma[red[x]]
		p := out[3*x : 3*x+3 : 3*x+3]
		p[0], p[1], p[2] = limit(y+r.red), limit(y+(b.greenOfBlue+r.greenOfRed)>>16), limit(y+b.blue)
	}
}

// chroma holds what a sample of Cb or Cr adds to red, green and blue (T.871, section 7). Green is the sum of two, in 1/65536.
var chroma = func() (table [256]struct{ red, blue, greenOfBlue, greenOfRed int32 }) {
	const half = 1 << 15
	for i := range table {
		v := int32(i) - 128
		t := &table[i]
		t.red, t.blue = (91881*v+half)>>16, (116130*v+half)>>16 // 1.402, 1.772
		t.greenOfBlue, t.greenOfRed = half-22554*v, -46802*v    // 0.34414, 0.71414
	}
	return table
}()

func limit(v int32) byte {
	if uint32(v) > 255 {
		v = ^v >> 31
	}
	return byte(v)
}

// putCMYK mixes four inks that are stored as 255 less the ink, as Adobe's programs do and others who follow them.
func putCMYK(out []byte, rows [][]byte) {
	for x, k := range rows[3] {
		for i := range 3 {
			out[3*x+i] = ink(rows[i][x], k)
		}
	}
}

// putYCCK converts the first three to RGB, whose complement are the inks.
func putYCCK(out []byte, rows [][]byte) {
	putYCbCr(out, rows)
	for x, k := range rows[3] {
		for i := range 3 {
			out[3*x+i] = ink(255-out[3*x+i], k)
		}
	}
}

// ink is v·k/255, rounded.
func ink(v, k byte) byte { return byte((int(v)*int(k) + 127) / 255) }

// ToRGB converts pixels of Y, Cb and Cr to RGB in place.
func ToRGB(pix []byte) {
	for i := 0; i+3 <= len(pix); i += 3 {
		putYCbCr(pix[i:i+3], [][]byte{pix[i : i+1], pix[i+1 : i+2], pix[i+2 : i+3]})
	}
}
