package sealed

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"keygan/cipher/agekeys"
	"keygan/data/raster"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
)

// sealedVector2 is one of testdata/sealed-v2.json, which testdata/make_sealed_vectors.py made.
type sealedVector2 struct {
	Description, Kind, Name, Generator string
	NetworkInput                       string `json:"network_input"`
	Height, Width, Channels, Depth     int
	Secret, PRK, Key                   hexBytes
	NetworkKey                         hexBytes `json:"network_key"`
	PlainLabel                         string   `json:"plain_label"` // the plain bytes are SHAKE128 of it
	PlainLength                        int      `json:"plain_length"`
	A, B, Iterations                   int
	Header                             string
	Cipher                             struct {
		Hex    string
		SHA256 string // of cipher images of more than 4096 bytes
		Length int
	}
	KeyFile string `json:"key_file"`
}

func (v *sealedVector2) plain() []byte { return sha3.SumSHAKE128([]byte(v.PlainLabel), v.PlainLength) }

func readSealedVectors2(t testing.TB) []sealedVector2 {
	t.Helper()
	b, err := os.ReadFile("testdata/sealed-v2.json")
	if err != nil {
		t.Fatal(err)
	}
	var v []sealedVector2
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if len(v) < 17 {
		t.Fatalf("%d vectors", len(v))
	}
	return v
}

func TestVectorsOfVersion2(t *testing.T) {
	for _, v := range readSealedVectors2(t) {
		t.Run(v.Description, func(t *testing.T) {
			parsed, err := ParseKey([]byte(v.KeyFile))
			if err != nil {
				t.Fatal(err)
			}
			o := Options{
				Name: v.Name, NetworkKey: v.NetworkKey, Generator: v.Generator, NetworkInput: v.NetworkInput,
				Mode: parsed.Header.Mode, Modified: parsed.Header.Modified, Random: bytes.NewReader(v.Secret),
			}
			samples, k := v.seal(t, o)
			s, err := k.schedule()
			if err != nil {
				t.Fatal(err)
			}
			key := make([]byte, aesKeySize)
			k.expand(key, "aes-256-gcm-key")
			if s.cat != (catMapParams{v.A, v.B, v.Iterations}) || !bytes.Equal(key, v.Key) || !bytes.Equal(k.PRK[:], v.PRK) {
				t.Errorf("cat map %+v, or other keys", s.cat)
			}
			if d := cmp.Diff([]string{v.Header, v.KeyFile}, []string{string(k.Header.marshal()), string(k.Marshal())}); d != "" {
				t.Error(d)
			}
			sum := sha256.Sum256(samples)
			if long := v.Cipher.SHA256 != ""; long && (hex.EncodeToString(sum[:]) != v.Cipher.SHA256 || len(samples) != v.Cipher.Length) ||
				!long && hex.EncodeToString(samples) != v.Cipher.Hex {
				t.Error("other samples")
			}
			if got := v.open(t, parsed, samples); !bytes.Equal(got, v.plain()) {
				t.Error("other content")
			}
		})
	}
}

func (v *sealedVector2) image(pix []byte) *raster.Image {
	return &raster.Image{Width: v.Width, Height: v.Height, Channels: v.Channels, Depth: v.Depth, Pix: pix}
}

func (v *sealedVector2) seal(t *testing.T, o Options) ([]byte, *Key) {
	t.Helper()
	if v.Kind == kindFile {
		return encrypted(t, v.plain(), o)
	}
	m, k := mustSeal(t, v.image(v.plain()), o)
	return m.Pix, k
}

func (v *sealedVector2) open(t *testing.T, k *Key, samples []byte) []byte {
	t.Helper()
	if v.Kind == kindFile {
		got, err := decrypted(k, samples)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	m, err := OpenImage(v.image(samples), k)
	if err != nil {
		t.Fatal(err)
	}
	return m.Pix
}

// testdata/sealed-v2.* were written by the first version of format 2 and must open for ever: an image, noise(61, 47, 3, 11), and a
// file, noise(660, 100, 1, 12), with key files for sealed-v1.identity.
func TestFilesOfVersion2(t *testing.T) {
	identity, err := os.ReadFile("testdata/sealed-v1.identity")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := agekeys.ParseIdentities("sealed-v1.identity", identity, nil)
	if err != nil {
		t.Fatal(err)
	}
	cipher, k := readSealedPair(t, "testdata/sealed-v2.image", ids)
	m, err := OpenImage(cipher, k)
	if err != nil || !same(m, noise(61, 47, 3, 11)) {
		t.Errorf("error %v, or another image", err)
	}
	if h := k.Header; h.Version != 2 || h.Name != "scan 01.png" || h.Generator != strings.Repeat("5a", 32) || h.NetworkInput != "256x256" || h.Mode != 0o644 || !h.Modified.Equal(someTime) {
		t.Errorf("header %+v", h)
	}
	cipher, k = readSealedPair(t, "testdata/sealed-v2.file", ids)
	content, err := decrypted(k, cipher.Pix)
	if err != nil || !bytes.Equal(content, noise(660, 100, 1, 12).Pix) {
		t.Errorf("error %v, or another file", err)
	}
	if h := k.Header; h.Version != 2 || h.Name != "brain.nii.gz" || h.Generator != "" || h.Mode != 0o600 || !h.Modified.Equal(someTime) {
		t.Errorf("header %+v", h)
	}
}

// Rekeying keeps every byte of the key file's plaintext, and so its version.
func TestRekeyKeepsTheVersion(t *testing.T) {
	identity, err := os.ReadFile("testdata/sealed-v1.identity")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := agekeys.ParseIdentities("sealed-v1.identity", identity, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{"sealed-v1.image", "sealed-v1.file", "sealed-v2.image", "sealed-v2.file", "sealed-v3.image", "sealed-v3.file"} {
		_, k := readSealedPair(t, "testdata/"+base, ids)
		next := newParty(t)
		var b bytes.Buffer
		if err := rekey(&b, bytes.NewReader(wrap(t, k, next.Recipient)), []age.Identity{next.Identity}, []age.Recipient{next.Recipient}); err != nil {
			t.Fatal(err)
		}
		got, err := ReadKey(&b, next.Identity)
		if err != nil || !bytes.Equal(got.Marshal(), k.Marshal()) {
			t.Errorf("%s: error %v, or another key", base, err)
		}
	}
}
