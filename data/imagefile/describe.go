package imagefile

import "io"

// A Fact is something that a file says of its picture.
type Fact struct {
	Label string // for people
	Name  string // for programs
	Value any
}

// A Description is what a file says of itself beside its samples.
type Description struct {
	Kind  string
	Facts []Fact

	// Identifying are attributes that may tell who the patient is: for the eyes only of those who ask for them.
	Identifying []Fact
	Unreadable  error // why the picture cannot be read, or nil
}

// Describe describes the file at path. It returns nil if its format has no description. Errors read "path: reason".
func Describe(path string) (*Description, error) {
	return readPath(path, func(f *Format, file *io.SectionReader) (*Description, error) {
		if f.Describe == nil {
			return nil, nil
		}
		return f.Describe(file)
	})
}
