package dataset

import (
	"context"
	"encoding/binary"
	"fmt"
	"keygan/data/raster"
)

// Split returns the part of a source that is held out from training, about share of it, or with heldOut false the rest.
//
// The side of an image depends on the SHA-256 of its file's content alone, so that nothing leaks from one side to the other:
// copies of a file are on one side whatever they are called, all slices of a volume are, and no file changes sides when others
// are added or removed, or when share grows. A file that was stored anew, in another format or size, counts as another.
// Drawn images are split by their names. Each call reads files that this process has not read for a split before.
//
// It is an error when share is not between 0 and 1, when a file cannot be read, and when the side asked for is empty: with few
// files, the shares are only roughly as asked for. It ends early when ctx does, with its error.
func Split(ctx context.Context, src Source, share float64, heldOut bool) (Source, error) {
	if !(share > 0 && share < 1) {
		return nil, fmt.Errorf("a share of %v held out: it must be above 0 and below 1", share)
	}
	hashes, err := hashesOf(ctx, src)
	if err != nil {
		return nil, err
	}
	side := &subset{src: src}
	for i, h := range hashes {
		if isHeldOut(h, share) == heldOut {
			side.images = append(side.images, i)
		}
	}
	if len(side.images) == 0 {
		if heldOut {
			return nil, fmt.Errorf("none of the %d images is held out at a share of %v: a larger share, or more files, would do", src.Len(), share)
		}
		return nil, fmt.Errorf("all of the %d images are held out at a share of %v: a smaller share, or more files, would do", src.Len(), share)
	}
	return side, nil
}

// isHeldOut takes the first 53 bits of a hash as a number in [0, 1).
func isHeldOut(h fileHash, share float64) bool {
	return float64(binary.BigEndian.Uint64(h[:])>>11)/(1<<53) < share
}

// Without returns the images of a source whose file's content is not that of a file of another. Drawn images all stay.
func Without(ctx context.Context, src, other Source) (Source, error) {
	theirs, err := hashesOf(ctx, other)
	if err != nil {
		return nil, err
	}
	ours, err := hashesOf(ctx, src)
	if err != nil {
		return nil, err
	}
	gone := map[fileHash]bool{}
	for i, h := range theirs {
		if fileOf(other, i) != "" {
			gone[h] = true
		}
	}
	rest := &subset{src: src}
	for i, h := range ours {
		if !gone[h] || fileOf(src, i) == "" {
			rest.images = append(rest.images, i)
		}
	}
	return rest, nil
}

// Select returns the images of a source with the given numbers.
func Select(src Source, images []int) Source { return &subset{src, images} }

// A subset is some images of a source.
type subset struct {
	src    Source
	images []int
}

func (s *subset) Len() int                           { return len(s.images) }
func (s *subset) Name(i int) string                  { return s.src.Name(s.images[i]) }
func (s *subset) Image(i int) (*raster.Image, error) { return s.src.Image(s.images[i]) }

func (s *subset) Readable(i int) bool { return isReadable(s.src, s.images[i]) }

func (s *subset) Locate(i int) (path, part string) { return locate(s.src, s.images[i]) }
