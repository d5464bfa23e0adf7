package inputs

import (
	"context"
	"errors"
	"keygan/cipher"
	"keygan/data/dataset"
	"keygan/train/config"
	"keygan/train/internal/traintest"
	"testing"
)

// Targets of their own are encrypted, those beside them are not, and what is held out of the source is in neither.
func TestEncryptedTargetsOfAFolder(t *testing.T) {
	folder := traintest.ManyPictures(t, 40)
	c := traintest.FolderConfig(t, folder, folder)
	c.Image = config.Image{Size: 24, Channels: 1}
	c.Data.HeldOut = 0.3
	c.Target[0].Encrypt = "logistic"
	c.Target = append(c.Target, config.Target{Spec: dataset.Spec{Synthetic: "noise", Count: 3, Size: 24}})
	d := mustDataset(t, c, nil)
	n := d.Source.Len()
	if d.HeldOut.Len() == 0 || d.Target.Len() != n+3 {
		t.Fatalf("%d sources, %d held out, %d targets", n, d.HeldOut.Len(), d.Target.Len())
	}
	keystream, err := cipher.LogisticKeystream(24*24, cipher.LogisticX0, cipher.LogisticR)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n { // those that are encrypted come last
		plain, err := d.Source.Image(i)
		secret, err2 := d.Target.Image(3 + i)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		for k, v := range plain.Pix {
			if secret.Pix[k] != v^keystream[k] {
				t.Fatalf("image %d, sample %d: %d encrypted is %d", i, k, v, secret.Pix[k])
			}
		}
	}
	if _, located := d.Target.(dataset.Located); located {
		if path, _ := d.Target.(dataset.Located).Locate(3); path != "" {
			t.Errorf("an encrypted image says it is %s", path)
		}
	}
}

// The digest of a paired target is that of its images: a run must notice when they change.
func TestDigestOfEncryptedTargets(t *testing.T) {
	c := traintest.SmallConfig(t)
	c.Target = []config.Target{{Encrypt: "logistic"}}
	d := mustDataset(t, c, nil)
	if want, err := dataset.Digest(context.Background(), d.Source); err != nil || d.TargetDigest != want {
		t.Errorf("digest %s, want %s (%v)", d.TargetDigest, want, err)
	}
}
