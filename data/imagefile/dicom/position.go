package dicom

import (
	"math"
	"strconv"
)

// A Position says where a picture belongs. Patient and Series may tell who the patient is.
type Position struct {
	Patient, Series string     // "" if they are not named
	Normal          [3]float64 // of the plane of the picture, in the patient's coordinates; zeros if it is not known
	Along           float64    // where the plane lies along the normal, in millimetres, or NaN
	Number          int        // in the series
}

// Position reads where the picture belongs. Slices of a volume follow each other along their normal (PS3.3, C.7.6.2.1.1); their numbers
// need not.
func (f *File) Position() Position {
	p := Position{Patient: f.text(tagPatientID), Series: f.text(tagSeries), Along: math.NaN()}
	p.Number, _ = strconv.Atoi(f.text(tagInstance))
	at, err := f.decimals(tagPosition)
	if err != nil || len(at) != 3 {
		return p
	}
	v, err := f.decimals(tagDirections)
	if err != nil || len(v) != 6 {
		return p
	}
	// The conversions keep a compiler from fusing operations.
	row, column := v[:3], v[3:]
	p.Along = 0
	for i := range p.Normal {
		j, k := (i+1)%3, (i+2)%3
		p.Normal[i] = float64(row[j]*column[k]) - float64(row[k]*column[j])
		p.Along += float64(p.Normal[i] * at[i])
		p.Normal[i] += 0 // no negative zero
	}
	return p
}
