package main

import (
	"keygan/batch/keyfile"
	"keygan/batch/securedicom"
	"keygan/cmd/internal/cli"

	"github.com/spf13/cobra"
)

func (a *app) dicomSecureCommand() *cobra.Command {
	var o securedicom.SealOptions
	r := &results{app: a, summed: true}
	c := &cobra.Command{
		Use:   "dicom-secure FILE... --cert CERT [--cert ...] [--sign-cert CERT --sign-key KEY] -o DIR",
		Short: "Make Secure DICOM Files, which other programs open",
		Long: `Encrypt DICOM files as the DICOM standard has it, for the owners of RSA certificates: Secure DICOM Files of the Basic DICOM Media
Security Profile (PS3.10, section 7.4; PS3.15, annex D.1). They are CMS messages, which openssl cms decrypts: AES-256-CBC with a fresh
key, which RSA encrypts for each certificate. scan.dcm becomes scan.dcm.p7m. Folders are walked and keep their tree.

  keygan dicom-secure scan.dcm --cert hospital.pem -o out
  keygan dicom-secure study --cert hospital.pem --sign-cert me.pem --sign-key me-key.pem -o out

--sign-cert and --sign-key sign the file before it is encrypted. Without them only its SHA-256 is encrypted with it. That finds damage,
but whoever has the certificate can make such a file. --sign-cert may hold further certificates after the signer's, which the file
then holds as well.

--oaep encrypts the keys with RSA-OAEP. Annex D.1 has the older padding of PKCS #1 v1.5, the default, which all programs know.

Certificates are PEM or DER. keygan refuses those that have expired, have no RSA key of 2048 bits or more, or are for other uses by
their key usage. It does not check who issued them. Private keys are PKCS #8 or PKCS #1, in PEM or DER. It asks for the passphrase of an
encrypted one.

Names, sizes and times of the files stay visible. For files that only keygan has to open, keygan encrypt needs no certificates.`,
		Args: cli.SomeArgs("DICOM file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.finish(securedicom.Seal(cmd.Context(), r.host(), o, args))
		},
	}
	c.Flags().StringVarP(&o.Output, "output", "o", "", "the folder to write to")
	c.Flags().StringArrayVar(&o.Certificates, "cert", nil, "a file with the certificate of who can open the files; may be repeated")
	c.Flags().StringVar(&o.SignCertificate, "sign-cert", "", "a file with the certificate of who signs")
	c.Flags().StringVar(&o.SignKey, "sign-key", "", "a file with the private key that signs")
	c.Flags().BoolVar(&o.OAEP, "oaep", false, "encrypt keys with RSA-OAEP and SHA-256")
	o.Passphrase = a.addKeyPassphrase(c)
	r.addFlags(c)
	cli.AddForce(c, &o.Force)
	return c
}

func (a *app) dicomOpenCommand() *cobra.Command {
	var o securedicom.OpenOptions
	r := &results{app: a, summed: true}
	c := &cobra.Command{
		Use:   "dicom-open FILE... --key KEY [--trust CERT] -o DIR",
		Short: "Open Secure DICOM Files",
		Long: `Open Secure DICOM Files (PS3.15, annex D.1), made by keygan dicom-secure or by other programs, with the private key of a
certificate that they are for. scan.dcm.p7m becomes scan.dcm; a file with another name gets .dcm. Folders are walked for files named
*.p7m and keep their tree.

  keygan dicom-open scan.dcm.p7m --key me-key.pem -o back
  keygan dicom-open out --key me-key.pem --trust hospital-ca.pem -o back

A file is written only after all of it has been decrypted, and its signature or digest has been found right. The line that lists it says
who signed it. --trust names certificates of signers, or of those who issued theirs: then keygan opens only files signed by one of them.
Without --trust, a signature tells nothing about who made it, because anybody can make a certificate with any name.

Whatever goes wrong once the key is used gives the same error. keygan does not say whether the key, the encryption or the digest is
wrong, because that would help those who forge files. It refuses what is neither signed nor digested.`,
		Args: cli.SomeArgs("Secure DICOM File"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.finish(securedicom.Open(cmd.Context(), r.host(), o, args))
		},
	}
	c.Flags().StringVarP(&o.Output, "output", "o", "", "the folder to write to")
	c.Flags().StringVar(&o.Key, "key", "", "a file with the private key")
	c.Flags().StringArrayVar(&o.Trust, "trust", nil, "a file with certificates of signers, or of who issued theirs; may be repeated")
	o.Passphrase = a.addKeyPassphrase(c)
	r.addFlags(c)
	cli.AddForce(c, &o.Force)
	return c
}

// addKeyPassphrase adds --passphrase-file. keygan asks by itself if a private key is encrypted.
func (a *app) addKeyPassphrase(c *cobra.Command) *keyfile.Passphrases {
	p := &keyfile.Passphrases{Ask: a.askPassphrase, FileFlag: "passphrase-file"}
	c.Flags().StringVar(&p.File, p.FileFlag, "", "the passphrase of the private key, from the first line of a file, or of standard input (-)")
	return p
}
