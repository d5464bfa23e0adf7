package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"keygan/batch"
	"keygan/batch/job"
	"keygan/batch/keyfile"
	"keygan/cipher"
	"keygan/cipher/cms"
	"keygan/cipher/sealed"
	"keygan/cmd/internal/cli"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
	"keygan/infer/statedict"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
	"keygan/internal/npz"
	"keygan/internal/regularfile"

	"filippo.io/age"
	"github.com/spf13/cobra"
)

func (a *app) inspectCommand() *cobra.Command {
	var asJSON, showSecret, showIdentifying bool
	var identityFiles []string
	c := &cobra.Command{
		Use:   "inspect FILE [-i IDENTITYFILE | -p] [--json] [--show-secret] [--show-identifying]",
		Short: "Say what a weights, key, cipher or image file holds",
		Long: `Say what a file holds: weights (generator.npz), a key file (X.key.age, X.key.json, X.key.npz), a cipher image a Secure DICOM
File (X.p7m) or any other image. The content tells the kind.

  keygan inspect generator.npz
  keygan inspect out/scan.png.key.age -i me.key

A key file of age shows its content only to an identity that opens it (-i) or to a passphrase (-p). --show-secret also shows the key
in it, from which everything else is derived: 128 hexadecimal digits that open the image.

Of a DICOM file, it says what it holds and what keygan can do with it. Attributes that may tell who the patient is, such as names, dates
and numbers, are only counted; --show-identifying shows them.`,
		Args: cli.OneArg("file"),
	}
	passphrase := a.addPassphrase(c, "", "ask for the passphrase of a key file")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		defer passphrase.Wipe()
		identities, err := passphrase.Identities(cmd.Context(), identityFiles)
		if err != nil {
			return err
		}
		found, err := inspect(args[0], identities, showSecret, showIdentifying)
		switch {
		case err != nil:
			return err
		case showSecret && !found.sealedKey:
			return failure.Usagef("%s: not a sealed key file, so --show-secret does not apply", args[0])
		case showIdentifying && !found.described:
			return failure.Usagef("%s: not a DICOM file, so --show-identifying does not apply", args[0])
		case asJSON:
			return cli.WriteJSON(a.Stdout, found)
		}
		for _, f := range found.fields {
			if f.label != "" {
				fmt.Fprintf(a.Stdout, "%-18s %v\n", f.label, f.text)
			}
		}
		for _, line := range found.more {
			fmt.Fprintln(a.Stdout, line)
		}
		return nil
	}
	c.Flags().StringArrayVarP(&identityFiles, "identity", "i", nil, "a file with identities that open a key file of age; may be repeated")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	c.Flags().BoolVar(&showSecret, "show-secret", false, "show the key in a sealed key file as well")
	c.Flags().BoolVar(&showIdentifying, "show-identifying", false, "show the attributes of a DICOM file that may tell who the patient is")
	return c
}

// A finding is what a file holds.
type finding struct {
	fields    []field
	more      []string // lines below the fields
	sealedKey bool
	described bool // by the file's format, with what may identify a patient
}

// A field is a line for people, a member of the JSON object, or both.
type field struct {
	label string // "": JSON only
	text  any
	name  string // of the member; "": no JSON
	value any
}

// add adds a field whose text is its value.
func (f *finding) add(label, name string, value any) {
	f.fields = append(f.fields, field{label, value, name, value})
}

// line adds a field without JSON.
func (f *finding) line(label string, text any) {
	f.fields = append(f.fields, field{label: label, text: text})
}

// shape adds the shape of an image.
func (f *finding) shape(label string, width, height, channels, depth int) {
	f.line(label, &raster.Image{Width: width, Height: height, Channels: channels, Depth: depth})
	f.add("", "width", width)
	f.add("", "height", height)
	f.add("", "channels", channels)
	f.add("", "depth", depth)
}

func (f *finding) MarshalJSON() ([]byte, error) {
	var members [][]byte
	for _, m := range f.fields {
		if m.name == "" {
			continue
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		members = append(members, fmt.Appendf(nil, "%q:%s", m.name, value))
	}
	return fmt.Appendf(nil, "{%s}", bytes.Join(members, []byte(","))), nil
}

func inspect(path string, identities []age.Identity, showSecret, showIdentifying bool) (*finding, error) {
	f, err := regularfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	start := make([]byte, 4)
	n, err := io.ReadFull(f, start)
	if err == io.EOF {
		err = errors.New("is empty")
	}
	if err != nil && n == 0 {
		return nil, fileerr.Named(path, err)
	}
	switch {
	case statedict.IsFile(path):
		return nil, failure.Hint(fmt.Errorf("%s: a PyTorch file, which only import reads", path), batch.WeightsHint(path))
	case bytes.Equal(start, []byte("PK\x03\x04")) || bytes.Equal(start, []byte("PK\x05\x06")):
		return inspectArchive(path)
	case keyfile.IsAge(path) || keyfile.IsUnencrypted(path):
		return inspectKey(path, identities, showSecret)
	}
	if info, err := f.Stat(); err == nil && start[0] == 0x30 { // a SEQUENCE
		if d, err := cms.Describe(f, info.Size()); err != cms.ErrFormat {
			return secureDICOM(d), fileerr.Named(path, err)
		}
	}
	described, err := imagefile.Describe(path)
	if err != nil {
		return nil, err
	}
	found := &finding{}
	if described == nil {
		return found, found.inspectImage(path, "image", identities)
	}
	image := &finding{}
	if described.Unreadable == nil {
		described.Unreadable = image.inspectImage(path, "", identities)
	}
	_, err = imagefile.LeftBehind(path)
	found.describe(path, described, err == nil, showIdentifying)
	found.fields = append(found.fields, image.fields...)
	return found, nil
}

// describe adds what an image's format says of a file. pixels tells whether --pixels takes it.
func (f *finding) describe(path string, d *imagefile.Description, pixels, showIdentifying bool) {
	f.described = true
	f.add("kind", "kind", d.Kind)
	for _, fact := range d.Facts {
		f.add(fact.Label, fact.Name, fact.Value)
	}
	usable := "sealed as a file; trained with, measured, made a key of"
	if pixels {
		usable = "sealed as a file or with --pixels; trained with, measured, made a key of"
	}
	if d.Unreadable != nil {
		usable = "sealed as a file; nothing else: " + strings.TrimPrefix(d.Unreadable.Error(), path+": ")
	}
	f.add("can be", "can_be", usable)
	if hint := failure.HintOf(d.Unreadable); hint != "" {
		f.add("hint", "hint", hint)
	}
	if !showIdentifying {
		f.add("", "identifying", len(d.Identifying))
		f.line("identifying", fmt.Sprintf("%d attributes (not shown)", len(d.Identifying)))
		return
	}
	values := map[string]string{}
	for _, fact := range d.Identifying {
		text := fmt.Sprint(fact.Value)
		f.line(fact.Label, cli.Shown(text))
		values[fact.Name] = text
	}
	f.add("", "identifying", values)
}

func inspectArchive(path string) (*finding, error) {
	archive, err := npz.ReadFile(path, 5<<28) // bytes; weights and key files take less
	if err != nil {
		return nil, err
	}
	switch names := archive.Names(); {
	case slices.Contains(names, "arch"):
		return inspectWeights(path)
	case slices.Contains(names, "meta"):
		return inspectKeyFile(path)
	case slices.Contains(names, "keys"):
		return inspectKeys(path, archive)
	}
	return nil, fmt.Errorf("%s: a NumPy archive, but neither weights (no array \"arch\") nor a key file (no array \"meta\")", path)
}

// secureDICOM says what anybody can read in what may be a Secure DICOM File.
func secureDICOM(d cms.Description) *finding {
	f := &finding{}
	f.add("kind", "kind", "CMS EnvelopedData, as Secure DICOM Files are; dicom-open opens those")
	f.add("inside", "inside", d.Inside)
	f.add("encryption", "encryption", d.Encryption)
	f.add("recipients", "recipients", d.Recipients)
	transport := "RSA, PKCS #1 v1.5"
	if d.OAEP {
		transport = "RSA-OAEP"
	}
	f.add("key transport", "key_transport", transport)
	return f
}

// inspectKeys shows what keygen makes of a volume or another stack.
func inspectKeys(path string, archive *npz.Archive) (*finding, error) {
	_, shape, err := archive.Bytes("keys")
	if err == nil && len(shape) != 4 {
		err = fmt.Errorf("array keys has the shape %v, not [slices, height, width, channels]", shape)
	}
	if err != nil {
		return nil, fileerr.Named(path, err)
	}
	f := &finding{}
	f.add("kind", "kind", "key images of a stack")
	f.add("slices", "slices", shape[0])
	f.shape("shape of each", shape[2], shape[1], shape[3], 8)
	return f, nil
}

// inspectImage measures an image, whose kind is added unless it is "". If a key file lies beside a cipher image, it finds out whether the two
// belong together.
func (f *finding) inspectImage(path, kind string, identities []age.Identity) error {
	m, err := imagefile.ReadImage(path)
	if err != nil {
		return err
	}
	sum, measured := cipher.Digest(m), metrics.Measure(m)
	isCipherImage := batch.IsCipherImage(path)
	if isCipherImage {
		kind = "cipher image"
	}
	if kind != "" {
		f.add("kind", "kind", kind)
	}
	f.shape("shape", m.Width, m.Height, m.Channels, m.Depth)
	f.add("SHA-256 of image", "sha256", hex.EncodeToString(sum[:])) // as a key file has it
	if isCipherImage {
		f.addKeyFile(path, sum, identities)
	}
	c := measured.Correlation
	f.add("", "metrics", measured)
	f.line("entropy", decimal(&measured.Entropy, 6)+" bits per byte")
	f.line("χ²", decimal(&measured.ChiSquare, 3)+", 255 degrees of freedom")
	f.line("correlation", fmt.Sprintf("horizontal %s, vertical %s, diagonal %s",
		decimal(c.Horizontal, 6), decimal(c.Vertical, 6), decimal(c.Diagonal, 6)))
	return nil
}

// addKeyFile says whether a key file lies beside a cipher image and opens it.
func (f *finding) addKeyFile(path string, sum [32]byte, identities []age.Identity) {
	for _, suffix := range []string{batch.ResearchKeySuffix, batch.PlainKeySuffix, batch.KeyFileSuffix} {
		beside := batch.KeyFileBeside(path, suffix)
		if !job.Exists(beside) {
			continue
		}
		f.add("", "key_file", beside)
		opens := false
		switch {
		case suffix == batch.ResearchKeySuffix:
			k, err := cipher.ReadKeyFile(beside)
			opens = err == nil && k.SHA256 == sum
		case suffix == batch.KeyFileSuffix && len(identities) == 0:
			f.line("key file", beside+", encrypted: -i or -p tells whether it opens it")
			return
		default:
			if suffix == batch.PlainKeySuffix {
				identities = nil
			}
			if k, err := keyfile.Read(beside, identities); err == nil {
				opens = batch.Opening{Path: path, Key: k}.Opens()
				if opens && k.Header.Hidden() {
					f.add("made from", "name", k.Header.Name)
					f.add("in the folder", "folder", k.Header.Folder)
				}
				k.Wipe()
			}
		}
		f.add("", "key_file_opens", opens)
		f.line("key file", beside+map[bool]string{true: " opens it", false: " does NOT open it"}[opens])
		return
	}
	f.line("key file", "none beside it")
}

// inspectKey shows the header of a sealed key file, and with showSecret its key.
func inspectKey(path string, identities []age.Identity, showSecret bool) (*finding, error) {
	plain := keyfile.IsUnencrypted(path)
	switch {
	case plain: // -i and -p change nothing
		identities = nil
	case len(identities) == 0 && showSecret:
		return nil, failure.Hint(fmt.Errorf("%s: %w", path, keyfile.ErrNoIdentity),
			"-i FILE names the identity that opens it, -p asks for a passphrase")
	case len(identities) == 0:
		f := &finding{}
		f.add("kind", "kind", "age file, as sealed key files are")
		f.add("needs", "needs", "an identity that opens it: -i FILE, or a passphrase: -p")
		return f, nil
	}
	k, err := keyfile.Read(path, identities)
	if err != nil {
		return nil, err
	}
	defer k.Wipe()
	f := inspectSealed(k, showSecret)
	if plain {
		f.add("warning", "warning", "not encrypted: whoever can read this file can open its cipher image")
	}
	return f, nil
}

func inspectSealed(k *sealed.Key, showSecret bool) *finding {
	h, f := k.Header, &finding{sealedKey: true}
	f.add("kind", "kind", "sealed key file")
	f.add("scheme", "scheme", cipher.Default)
	f.shape("cipher image", h.Width, h.Height, h.Channels, h.Depth)
	f.add("", "content", h.Kind)
	if h.Kind == "file" {
		f.add("", "length", h.Length) // bytes
		f.line("opens", fmt.Sprintf("a file of %d bytes", h.Length))
	} else {
		f.line("opens", "an image")
	}
	f.add("made from", "name", h.Name)
	if h.Hidden() {
		f.add("in the folder", "folder", h.Folder)
	}
	if h.Mode != 0 {
		f.add("mode", "mode", fmt.Sprintf("%04o", uint32(h.Mode)))
	}
	if !h.Modified.IsZero() {
		f.add("modified", "modified", h.Modified.Format(time.RFC3339Nano))
	}
	if h.Generator == "" {
		f.line("generator", "none took part")
	} else {
		f.add("generator", "generator", h.Generator) // SHA-256
		f.add("network input", "network_input", h.NetworkInput)
	}
	f.add("commitment", "commitment", hex.EncodeToString(h.Commitment[:]))
	if showSecret {
		f.add("key", "prk", hex.EncodeToString(k.PRK[:]))
	} else {
		f.line("key", "not shown")
	}
	return f
}

// inspectKeyFile shows a key file of a research scheme.
func inspectKeyFile(path string) (*finding, error) {
	k, err := cipher.ReadKeyFile(path)
	if err != nil {
		return nil, err
	}
	f := &finding{}
	f.add("kind", "kind", "key file")
	f.add("scheme", "scheme", k.Scheme)
	f.add("", "iterations", k.Params.Iterations)
	f.add("", "a", k.Params.A)
	f.add("", "b", k.Params.B)
	if k.Params.Iterations > 0 {
		f.line("cat map", fmt.Sprintf("%d iterations, a = %d, b = %d", k.Params.Iterations, k.Params.A, k.Params.B))
	}
	f.shape("opens an image of", k.Width, k.Height, k.Channels, k.Depth)
	if v := k.Volume; v != nil {
		f.line("holds a volume of", fmt.Sprintf("%d×%d×%d voxels of %d bits", v.Width, v.Height, v.Slices, 8*v.Bytes))
		f.add("", "slices", v.Slices)
		f.add("", "voxel_bytes", v.Bytes)
		if v.Files != nil {
			f.add("in files", "files", len(v.Files))
		}
	}
	f.add("made from", "name", k.Name)
	channels, bytes := 0, 0
	if k.Key != nil {
		channels, bytes = k.Key.Channels, len(k.Key.Pix)
		f.line("key", fmt.Sprintf("%d bytes, %d channels (not shown)", bytes, channels))
	} else {
		f.line("key", "two numbers (not shown)")
	}
	f.add("", "key_channels", channels)
	f.add("", "key_bytes", bytes)
	f.add("SHA-256 of image", "cipher_sha256", hex.EncodeToString(k.SHA256[:]))
	if w := cipher.Describe(k.Scheme).Warning; w != "" {
		f.add("warning", "warning", w)
	}
	return f, nil
}
