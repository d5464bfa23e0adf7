package evaluate

// What is tested by SP 800-22.
const (
	RawKeys     = "raw keys"
	Keystreams  = "keystreams"  // ciphertexts of black images, which are the keystream
	Ciphertexts = "ciphertexts" // of the plain images
)

// RandomnessRow is what SP 800-22 says of one kind of bits of a system, over the images of all sources.
type RandomnessRow struct {
	System
	Subject     string           `json:"subject"`   // RawKeys, Keystreams or Ciphertexts
	Sequences   int              `json:"sequences"` // tested
	Bits        int              `json:"bits"`      // of each
	Tests       []RandomnessTest `json:"tests"`     // the 15, in the order of NIST's program
	NotMeasured string           `json:"not_measured,omitempty"`
}

// RandomnessTest is the outcome of one of the 15 tests over all sequences.
type RandomnessTest struct {
	Name       string   `json:"name"`
	Made       int      `json:"made"`       // sequences that it was made on
	Failed     int      `json:"failed"`     // of these: the smallest p-value is below 0.01 divided by their number
	PValues    int      `json:"p_values"`   // each sequence has
	Assessed   int      `json:"assessed"`   // p-values with the two-level assessment: 0 below 55 sequences
	Proportion int      `json:"proportion"` // of Assessed: those that too many or too few sequences pass
	Uniformity int      `json:"uniformity"` // of Assessed: those whose p-values are not uniform
	LeastShare *float64 `json:"least_share"`
	LeastP     *float64 `json:"least_uniformity"` // smallest P_T
	Verdict    Verdict  `json:"verdict,omitempty"`
	Skipped    string   `json:"skipped,omitempty"` // why it was made on no sequence, or not on all
}
