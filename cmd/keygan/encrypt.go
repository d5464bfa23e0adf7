package main

import (
	"fmt"

	"keygan/batch"
	"keygan/cipher"
	"keygan/cmd/internal/cli"

	"github.com/spf13/cobra"
)

const encryptHelp = `Encrypt files. scan.png gives DIR/scan.png.cipher.png, a picture of noise, and DIR/scan.png.key.age, the key file
that opens it. keygan decrypt gives back every byte, the name and the modification time.

  keygan keypair -o me.key                        makes an identity and prints its recipient, age1…
  keygan encrypt scan.png -o out -r age1…         encrypts a file to this recipient
  keygan encrypt scans -o out -p                  encrypts a folder under a passphrase
  keygan decrypt out -o back -i me.key

The key file is an age file. -r names who can open it: an age public key (age1…, see keygan keypair), an SSH public key
(ssh-ed25519 …, ssh-rsa …), or a file with one per line. -p encrypts all key files under one passphrase, which you type twice. Each
key file, and each guess of an attacker, then costs a second or more. For more than a few files, -r with an identity that has a
passphrase (keygan keypair -p) is as safe and costs the second once. --unencrypted-key writes X.key.json in the clear, with mode 0600:
whoever can read it can open the cipher image.

Folders are walked and keep their tree, without empty folders. Links are followed, even out of the folder, and become ordinary
files. Hidden files and folders (.name) and what keygan itself makes (*.cipher.png, *.key.*) are left out and listed at the end.
Identities (secret keys) in a folder are refused.

--hide-names gives each pair a random name, all in one folder: file and folder names often are those of patients. The true ones are
encrypted, with the tree, and decrypt restores them. The number of files, their sizes, and when they were encrypted remain visible.
--json lists which input became which pair. --resume finds the pairs with -i, or -p. Older versions of keygan do not open such pairs.

-o FILE.png names the cipher image of a single file, and --key-out its key file; in a folder, decrypt finds only *.cipher.png. - is
standard input, or with -o standard output. keygan stores standard input encrypted in the folder for temporary files until
its length is known. It has no name, so decrypt names it after the cipher image, and the generator does not look at it.

--pixels encrypts the samples of images instead of their files: scan.png gives DIR/scan.cipher.png of the same width, height, channels
and depth, and decrypt writes a PNG. What the samples do not hold (EXIF, text, colour profile, resolution) is lost; a line for
each image says what. Files with several pictures, CMYK and samples that do not fit are refused. --resize N resizes images first.

--resume skips what is done and verified, does the rest, and replaces nothing. With -i IDENTITYFILE, or -p for key files under
that passphrase, it opens each pair and compares it with its input, byte for byte. --trust-times instead compares the input's absolute
path, size and modification time with a note in the cipher image, as make and rsync do; that proves nothing against somebody who
changes files on purpose. Neither looks at who the recipients are. An output that exists but is not verified is a failure; --force
makes it again.

` + shardHelp + `

Each file's key comes from the system's random source. For images it is mixed with the key that the generator makes from a
thumbnail; --no-gan leaves that out. Size and file name remain visible (the name not with --hide-names).

The other values of --scheme are research material, to reproduce and to attack published results. They do not protect images. They
encrypt pixels and write their keys in the clear, to DIR/X.key.npz (mode 0600). They take no recipients. paper takes --iterations.
NIfTI volumes and uncompressed DICOM files keep every byte: each slice has a key of its own (8-bit; one for each byte of larger voxels), all
in one X.key.npz with the header of the file, and decrypt writes X.nii, X.nii.gz or X.dcm.
With --series, a folder of DICOM slices is such a volume: its *.dcm files of one series make one X.cipher.png and one X.key.npz, where X is
the folder's name, and decrypt writes them into a folder X. If a folder holds several series, or slices of several sizes, each volume is
called X-FILE after its first file. Compressed slices do not take part.
logistic takes no generator: its key is two numbers. If the generator takes noise, each key is drawn afresh, and the key file holds it.
For --noise-seed see keygen.`

func (a *app) encryptCommand() *cobra.Command {
	var o batch.EncryptOptions
	var exact bool
	r := &results{app: a, summed: true}
	c := &cobra.Command{
		Use:   "encrypt PATH... -o DIR -r RECIPIENT [-r ...] | -p [-w generator.npz | --no-gan] [--pixels] [--hide-names] [--resume] [--shard i/n]",
		Short: "Encrypt files and images",
		Long:  encryptHelp,
		Args:  cli.SomeArgs("file"),
	}
	generator, shard := addGenerator(c), addShard(c)
	c.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if o.Shard, err = shard(); err != nil {
			return err
		}
		o.Generator, o.Given = generator(), cmd.Flags().Changed
		if exact && !a.Quiet {
			fmt.Fprintln(a.Stderr, "keygan: encrypt: --exact-file has no effect: files are encrypted byte for byte by default")
		}
		return r.finish(batch.Encrypt(cmd.Context(), r.host(), o, args))
	}
	c.Flags().StringVarP(&o.Output, "output", "o", "", "the folder to write to, or for one file FILE.png or -")
	c.Flags().StringVar(&o.KeyOutput, "key-out", "", "for one file: its key file; default: beside the cipher image")
	addScheme(c, &o.Scheme)
	c.Flags().StringArrayVarP(&o.Recipients, "recipient", "r", nil, "who can open the key files; may be repeated (sealed)")
	c.Flags().BoolVar(&o.NoGAN, "no-gan", false, "no generator takes part in the keys (sealed)")
	c.Flags().BoolVar(&o.Pixels, "pixels", false, "encrypt the pixels of images, not their files (sealed)")
	c.Flags().BoolVar(&o.HideNames, "hide-names", false, "give the pairs random names; the true ones are encrypted (sealed)")
	c.Flags().BoolVar(&exact, "exact-file", false, "has no effect: files are encrypted byte for byte by default")
	o.Passphrase = a.addPassphrase(c, "", "encrypt the key files under a passphrase (sealed)")
	c.Flags().BoolVar(&o.UnencryptedKey, "unencrypted-key", false, "do not encrypt the key files (sealed)")
	c.Flags().IntVar(&o.Iterations, "iterations", cipher.DefaultIterations, "of the cat map (paper)")
	c.Flags().BoolVar(&o.Series, "series", false, "encrypt the DICOM files of a series of slices as one volume (research schemes)")
	c.Flags().IntVar(&o.Resize, "resize", 0, "resize images to this width and height in pixels first (--pixels, research schemes)")
	r.addFlags(c)
	cli.AddForce(c, &o.Force)
	c.Flags().BoolVar(&o.Resume, "resume", false, "skip what is done already and verified")
	c.Flags().StringArrayVarP(&o.Identities, "identity", "i", nil,
		"with --resume: a file with identities to verify with (sealed); may be repeated")
	c.Flags().BoolVar(&o.TrustTimes, "trust-times", false, "with --resume: verify by path, size and modification time only (sealed)")
	return c
}
