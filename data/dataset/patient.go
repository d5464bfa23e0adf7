package dataset

import (
	"crypto/sha256"
	"path/filepath"
	"regexp"
	"strings"

	"keygan/data/imagefile"
)

// patients are the names of files that tell the patient, by data set. The group is the patient's key.
var patients = []*regexp.Regexp{
	regexp.MustCompile(`(?:^|/)((?:MCU|CHN)CXR_\d+)_\d`),   // Montgomery and Shenzhen: MCUCXR_0001_0.png, and its masks
	regexp.MustCompile(`(?:^|/)(\d{8})_\d{3}\.[a-z]+$`),    // NIH ChestX-ray14: 00000001_002.png
	regexp.MustCompile(`(?:^|/)(patient\d{5})/`),           // CheXpert: patient00001/study1/view1_frontal.jpg
	regexp.MustCompile(`(?:^|/)(OAS\d_\d{4})_`),            // OASIS: OAS1_0001_MR1_mpr-1_anon.nii.gz
	regexp.MustCompile(`(?:^|/)(sub-[[:alnum:]]+)_[^/]*$`), // BIDS: sub-01/anat/sub-01_T1w.nii.gz
}

// Patient is the patient that the name of an image tells ("…/MCUCXR_0001_0.png": "MCUCXR_0001"), or "" if it tells none.
func Patient(name string) string {
	name, _, _ = strings.Cut(filepath.ToSlash(name), "#")
	for _, p := range patients {
		if m := p.FindStringSubmatch(name); m != nil {
			return m[1]
		}
	}
	return ""
}

// patientsOf returns the function that gives the patient of an image, by its name or else by what its file says.
func patientsOf(src Source) func(i int) string {
	inFile := map[string]string{} // by path
	return func(i int) string {
		path, _ := locate(src, i)
		p := Patient(src.Name(i))
		if p != "" || !imagefile.PlacedName(path) {
			return p
		}
		p, known := inFile[path]
		if !known {
			if o, err := imagefile.ReadOutline(path); err == nil && o != nil && o.Place != nil { // nil: the content is of another format
				p = o.Place.Patient
			}
			inFile[path] = p
		}
		return p
	}
}

// patientHash is the hash that stands for all images of a patient.
func patientHash(patient string) fileHash { return sha256.Sum256([]byte("patient " + patient)) }

// byPatient replaces the hashes of images by that of their patient, where a name or a file tells one. Copies of an image stay together whatever
// they are called; two patients who share a file count as one, the first by name.
func byPatient(src Source, hashes []fileHash) []fileHash {
	same := map[string]string{} // from a patient to one before it in the alphabet who is the same
	first := func(p string) string {
		for same[p] != "" {
			p = same[p]
		}
		return p
	}
	of := map[fileHash]string{} // a patient of each file
	patient := patientsOf(src)
	for i, h := range hashes {
		p := patient(i)
		if p == "" {
			continue
		}
		if of[h] == "" {
			of[h] = p
		}
		if a, b := first(p), first(of[h]); a < b {
			same[b] = a
		} else if b < a {
			same[a] = b
		}
	}
	out := make([]fileHash, len(hashes))
	for i, h := range hashes {
		if out[i] = h; of[h] != "" {
			out[i] = patientHash(first(of[h]))
		}
	}
	return out
}
