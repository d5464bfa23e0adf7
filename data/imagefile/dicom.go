package imagefile

import (
	"crypto/sha256"
	"fmt"
	"io"

	"keygan/data/imagefile/dicom"
	"keygan/data/raster"
)

// dicomFormat comes before TIFF, because the preamble of a DICOM file may hold the header of a TIFF file.
var dicomFormat = Format{
	Name: "DICOM", Extensions: []string{".dcm"}, Matches: dicom.Recognised,
	Decode: decodeDICOM, Samples: samplesOfDICOM, Stack: stackOfDICOM, Outline: outlineOfDICOM, Inspect: (*Findings).inspectDICOM,
	Windowed: windowedDICOM, Window: windowOfDICOM, Describe: describeDICOM, Voxels: voxelsOfDICOM,
}

func parseDICOM(file *io.SectionReader) (*dicom.File, error) {
	if file.Size() > maxFileBytes { // a file of any length may be asked what it is
		return nil, fmt.Errorf("%d bytes, more than any image keygan reads (%d)", file.Size(), maxFileBytes)
	}
	b, err := content(file)
	if err != nil {
		return nil, err
	}
	return dicom.Parse(b)
}

// openDICOM opens a file whose pictures can be read, as far as that is known without decoding them.
func openDICOM(file *io.SectionReader) (*dicom.File, error) {
	f, err := parseDICOM(file)
	if err == nil {
		err = f.Check()
	}
	return f, err
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
func stackOfDICOM(file *io.SectionReader, _ string) (*Stack, error) { return framesOfDICOM(file, nil) }

func windowedDICOM(file *io.SectionReader, center, width float64) (*Stack, error) {
	return framesOfDICOM(file, &dicom.Window{Center: center, Width: width})
}

// windowOfDICOM is the window of the first frame, in rescaled values: Hounsfield units in a CT.
func windowOfDICOM(file *io.SectionReader) (*Window, error) {
	f, err := openDICOM(file)
	if err != nil {
		return nil, err
	}
	shown, err := f.Shown(nil)
	if err != nil {
		return nil, err
	}
	w, low, high := shown.Window()
	if w == nil {
		return nil, nil
	}
	return &Window{w.Center, w.Width, min(low, w.Center), max(high, w.Center)}, nil
}

func framesOfDICOM(file *io.SectionReader, window *dicom.Window) (*Stack, error) {
	f, err := openDICOM(file)
	if err != nil {
		return nil, err
	}
	shown, err := f.Shown(window)
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
	s.Place = placeOf(f)
	return s, nil
}

// placeOf names patient and series by hashes. Slices of another direction or size, such as an overview, are a series of their own.
func placeOf(f *dicom.File) *Place {
	position := f.Position()
	p := &Place{Along: position.Along, Number: position.Number}
	hash := func(what, s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(what+" "+s))) }
	if position.Series != "" {
		p.Series = hash("series", fmt.Sprintf("%s %.2f", position.Series, position.Normal))
	}
	if position.Patient != "" {
		p.Patient = hash("patient", position.Patient)
	} else {
		p.Patient = p.Series
	}
	return p
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
		f.Refuse(fmt.Sprintf("holds %d frames", d.Frames))
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

// describeDICOM tells what a file is. None of the facts but those that identify come from what people have typed.
func describeDICOM(file *io.SectionReader) (*Description, error) {
	f, err := parseDICOM(file)
	if err != nil {
		return nil, err
	}
	d := &Description{Kind: "DICOM file without a picture", Unreadable: f.Check()}
	add := func(label, name string, value any) { d.Facts = append(d.Facts, Fact{label, name, value}) }
	add("transfer syntax", "transfer_syntax", f.Syntax)
	if f.Modality() != "" {
		add("modality", "modality", f.Modality())
	}
	if f.Frames > 0 {
		d.Kind = "DICOM image"
		add("frames", "frames", f.Frames)
		signed := ""
		if f.Signed {
			signed = ", signed"
		}
		add("stored pixels", "stored_pixels", fmt.Sprintf("%d×%d %s, %d of %d bits%s", f.Width, f.Height, f.Photometric, f.Bits, f.Allocated, signed))
	}
	if window := f.Window(); window != nil {
		add("window", "window", fmt.Sprintf("center %v, width %v", window.Center, window.Width))
	}
	names, values := f.Identifying()
	for i, name := range names {
		d.Identifying = append(d.Identifying, Fact{name, name, values[i]})
	}
	return d, nil
}
