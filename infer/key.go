package infer

import (
	"fmt"

	"keygan/data"
)

// Key makes the key image of img: 8 bits, as many channels as the model has, as wide and as high as img. The samples of
// img, of any depth, are converted to the model's channels (alpha is dropped, colour to grey by luma) and to [−1, 1]; the
// result is rounded to the nearest grey level, halves up.
func (m *Model) Key(img *data.Image) (*data.Image, error) {
	y, err := m.Forward(img.Floats(m.arch.Channels), img.Height, img.Width)
	if err != nil {
		return nil, fmt.Errorf("key of an image of %v: %w", img, err)
	}
	return data.FromFloats(y, m.arch.Channels, img.Height, img.Width), nil
}
