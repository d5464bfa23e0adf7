package imagefile

import (
	"fmt"
	"io"

	"keygan/data/imagefile/dicom"
	"keygan/data/raster"
)

// dicomFormat comes before TIFF, because the preamble of a DICOM file may hold the header of a TIFF file.
var dicomFormat = Format{
	Name: "DICOM", Extensions: []string{".dcm"}, Matches: dicom.Recognised,
	Decode: decodeDICOM, Samples: samplesOfDICOM, Stack: stackOfDICOM, Outline: outlineOfDICOM, Inspect: (*Findings).inspectDICOM,
}

func openDICOM(file *io.SectionReader) (*dicom.File, error) {
	b, err := content(file)
	if err != nil {
		return nil, err
	}
	f, err := dicom.Parse(b)
	if err != nil {
		return nil, err
	}
	return f, f.Check()
}

// decodeDICOM gives the middle frame as it is shown: 8-bit grey in the file's first window, or RGB.
func decodeDICOM(file *io.SectionReader) (*raster.Image, error) {
	f, err := openDICOM(file)
	if err != nil {
		return nil, err
	}
	shown, err := f.Shown(nil)
	if err != nil {
		return nil, err
	}
	return shown.Image(f.Frames / 2)
}

// samplesOfDICOM gives the stored values of a file with one frame.
func samplesOfDICOM(file *io.SectionReader) (*raster.Image, error) {
	f, err := openDICOM(file)
	if err != nil {
		return nil, err
	}
	return f.Raster(0)
}

// stackOfDICOM gives all frames as they are shown.
func stackOfDICOM(file *io.SectionReader, _ string) (*Stack, error) {
	f, err := openDICOM(file)
	if err != nil {
		return nil, err
	}
	shown, err := f.Shown(nil)
	if err != nil {
		return nil, err
	}
	s := NewStack(f.Frames, f.Height, f.Width, f.Channels(), 8)
	s.Single = f.Frames == 1
	for i := range f.Frames {
		m, err := shown.Image(i)
		if err != nil {
			return nil, err
		}
		copy(s.Pix[i*len(m.Pix):], m.Pix)
	}
	return s, nil
}

// outlineOfDICOM decodes no pixels.
func outlineOfDICOM(file *io.SectionReader) (*Stack, error) {
	f, err := openDICOM(file)
	if err != nil {
		return nil, err
	}
	s := &Stack{Count: f.Frames, Width: f.Width, Height: f.Height, Channels: f.Channels(), Depth: 8, Single: f.Frames == 1}
	s.showAll()
	return s, nil
}

// inspectDICOM names what an image of the stored values does not keep.
func (f *Findings) inspectDICOM(file *io.SectionReader) {
	d, err := openDICOM(file)
	if err != nil {
		return
	}
	f.Add("DICOM attributes")
	switch {
	case d.Frames > 1:
		f.refuseMany(int64(d.Frames), "frames")
	case d.Allocated > 16:
		f.Refuse(fmt.Sprintf("has %d bits a sample", d.Allocated))
	case d.Signed:
		f.Add(fmt.Sprintf("sign (%d stands for 0)", 1<<(d.Allocated-1)))
	}
	switch d.Photometric {
	case "PALETTE COLOR":
		f.Add("palette")
	case "RGB", "MONOCHROME2":
	default:
		f.Add("photometric interpretation " + d.Photometric)
	}
}
