package main

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"keygan/cipher"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
	"keygan/infer"
	"keygan/infer/statedict"
	"keygan/internal/npz"

	"filippo.io/age"
	"github.com/spf13/cobra"
)

func (a *app) inspectCommand() *cobra.Command {
	var asJSON, showSecret bool
	passphrase := passphrases{app: a}
	var identityFiles []string
	c := &cobra.Command{
		Use:   "inspect FILE [-i IDENTITYFILE | -p] [--json] [--show-secret]",
		Short: "Say what a weights, key, cipher or image file holds",
		Long: `Say what a file holds: weights (generator.npz), a key file (X.key.age, X.key.json, X.key.npz), a cipher image or any other
image. The kind is told by the content. A key file of age shows what it is of to an identity that opens it (-i) or a passphrase (-p). The
key in it, from which all else is derived, is shown with --show-secret alone: as 128 hexadecimal digits that open the image.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("inspect takes one file")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			defer passphrase.wipe()
			identities, err := passphrase.identities(cmd.Context(), identityFiles)
			if err != nil {
				return fmt.Errorf("inspect: %w", err)
			}
			found, err := inspect(args[0], identities, showSecret)
			if err != nil {
				return fmt.Errorf("inspect: %w", err)
			}
			if _, key := found.(sealedKeyFinding); showSecret && !key {
				return usagef("inspect: %s: no sealed key file, so --show-secret has no meaning", args[0])
			}
			if asJSON {
				return writeJSON(a.stdout, found)
			}
			found.print(a.stdout)
			return nil
		},
	}
	c.Flags().StringArrayVarP(&identityFiles, "identity", "i", nil, "a file with identities that open a key file of age; may be repeated")
	passphrase.addFlags(c, "", "ask for the passphrase of a key file")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	c.Flags().BoolVar(&showSecret, "show-secret", false, "show the key in a sealed key file, too")
	return c
}

// finding is what a file holds.
type finding interface{ print(io.Writer) }

func inspect(path string, identities []age.Identity, showSecret bool) (finding, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	start := make([]byte, len(ageArmor))
	n, err := io.ReadFull(f, start)
	if err != nil && n == 0 {
		if err == io.EOF {
			err = errors.New("is empty")
		}
		return nil, named(path, err)
	}
	start = start[:n]
	switch {
	case statedict.IsFile(path):
		return nil, hinted{named(path, errors.New("a file of PyTorch, which is read by import alone")), weightsHint(path)}
	case bytes.HasPrefix(start, []byte("PK\x03\x04")) || bytes.HasPrefix(start, []byte("PK\x05\x06")):
		return inspectArchive(path)
	case bytes.HasPrefix(start, []byte(ageIntro)) || bytes.HasPrefix(start, []byte(ageArmor)):
		return inspectAge(path, identities, showSecret)
	case isUnencrypted(path):
		return inspectUnencrypted(path, showSecret)
	}
	return inspectImage(path, identities)
}

// maxArchive bounds an archive, in bytes: more than the weights and key files that can be read take.
const maxArchive = 5 << 28

func inspectArchive(path string) (finding, error) {
	archive, err := npz.ReadFile(path, maxArchive)
	if err != nil {
		return nil, err
	}
	names := archive.Names()
	switch {
	case slices.Contains(names, "arch"):
		return inspectWeights(path)
	case slices.Contains(names, "meta"):
		return inspectKeyFile(path)
	}
	return nil, fmt.Errorf("%s: a NumPy archive, but neither weights (no array \"arch\") nor a key file (no array \"meta\")", path)
}

type weightsFinding struct {
	Kind       string     `json:"kind"`
	Arch       infer.Arch `json:"arch"`
	Parameters int        `json:"parameters"`
	Operations float64    `json:"operations"` // of a key at the size of the training
	TakesNoise bool       `json:"takes_noise"`
	Hash       string     `json:"sha256"`
}

func inspectWeights(path string) (finding, error) {
	m, err := infer.ReadFile(path)
	if err != nil {
		return nil, err
	}
	a := m.Arch()
	operations, err := a.Operations(a.ImageSize, a.ImageSize)
	if err != nil {
		return nil, named(path, err)
	}
	return weightsFinding{"weights", a, a.Parameters(), operations, m.TakesNoise(), m.Hash()}, nil
}

func (f weightsFinding) print(w io.Writer) {
	field(w, "kind", "weights of a generator")
	field(w, "network", f.Arch.Network)
	field(w, "parameters", f.Parameters)
	field(w, "channels", f.Arch.Channels)
	side := fmt.Sprintf("%d×%d", f.Arch.ImageSize, f.Arch.ImageSize)
	if f.Arch.Latent > 0 {
		field(w, "makes keys of", side)
	} else {
		field(w, "trained at", side)
		field(w, "makes keys of", "any size: that of the image")
	}
	field(w, "work", fmt.Sprintf("%.3g GFLOP for a key of %s", f.Operations/1e9, side))
	field(w, "algorithms", algorithmsOf(f.Arch))
	field(w, "value range", fmt.Sprintf("[%g, %g]", f.Arch.ValueRange[0], f.Arch.ValueRange[1]))
	field(w, "noise", noiseOf(f.Arch))
	field(w, "format version", f.Arch.FormatVersion)
	if f.Arch.ConfigHash != "" {
		field(w, "configuration", shown(f.Arch.ConfigHash))
	}
	field(w, "SHA-256", f.Hash)
	field(w, "layers", len(f.Arch.Layers))
	for _, l := range f.Arch.Layers {
		fmt.Fprintf(w, "  %-24s %-14s %4d → %-4d k%d s%d p%d  %-11s  %s\n",
			shown(l.Name), l.Type, l.In, l.Out, l.Kernel, l.Stride, l.Padding, l.Algorithm, afterwards(l))
	}
}

// algorithmsOf says how many layers are computed by which algorithm.
func algorithmsOf(a infer.Arch) string {
	layers := map[string]int{}
	for _, l := range a.Layers {
		layers[l.Algorithm]++
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(layers)) {
		all = append(all, fmt.Sprintf("%s (%d layers)", name, layers[name]))
	}
	return strings.Join(all, ", ")
}

// noiseOf says what noise goes into a key.
func noiseOf(a infer.Arch) string {
	var all []string
	if a.Latent > 0 {
		all = append(all, fmt.Sprintf("%d numbers, no image", a.Latent))
	}
	if a.InputNoise > 0 {
		all = append(all, fmt.Sprintf("added to the image, σ = %g of the value range", a.InputNoise))
	}
	layers := 0
	for _, l := range a.Layers {
		if l.Noise != "" {
			layers++
		}
	}
	if layers > 0 {
		all = append(all, fmt.Sprintf("added by %d of %d layers", layers, len(a.Layers)))
	}
	return cmp.Or(strings.Join(all, "; "), "none")
}

// afterwards lists what follows a layer's convolution, in the order in which it is done.
func afterwards(l infer.Layer) string {
	var all []string
	add := func(what string, is bool) {
		if is {
			all = append(all, what)
		}
	}
	add("bias", l.Bias)
	add(l.Norm, l.Norm != "")
	add(l.BeforeAdd, l.BeforeAdd != "")
	add(l.Residual, l.Residual != "")
	add(l.Activation, l.Activation != "")
	add("noise", l.Noise != "")
	return strings.Join(all, ", ")
}

type keyFileFinding struct {
	Kind        string `json:"kind"`
	Scheme      string `json:"scheme"`
	Iterations  int    `json:"iterations"`
	A           int    `json:"a"`
	B           int    `json:"b"`
	Width       int    `json:"width"`
	Height      int    `json:"height"`
	Channels    int    `json:"channels"`
	Depth       int    `json:"depth"`
	KeyChannels int    `json:"key_channels"`
	KeyBytes    int    `json:"key_bytes"`
	SHA256      string `json:"cipher_sha256"`
	Name        string `json:"name"`
	Warning     string `json:"warning,omitempty"`
}

func inspectKeyFile(path string) (finding, error) {
	k, err := cipher.ReadKeyFile(path)
	if err != nil {
		return nil, err
	}
	found := keyFileFinding{
		Kind: "key file", Scheme: k.Scheme, Iterations: k.Params.Iterations, A: k.Params.A, B: k.Params.B,
		Width: k.Width, Height: k.Height, Channels: k.Channels, Depth: k.Depth,
		SHA256: hex.EncodeToString(k.SHA256[:]), Name: k.Name, Warning: cipher.Describe(k.Scheme).Warning,
	}
	if k.Key != nil {
		found.KeyChannels, found.KeyBytes = k.Key.Channels, len(k.Key.Pix)
	}
	return found, nil
}

func (f keyFileFinding) print(w io.Writer) {
	shape := raster.Image{Width: f.Width, Height: f.Height, Channels: f.Channels, Depth: f.Depth}
	field(w, "kind", "key file")
	field(w, "scheme", f.Scheme)
	if f.Iterations > 0 {
		field(w, "cat map", fmt.Sprintf("%d iterations, a = %d, b = %d", f.Iterations, f.A, f.B))
	}
	field(w, "opens an image of", &shape)
	field(w, "made from", f.Name)
	if f.KeyBytes > 0 {
		field(w, "key", fmt.Sprintf("%d bytes, %d channels (not shown)", f.KeyBytes, f.KeyChannels))
	} else {
		field(w, "key", "two numbers (not shown)")
	}
	field(w, "SHA-256 of image", f.SHA256)
	if f.Warning != "" {
		field(w, "warning", f.Warning)
	}
}

type imageFinding struct {
	Kind     string         `json:"kind"`
	Width    int            `json:"width"`
	Height   int            `json:"height"`
	Channels int            `json:"channels"`
	Depth    int            `json:"depth"`
	SHA256   string         `json:"sha256"` // cipher.Digest, as a key file has it
	KeyFile  string         `json:"key_file,omitempty"`
	Opens    *bool          `json:"key_file_opens,omitempty"`
	Metrics  metrics.Single `json:"metrics"`
	shape    string
}

// inspectImage measures an image. Of one that has a key file beside it, it says whether the two belong together.
func inspectImage(path string, identities []age.Identity) (finding, error) {
	m, err := imagefile.ReadImage(path)
	if err != nil {
		return nil, err
	}
	sum := cipher.Digest(m)
	f := imageFinding{
		Kind: "image", Width: m.Width, Height: m.Height, Channels: m.Channels, Depth: m.Depth,
		SHA256: hex.EncodeToString(sum[:]), Metrics: metrics.Measure(m), shape: m.String(),
	}
	if !cipherImage(path) {
		return f, nil
	}
	f.Kind = "cipher image"
	if beside := keyFileBeside(path, keyFileSuffix); exists(beside) {
		k, err := cipher.ReadKeyFile(beside)
		opens := err == nil && k.SHA256 == sum
		f.KeyFile, f.Opens = beside, &opens
	} else if beside := keyFileBeside(path, plainKeySuffix); exists(beside) {
		opens := opensSealed(path, beside, nil)
		f.KeyFile, f.Opens = beside, &opens
	} else if beside := keyFileBeside(path, sealedKeySuffix); exists(beside) {
		f.KeyFile = beside
		if len(identities) > 0 {
			opens := opensSealed(path, beside, identities)
			f.Opens = &opens
		}
	}
	return f, nil
}

func (f imageFinding) print(w io.Writer) {
	field(w, "kind", f.Kind)
	field(w, "shape", f.shape)
	field(w, "SHA-256 of image", f.SHA256)
	switch {
	case f.Opens != nil && *f.Opens:
		field(w, "key file", f.KeyFile+" opens it")
	case f.Opens != nil:
		field(w, "key file", f.KeyFile+" does NOT open it")
	case f.KeyFile != "":
		field(w, "key file", f.KeyFile+", encrypted: -i or -p tells whether it opens it")
	case f.Kind == "cipher image":
		field(w, "key file", "none beside it")
	}
	field(w, "entropy", number(&f.Metrics.Entropy, 6)+" bits a byte")
	field(w, "χ²", number(&f.Metrics.ChiSquare, 3)+", 255 degrees of freedom")
	c := f.Metrics.Correlation
	field(w, "correlation", fmt.Sprintf("horizontal %s, vertical %s, diagonal %s", number(c.Horizontal, 6), number(c.Vertical, 6), number(c.Diagonal, 6)))
}

// field prints one line of a finding.
func field(w io.Writer, name string, value any) { fmt.Fprintf(w, "%-18s %v\n", name, value) }
