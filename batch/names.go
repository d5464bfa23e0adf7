package batch

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"keygan/batch/keyfile"
	"keygan/data/imagefile"
)

// The ends of names: of cipher images, of their key files (sealed, sealed and not encrypted, research), and of what keygen makes.
const (
	CipherSuffix      = ".cipher.png"
	KeyFileSuffix     = keyfile.Suffix
	PlainKeySuffix    = keyfile.PlainSuffix
	ResearchKeySuffix = ".key.npz"
	keyImageSuffix    = ".key.png"
	keyArraySuffix    = ".key.npy"
	keysSuffix        = ".keys.npz"
)

// maxFileName is how many bytes a name has at most in most file systems.
const maxFileName = 255

// wantedFile takes all files in a folder but those that keygan makes of others.
func wantedFile(name string) string {
	if hasSuffix(name, keyImageSuffix, keyArraySuffix, keysSuffix, CipherSuffix) || isKeyFile(name) {
		return "made by keygan"
	}
	return ""
}

// wantedImage takes only those of them that are called as images are.
func wantedImage(name string) string {
	if why := wantedFile(name); why != "" || imagefile.ImageName(name) {
		return why
	}
	return "not an image, by its name"
}

// wantedCipherImage takes the cipher images in a folder, and their key files.
func wantedCipherImage(name string) string {
	if IsCipherImage(name) || isKeyFile(name) {
		return ""
	}
	return "not a cipher image: its name does not end in " + CipherSuffix
}

// isKeyFile reports whether a file is called as a key file is, or as one that a killed process kept.
func isKeyFile(name string) bool {
	return hasSuffix(spareName.ReplaceAllString(name, ""), KeyFileSuffix, PlainKeySuffix, ResearchKeySuffix)
}

// spareName ends the names of old key files that atomicfile keeps while a pair is replaced.
var spareName = regexp.MustCompile(`~[1-9][0-9]?$`)

// IsCipherImage reports whether a file is called as a cipher image is.
func IsCipherImage(name string) bool { return hasSuffix(name, CipherSuffix) }

// hasSuffix reports whether a name ends in one of some suffixes, in any case.
func hasSuffix(name string, suffixes ...string) bool {
	lower := strings.ToLower(name)
	return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(lower, s) })
}

// stem returns a file's name without what tells its format.
func stem(path string) string {
	name := filepath.Base(path)
	for _, e := range []string{CipherSuffix, ".nii.gz", filepath.Ext(name)} {
		if n := len(name) - len(e); n > 0 && strings.EqualFold(name[n:], e) {
			return name[:n]
		}
	}
	return name
}

// KeyFileBeside returns the path of the key file with this suffix that belongs to a cipher image.
func KeyFileBeside(path, suffix string) string {
	return filepath.Join(filepath.Dir(path), stem(path)+suffix)
}

// withoutKeySuffix takes .key.age, or another suffix with two dots, off a path.
func withoutKeySuffix(path string) string {
	path = strings.TrimSuffix(path, filepath.Ext(path))
	return strings.TrimSuffix(path, filepath.Ext(path))
}
