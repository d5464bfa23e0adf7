package evaluate

// Provenance says where the numbers come from: what is needed to make them again. Began and Took differ from run to run.
type Provenance struct {
	Command    string   `json:"command"` // as it was given
	Quick      bool     `json:"quick"`   // fewer images and changes than the configuration asks for
	Keygan     string   `json:"keygan"`  // version, with the commit where it is known
	Go         string   `json:"go"`
	Platform   string   `json:"platform"` // as in linux/amd64
	CPU        string   `json:"cpu"`
	Seed       uint64   `json:"seed"`
	ConfigHash string   `json:"config_sha256"`       // SHA-256 of the resolved configuration as JSON
	Libraries  []string `json:"libraries,omitempty"` // modules that compute what is measured, with their versions
	Began      string   `json:"began"`               // RFC 3339
	Took       float64  `json:"took_s"`              // seconds
}
