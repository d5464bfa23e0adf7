package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"time"

	"keygan/batch"
	"keygan/batch/keyfile"
	"keygan/cipher"
	"keygan/cipher/agekeys"
	"keygan/data/imagefile"
	"keygan/internal/failure"
	"keygan/internal/spool"
	"keygan/internal/version"

	"filippo.io/age"
)

// state tells the page what there is.
func (s *server) state(w http.ResponseWriter, _ *http.Request) error {
	return answer(w, map[string]any{
		"folder": s.Folder, "version": version.String(), "pictures": imagefile.Extensions(), "preview": mostPreview,
		"runs": s.Runs, "weights": s.Weights, "schemes": researchSchemes(),
	})
}

// scheme is a cryptosystem as the page offers it.
type scheme struct {
	Name       string `json:"name"`
	Warning    string `json:"warning"`
	Weakness   string `json:"weakness"`
	Iterations bool   `json:"iterations"` // it takes a number
	Default    int    `json:"default"`    // of them
	Network    bool   `json:"network"`    // its key is the network's
}

func schemeCalled(name string) scheme {
	i := cipher.Describe(name)
	return scheme{name, i.Warning, i.Weakness, i.Iterations, cipher.DefaultIterations, i.Takes == cipher.KeyImage}
}

// researchSchemes are those that the pages Encrypt and Decrypt offer behind a switch.
func researchSchemes() (all []scheme) {
	for _, name := range batch.ResearchSchemes() {
		all = append(all, schemeCalled(name))
	}
	return all
}

// recipients takes a list of recipients, or a passphrase: whom key files are encrypted to.
func (s *server) recipients(w http.ResponseWriter, r *http.Request) error {
	all, texts, err := secrets(w, r, 2)
	defer clear(all)
	if err != nil {
		return err
	}
	list, passphrase := bytes.TrimSpace(texts[0]), texts[1]
	var to []age.Recipient
	switch {
	case len(list) > 0 && len(passphrase) > 0:
		return errors.New("a passphrase is a key file's only recipient: give recipients or a passphrase, not both")
	case len(list) > 0:
		to, err = keyfile.RecipientsIn("recipients", list)
	default:
		if err = keyfile.CheckPassphrase(passphrase); err == nil {
			to = make([]age.Recipient, 1)
			to[0], err = agekeys.PassphraseRecipient(passphrase)
		}
	}
	if err != nil {
		return err
	}
	return s.remember(w, &item{recipients: to}, len(to))
}

// identities takes an identity file's content, its passphrase, and the passphrase of key files.
func (s *server) identities(w http.ResponseWriter, r *http.Request) error {
	all, texts, err := secrets(w, r, 3)
	defer clear(all)
	if err != nil {
		return err
	}
	var ids []age.Identity
	if file := bytes.TrimSpace(texts[0]); len(file) > 0 {
		ids, err = agekeys.ParseIdentities("identity", file, func() ([]byte, error) {
			if len(texts[1]) == 0 {
				return nil, errLocked
			}
			return bytes.Clone(texts[1]), nil
		})
	}
	if err == nil && len(texts[2]) > 0 {
		var id age.Identity
		if err = keyfile.CheckPassphrase(texts[2]); err == nil {
			id, err = agekeys.PassphraseIdentity(texts[2])
		}
		ids = append(ids, id)
	}
	if err != nil {
		return err
	}
	return s.remember(w, &item{identities: ids}, len(ids))
}

var errLocked = errors.New("the identity is encrypted under a passphrase: type it below")

func (s *server) remember(w http.ResponseWriter, i *item, n int) error {
	id, err := s.shelf.put(i)
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"id": id, "count": n})
}

// newIdentity makes an identity, under a passphrase unless that is empty, as a file to be fetched.
func (s *server) newIdentity(w http.ResponseWriter, r *http.Request) error {
	all, texts, err := secrets(w, r, 1)
	defer clear(all)
	if err != nil {
		return err
	}
	file, recipient, err := agekeys.NewIdentity(time.Now())
	if err != nil {
		return err
	}
	defer clear(file)
	i := &item{name: "keygan-identity.key", content: s.shelf.pool.New(), modified: time.Now()}
	if len(texts[0]) == 0 {
		_, err = i.content.Write(file)
	} else if err = keyfile.CheckPassphrase(texts[0]); err == nil {
		var to age.Recipient
		if to, err = agekeys.PassphraseRecipient(texts[0]); err == nil {
			err = agekeys.Encrypt(i.content, file, to)
		}
	}
	if err != nil {
		i.wipe()
		return err
	}
	kept, err := s.keep(i)
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"file": kept, "recipient": recipient})
}

// encrypt encrypts an upload, and forgets it.
func (s *server) encrypt(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		File, To   string
		Into       bool   // into the folder
		Hide       bool   // the names
		Scheme     string // for research, with its iterations; "": sealed
		Iterations int
	}
	if err := question(w, r, &in); err != nil {
		return err
	}
	defer s.shelf.drop(in.File)
	file, done, err := s.shelf.file(in.File)
	if err != nil {
		return err
	}
	defer done()
	content := file.batchContent()
	content.HideName, content.Scheme, content.Iterations = in.Hide, in.Scheme, in.Iterations
	to := &item{}
	if in.Scheme == "" {
		var doneTo func()
		if to, doneTo, err = s.shelf.use(in.To); err != nil {
			return err
		}
		defer doneTo()
		if len(to.recipients) == 0 {
			return errGone
		}
	}
	if in.Into {
		if s.Folder == "" {
			return errRequest
		}
		p, comment, err := s.service.EncryptInto(r.Context(), s.Folder, content, to.recipients)
		if err != nil {
			return err
		}
		return answer(w, map[string]any{"image": result{Name: p.Image}, "key": result{Name: p.Key}, "comment": comment})
	}
	image := s.shelf.pool.New()
	p, comment, err := s.service.Encrypt(r.Context(), content, to.recipients, image)
	if err != nil {
		image.Close()
		return err
	}
	keptImage, keptKey, err := s.keepPair(p, image)
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"image": keptImage, "key": keptKey, "comment": comment})
}

// keepPair puts a cipher image and its key file on the shelf: both or neither.
func (s *server) keepPair(p batch.Pair, image *spool.Content) (keptImage, keptKey result, err error) {
	folder, now := folderOf(p.Image), time.Now()
	key := s.shelf.pool.New()
	if _, err := key.Write(p.KeyFile); err != nil {
		image.Close()
		key.Close()
		return keptImage, keptKey, err
	}
	keptImage, err = s.keep(&item{name: path.Base(p.Image), folder: folder, modified: now, content: image})
	if err != nil {
		key.Close()
		return keptImage, keptKey, err
	}
	if keptKey, err = s.keep(&item{name: path.Base(p.Key), folder: folder, modified: now, content: key}); err != nil {
		s.shelf.drop(keptImage.ID)
	}
	return keptImage, keptKey, err
}

// folderOf returns the folder of a path with slashes, "" at the top.
func folderOf(name string) string {
	if dir := path.Dir(name); dir != "." {
		return dir
	}
	return ""
}

// openKey opens an uploaded key file with identities, and forgets the file. One of a scheme for research is not encrypted; it stays, as the
// key that it is.
func (s *server) openKey(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		File, Identities string
		Research         bool
	}
	if err := question(w, r, &in); err != nil {
		return err
	}
	if in.Research {
		return s.openResearchKey(w, r, in.File)
	}
	defer s.shelf.drop(in.File)
	file, done, err := s.shelf.file(in.File)
	if err != nil {
		return err
	}
	defer done()
	if batch.IsResearchKey(file.batchContent()) {
		return failure.Hint(fmt.Errorf("%s: belongs to a scheme for research: anybody could have made it", file.name), "Switch the schemes for research on to use it.")
	}
	ids, doneIDs, err := s.shelf.use(in.Identities)
	if err != nil {
		return err
	}
	defer doneIDs()
	const most = 1 << 20 // as age files with keys have
	if file.file.Size() > most {
		return errTooLarge
	}
	b, err := io.ReadAll(file.batchContent().File)
	defer clear(b)
	if err != nil {
		return err
	}
	key := batch.NamedKey{Name: file.name}
	if key.Key, err = keyfile.Parse(file.name, b, ids.identities); err != nil {
		return err
	}
	return s.remember(w, &item{name: file.name, key: key}, 1)
}

func (s *server) openResearchKey(w http.ResponseWriter, r *http.Request, id string) error {
	file, done, err := s.shelf.file(id)
	if err != nil {
		return err
	}
	defer done()
	var key *batch.ResearchKey
	if file.file.Size() > mostPreview {
		err = errTooLarge
	} else if !batch.IsResearchKey(file.batchContent()) {
		err = fmt.Errorf("%s: not a key file of a scheme for research", file.name)
	} else {
		key, err = s.service.ResearchKey(r.Context(), file.batchContent())
	}
	if err != nil {
		s.shelf.drop(id)
		return err
	}
	s.shelf.setResearch(file, key)
	return answer(w, map[string]any{"id": id, "count": 1})
}

// decrypt decrypts an uploaded cipher image with whichever of some keys opens it, and forgets the upload.
func (s *server) decrypt(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		File   string
		Keys   []string
		Into   bool
		Scheme string // for research; "": sealed
	}
	if err := question(w, r, &in); err != nil {
		return err
	}
	defer s.shelf.drop(in.File)
	file, done, err := s.shelf.file(in.File)
	if err != nil {
		return err
	}
	defer done()
	var keys []batch.NamedKey
	var research []batch.ResearchKey
	for _, id := range in.Keys {
		key, done, err := s.shelf.use(id)
		if err != nil {
			return err
		}
		defer done()
		switch {
		case in.Scheme != "" && key.research != nil:
			research = append(research, *key.research)
		case in.Scheme == "" && key.key.Key != nil:
			keys = append(keys, key.key)
		default:
			return errGone
		}
	}
	open := func(w io.Writer) (batch.Decrypted, error) {
		return s.service.Decrypt(r.Context(), file.batchContent(), keys, w)
	}
	openInto := func() (batch.Decrypted, error) {
		return s.service.DecryptInto(r.Context(), s.Folder, file.batchContent(), keys)
	}
	if in.Scheme != "" {
		open = func(w io.Writer) (batch.Decrypted, error) {
			return s.service.DecryptResearch(r.Context(), file.batchContent(), in.Scheme, research, w)
		}
		openInto = func() (batch.Decrypted, error) {
			return s.service.DecryptResearchInto(r.Context(), s.Folder, file.batchContent(), in.Scheme, research)
		}
	}
	d, kept, err := s.decryptFile(in.Into, open, openInto)
	if err != nil {
		return err
	}
	return answer(w, map[string]any{"file": kept, "comment": d.Comment, "key": d.Key})
}

func (s *server) decryptFile(into bool, open func(io.Writer) (batch.Decrypted, error), openInto func() (batch.Decrypted, error)) (d batch.Decrypted, kept result, err error) {
	if into {
		if s.Folder == "" {
			return d, kept, errRequest
		}
		d, err = openInto()
		return d, result{Name: d.Name}, err
	}
	plain := s.shelf.pool.New()
	if d, err = open(plain); err != nil {
		plain.Close()
		return d, kept, err
	}
	kept, err = s.keep(&item{name: path.Base(d.Name), folder: folderOf(d.Name), modified: d.Modified, content: plain})
	return d, kept, err
}
