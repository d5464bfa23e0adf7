package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"keygan/evaluate/experiment"
	"keygan/internal/cpumodel"
	"keygan/internal/version"
)

// Provenance says where the numbers come from: what is needed to make them again. Began and Took differ from run to run. The
// hashes of weights are with the generators, those of the images with their sources.
type Provenance struct {
	Command    string   `json:"command"` // as it was given
	Quick      bool     `json:"quick"`   // fewer images and changes than the configuration asks for
	Keygan     string   `json:"keygan"`  // version, with the commit where it is known
	Go         string   `json:"go"`
	Platform   string   `json:"platform"` // as in linux/amd64
	CPU        string   `json:"cpu"`
	Cores      int      `json:"cores"` // that the program could use
	Seed       uint64   `json:"seed"`
	ConfigHash string   `json:"config_sha256"`       // SHA-256 of what was measured, resolved, as JSON
	Libraries  []string `json:"libraries,omitempty"` // modules that compute what is measured, with their versions
	Began      string   `json:"began"`               // RFC 3339
	Took       float64  `json:"took_s"`              // seconds
}

// computing are the modules whose code the numbers depend on.
var computing = []string{"gonum.org/v1/gonum", "golang.org/x/image", "filippo.io/age"}

func provenance(cfg experiment.Config, command string, began time.Time) (Provenance, error) {
	// The sources stand in a report by themselves, and so the configuration's JSON leaves them out.
	resolved, err := json.Marshal(struct {
		Config  experiment.Config
		Sources []experiment.Source
	}{cfg, cfg.Sources})
	if err != nil {
		return Provenance{}, err
	}
	hash := sha256.Sum256(resolved)
	p := Provenance{
		Command: command, Quick: cfg.Quick, Keygan: version.String(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		CPU: cpumodel.Name(), Cores: runtime.GOMAXPROCS(0), Seed: cfg.Seed, ConfigHash: hex.EncodeToString(hash[:]),
		Began: began.UTC().Format(time.RFC3339), Took: time.Since(began).Seconds(),
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if slices.Contains(computing, m.Path) {
				p.Libraries = append(p.Libraries, m.Path+" "+m.Version)
			}
		}
	}
	return p, nil
}
