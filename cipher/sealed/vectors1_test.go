package sealed

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"keygan/cipher/agekeys"
	"keygan/data/imagefile"
	"keygan/data/raster"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
)

// sealedVector is one of testdata/sealed.json, which testdata/make_sealed_vectors.py made.
type sealedVector struct {
	Description, Kind, Name, Generator  string
	Height, Width, Channels, Depth      int
	Secret, Plain, PRK, Key, Nonce, Tag hexBytes
	NetworkKey                          hexBytes `json:"network_key"`
	A, B, Iterations                    int
	Header                              string
	Cipher                              hexBytes
	KeyFile                             string `json:"key_file"`
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(b []byte) (err error) {
	*h, err = hex.DecodeString(string(b))
	return err
}

func readSealedVectors(t testing.TB) []sealedVector {
	t.Helper()
	b, err := os.ReadFile("testdata/sealed.json")
	if err != nil {
		t.Fatal(err)
	}
	var v []sealedVector
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if len(v) < 17 {
		t.Fatalf("%d vectors", len(v))
	}
	return v
}

func TestVectors(t *testing.T) {
	for _, v := range readSealedVectors(t) {
		t.Run(v.Description, func(t *testing.T) {
			plain, h := raster.NewImage(v.Width, v.Height, v.Channels, v.Depth), Header{Version: 1, Kind: v.Kind}
			copy(plain.Pix, v.Plain)
			if v.Kind == kindFile {
				h.Length = int64(len(v.Plain))
			}
			cipher, k, err := seal(plain, h, Options{
				Name: v.Name, NetworkKey: v.NetworkKey, Generator: v.Generator, Random: bytes.NewReader(v.Secret),
			})
			if err != nil {
				t.Fatal(err)
			}
			s, err := k.schedule()
			if err != nil {
				t.Fatal(err)
			}
			p := k.catMap(v.Height, v.Width)
			key := make([]byte, aesKeySize)
			k.expand(key, "aes-256-gcm-key")
			type all struct {
				Cat                          [3]int
				PRK, Key, Nonce, Cipher, Tag string
				Header, KeyFile              string
			}
			hexOf := hex.EncodeToString
			want := all{[3]int{v.A, v.B, v.Iterations}, hexOf(v.PRK), hexOf(v.Key), hexOf(v.Nonce), hexOf(v.Cipher), hexOf(v.Tag), v.Header, v.KeyFile}
			got := all{[3]int{p.a, p.b, p.iterations}, hexOf(k.PRK[:]), hexOf(key), hexOf(s.nonce[:]), hexOf(cipher.Pix), hexOf(k.Tag[:]), string(k.Header.marshal()), string(k.Marshal())}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatal(d)
			}

			parsed, err := ParseKey([]byte(v.KeyFile))
			if err != nil {
				t.Fatal(err)
			}
			var opened []byte
			if v.Kind == kindFile {
				opened, err = openFile(cipher, parsed)
			} else {
				var m *raster.Image
				if m, err = OpenImage(cipher, parsed); err == nil {
					opened = m.Pix
				}
			}
			if err != nil || !bytes.Equal(opened, v.Plain) {
				t.Errorf("error %v, or other content", err)
			}
		})
	}
}

// testdata/sealed-v1.* were written by the first version of this format and must open for ever: an image, noise(61, 47, 3, 11),
// and a file, noise(100, 3, 1, 12), in their cipher images, with key files for the identity beside them, which is no secret.
func TestFilesOfVersion1(t *testing.T) {
	identity, err := os.ReadFile("testdata/sealed-v1.identity")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := agekeys.ParseIdentities("sealed-v1.identity", identity, nil)
	if err != nil {
		t.Fatal(err)
	}
	cipher, k := readSealedPair(t, "testdata/sealed-v1.image", ids)
	m, err := OpenImage(cipher, k)
	if err != nil {
		t.Fatal(err)
	}
	if k.Header.Name != "scan 01.png" || len(k.Header.Generator) != 64 || !same(m, noise(61, 47, 3, 11)) {
		t.Errorf("header %+v, or another image", k.Header)
	}
	cipher, k = readSealedPair(t, "testdata/sealed-v1.file", ids)
	content, err := openFile(cipher, k)
	if err != nil {
		t.Fatal(err)
	}
	if k.Header.Name != "brain.nii.gz" || k.Header.Generator != "" || !bytes.Equal(content, noise(100, 3, 1, 12).Pix) {
		t.Errorf("header %+v, or another file", k.Header)
	}
}

func readSealedPair(t *testing.T, base string, ids []age.Identity) (*raster.Image, *Key) {
	t.Helper()
	cipher, err := imagefile.ReadImage(base + ".cipher.png")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(base + ".key.age")
	if err != nil {
		t.Fatal(err)
	}
	k, err := ReadKey(bytes.NewReader(b), ids...)
	if err != nil {
		t.Fatal(err)
	}
	return cipher, k
}
