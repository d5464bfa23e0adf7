package cms

import (
	"errors"
	"io"
)

// A Description is what anybody can read in a Secure DICOM File.
type Description struct {
	Recipients int    // that have RSA keys
	OAEP       bool   // the content's key is encrypted with RSA-OAEP for one of them
	Encryption string // of the content
	Inside     string // what the envelope says is in it
}

var errDamaged = errors.New("a damaged or truncated Secure DICOM File")

// Describe reads the beginning of a file of size bytes. The error is ErrFormat if it is no EnvelopedData.
func Describe(r io.ReaderAt, size int64) (d Description, err error) {
	o := opener{r: r, size: size}
	e := o.envelope()
	switch err := e.header(); err {
	case nil:
	case ErrRefused:
		return d, errDamaged
	default:
		return d, err
	}
	d.Recipients, d.Encryption = len(e.recipients), e.algorithm.name
	for _, r := range e.recipients {
		d.OAEP = d.OAEP || r.oaep != nil
	}
	switch {
	case e.contentType.Equal(oidSigned):
		d.Inside = "signed data"
	case e.contentType.Equal(oidDigested):
		d.Inside = "digested data, not signed"
	case e.contentType.Equal(oidData):
		d.Inside = "data; whether it is signed or digested shows when it is opened"
	default:
		d.Inside = "content of the type " + e.contentType.String() + ", which a Secure DICOM File does not have"
	}
	return d, nil
}
