package dataset

import (
	"context"
	"encoding/binary"
	"fmt"
)

// Split returns the images of a source that are held out from training, about share of them, or with heldOut false the rest.
//
// The side of an image depends only on its patient, where the file's name ([Patient]) or a DICOM file itself tells one, else on the SHA-256 of its file's
// content, so that nothing leaks from one side to the other. Copies of a file, all slices of a volume and all images of a patient are on
// one side, and a held-out file stays so when others come or go or when share grows. A file that was stored anew, in another format or
// size, counts as another, unless the name tells its patient. Drawn images are split by their names. Split reads the files that this
// process has not read for a split before.
//
// It returns an error if share is not between 0 and 1, if a file cannot be read, and if the side asked for is empty, since few files
// follow the share only roughly. When ctx ends, it returns its error.
func Split(ctx context.Context, src Source, share float64, heldOut bool) (Source, error) {
	if !(share > 0 && share < 1) {
		return nil, fmt.Errorf("a share of %v held out: it must be above 0 and below 1", share)
	}
	hashes, err := hashesOf(ctx, src)
	if err != nil {
		return nil, err
	}
	var side []int
	for i, h := range byPatient(src, hashes) {
		if isHeldOut(h, share) == heldOut {
			side = append(side, i)
		}
	}
	switch {
	case len(side) == 0 && heldOut:
		return nil, fmt.Errorf("none of the %d images is held out at a share of %v: take a larger share or more files", src.Len(), share)
	case len(side) == 0:
		return nil, fmt.Errorf("all of the %d images are held out at a share of %v: take a smaller share or more files", src.Len(), share)
	}
	return Select(src, side), nil
}

// isHeldOut takes the first 53 bits of a hash as a number in [0, 1).
func isHeldOut(h fileHash, share float64) bool {
	return float64(binary.BigEndian.Uint64(h[:])>>11)/(1<<53) < share
}

// Without returns the images of src that are not of a file or a patient of other. Drawn images all stay.
func Without(ctx context.Context, src, other Source) (Source, error) {
	theirs, err := FileHashes(ctx, other)
	if err != nil {
		return nil, err
	}
	ours, err := FileHashes(ctx, src)
	if err != nil {
		return nil, err
	}
	gone := map[string]bool{}
	patient, theirPatient := patientsOf(src), patientsOf(other)
	for i, h := range theirs {
		p := theirPatient(i)
		gone[h], gone[p] = h != "", p != ""
	}
	var rest []int
	for i, h := range ours {
		if !gone[h] && !gone[patient(i)] {
			rest = append(rest, i)
		}
	}
	return Select(src, rest), nil
}
