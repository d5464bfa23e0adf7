package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Digest says in 64 hexadecimal digits what a source holds: the SHA-256 of the hashes of its files, with the part of the file
// that each image is, in the order of the source. Drawn images count by their names. Wherever the files lie and whatever they
// are called, the digest is the same as long as the content and the order are.
func Digest(ctx context.Context, src Source) (string, error) {
	hashes, err := hashesOf(ctx, src)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for i, h := range hashes {
		_, part := locate(src, i)
		fmt.Fprintf(sum, "%x %q\n", h, part)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// FileHashes returns for each image of a source the SHA-256 of the file it comes from, in hexadecimal digits, and "" for an
// image that comes from none.
func FileHashes(ctx context.Context, src Source) ([]string, error) {
	hashes, err := hashesOf(ctx, src)
	if err != nil {
		return nil, err
	}
	all := make([]string, len(hashes))
	for i, h := range hashes {
		if fileOf(src, i) != "" {
			all[i] = hex.EncodeToString(h[:])
		}
	}
	return all, nil
}
