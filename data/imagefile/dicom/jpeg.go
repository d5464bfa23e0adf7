package dicom

import (
	"fmt"

	"keygan/data/imagefile/jpeg"
)

// decodeJPEG decodes a frame of baseline or extended JPEG. Its samples are stored in the colours that the photometric interpretation names:
// they are converted only if that is RGB and the frame itself says that it is YCbCr.
func decodeJPEG(f *File, frame []byte, out []int32) error {
	width, height, err := jpeg.Size(frame)
	if err != nil {
		return err
	}
	if err := f.sameShape(width, height, f.Samples, 8); err != nil {
		return err
	}
	m, transform, err := jpeg.Components(frame)
	if err != nil {
		return err
	}
	if err := f.sameShape(width, height, m.Channels, 8); err != nil {
		return err
	}
	if f.Photometric == "RGB" && transform == 1 {
		jpeg.ToRGB(m.Pix)
	}
	for i, v := range m.Pix {
		out[i] = f.extended(int32(v), 8)
	}
	return nil
}

// decodeLossless decodes a frame of lossless JPEG.
func decodeLossless(f *File, frame []byte, out []int32) error {
	width, height, err := jpeg.LosslessSize(frame)
	if err != nil {
		return err
	}
	if err := f.sameShape(width, height, f.Samples, f.Bits); err != nil {
		return err
	}
	s, err := jpeg.Lossless(frame)
	if err != nil {
		return err
	}
	if err := f.sameShape(width, height, s.Components, s.Bits); err != nil {
		return err
	}
	for i, v := range s.Values {
		out[i] = f.extended(int32(v), s.Bits)
	}
	return nil
}

// sameShape compares what a frame says of itself with what the file says.
func (f *File) sameShape(width, height, samples, bits int) error {
	if width != f.Width || height != f.Height || samples != f.Samples || bits > f.Allocated {
		return fmt.Errorf("%d×%d pixels of %d samples with %d bits, where the file has %d×%d of %d with %d",
			width, height, samples, bits, f.Width, f.Height, f.Samples, f.Allocated)
	}
	return nil
}

// extended gives a number of so many bits its sign.
func (f *File) extended(v int32, bits int) int32 {
	if f.Signed {
		return v << (32 - bits) >> (32 - bits)
	}
	return v
}
