package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Digest identifies the content of a source in 64 hexadecimal digits: the SHA-256 of the hash of each image's file and the part of the
// file that the image is, in the order of the source. Drawn images count by their names. Names and places of files do not matter.
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

// FileHashes returns for each image of a source the SHA-256 of its file in hexadecimal digits, or "" for an image that comes from no file.
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
