package imagefile

import (
	"bytes"
	"image"
	"image/color"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

func TestTIFFAndBMP(t *testing.T) {
	rect := image.Rect(0, 0, 2, 1)
	palette := func(colours ...color.Color) image.Image {
		return &image.Paletted{Pix: []byte{1, 0}, Stride: 2, Rect: rect, Palette: colours}
	}
	grey := &image.Gray{Pix: []byte{7, 200}, Stride: 2, Rect: rect}
	opaque := &image.RGBA{Pix: []byte{1, 2, 3, 255, 4, 5, 6, 255}, Stride: 8, Rect: rect}
	colours := palette(color.RGBA{9, 8, 7, 255}, color.RGBA{1, 2, 3, 255})
	tests := []struct {
		name            string
		encode          func(*bytes.Buffer) error
		channels, depth int
		pix             []byte
	}{
		{"TIFF grey", asTIFF(grey, tiff.Uncompressed), 1, 8, []byte{7, 200}},
		{"TIFF grey, deflated", asTIFF(grey, tiff.Deflate), 1, 8, []byte{7, 200}},
		{"TIFF grey 16", asTIFF(&image.Gray16{Pix: []byte{1, 2, 3, 4}, Stride: 4, Rect: rect}, tiff.Deflate), 1, 16, []byte{1, 2, 3, 4}},
		{"TIFF RGB", asTIFF(opaque, tiff.Uncompressed), 3, 8, []byte{1, 2, 3, 4, 5, 6}},
		{"TIFF RGBA", asTIFF(&image.NRGBA{Pix: []byte{1, 2, 3, 4, 5, 6, 7, 0}, Stride: 8, Rect: rect}, tiff.Uncompressed),
			4, 8, []byte{1, 2, 3, 4, 5, 6, 7, 0}},
		{"TIFF RGBA 16", asTIFF(&image.NRGBA64{Pix: []byte{1, 2, 3, 4, 5, 6, 7, 8, 1, 1, 2, 2, 3, 3, 4, 4}, Stride: 16, Rect: rect}, tiff.Uncompressed),
			4, 16, []byte{1, 2, 3, 4, 5, 6, 7, 8, 1, 1, 2, 2, 3, 3, 4, 4}},
		{"TIFF premultiplied", asTIFF(&image.RGBA{Pix: []byte{64, 32, 0, 128, 4, 5, 6, 255}, Stride: 8, Rect: rect}, tiff.Uncompressed),
			4, 8, []byte{127, 63, 0, 128, 4, 5, 6, 255}},
		{"TIFF palette", asTIFF(colours, tiff.Uncompressed), 3, 8, []byte{1, 2, 3, 9, 8, 7}},
		{"BMP grey", asBMP(grey), 1, 8, []byte{7, 200}},
		{"BMP RGB", asBMP(opaque), 3, 8, []byte{1, 2, 3, 4, 5, 6}},
		{"BMP palette", asBMP(colours), 3, 8, []byte{1, 2, 3, 9, 8, 7}},
		{"BMP grey palette", asBMP(palette(color.Gray{50}, color.Gray{60})), 1, 8, []byte{60, 50}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := test.encode(&b); err != nil {
				t.Fatal(err)
			}
			got, err := Decode(b.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&raster.Image{Width: 2, Height: 1, Channels: test.channels, Depth: test.depth, Pix: test.pix}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func asTIFF(m image.Image, c tiff.CompressionType) func(*bytes.Buffer) error {
	return func(b *bytes.Buffer) error { return tiff.Encode(b, m, &tiff.Options{Compression: c}) }
}

func asBMP(m image.Image) func(*bytes.Buffer) error {
	return func(b *bytes.Buffer) error { return bmp.Encode(b, m) }
}

func TestJPEG(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 20, 11))
	colour := image.NewRGBA(grey.Rect)
	for i := range grey.Pix {
		grey.Pix[i] = 90
		copy(colour.Pix[4*i:], []byte{200, 100, 50, 255})
	}
	for _, test := range []struct {
		src  image.Image
		want []byte // each pixel, to within two levels
	}{{grey, []byte{90}}, {colour, []byte{200, 100, 50}}} {
		got, err := Decode(imagetest.JpegBytes(t, test.src))
		if err != nil {
			t.Fatal(err)
		}
		if got.Width != 20 || got.Height != 11 || got.Channels != len(test.want) || got.Depth != 8 {
			t.Fatalf("got %v", got)
		}
		for i, v := range got.Pix {
			if d := int(v) - int(test.want[i%len(test.want)]); d < -2 || d > 2 {
				t.Fatalf("sample %d is %d, want about %d", i, v, test.want[i%len(test.want)])
			}
		}
	}
}
