package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"keygan/evaluate/sp80022"
	"keygan/evaluate/sp80090b"
	"keygan/internal/failure"
)

// How many bits the page tests at a time, and estimates the min-entropy of: some seconds of work each. The command takes more.
const (
	mostTested   = 1 << 25
	mostAssessed = 1 << 23
)

// tested is what the tests say of a file. Tests and MinEntropy are those of keygan randomness --json.
type tested struct {
	Bits       int              `json:"bits"`
	What       string           `json:"what"` // the bits are
	Tests      []sp80022.Result `json:"tests"`
	MinEntropy *sp80090b.Result `json:"min_entropy,omitempty"`
	Refused    string           `json:"refused"` // why there is no min-entropy, or ""
	Rows       []row            `json:"rows"`
	Verdict    string           `json:"verdict"`
	Short      string           `json:"short"` // what a short sequence lacks, or ""
}

// randomness tests the bits of an upload as keygan randomness does, and forgets it.
func (s *server) randomness(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		File       string
		Bits       int // only so many; 0: all
		MinEntropy bool
	}
	if err := question(w, r, &in); err != nil {
		return err
	}
	defer s.shelf.drop(in.File)
	i, done, err := s.shelf.file(in.File)
	if err != nil {
		return err
	}
	defer done()
	if i.file.Size() > mostPreview {
		return fmt.Errorf("%s: is larger than the %d bytes that this page tests", i.name, mostPreview)
	}
	leave, err := enter(r.Context(), s.compares)
	if err != nil {
		return err
	}
	defer leave()
	p, what, err := s.service.SamplesOrBytes(r.Context(), i.batchContent())
	if err != nil {
		return err
	}
	n, err := bitsToTest(8*len(p), in.Bits, in.MinEntropy)
	if err != nil {
		return fmt.Errorf("%s: %w", i.name, err)
	}
	memory := sp80022.Memory(n)
	if in.MinEntropy {
		memory += 80 * int64(n) // two strings, which are assessed at the same time
	}
	t := &tested{Bits: n, What: what}
	if err := s.service.Work(r.Context(), memory, func() error { return t.run(r.Context(), p[:(n+7)/8], in.MinEntropy) }); err != nil {
		return err
	}
	return answer(w, t)
}

// bitsToTest returns how many of the bits there are tested.
func bitsToTest(have, wanted int, minEntropy bool) (int, error) {
	most := mostTested
	if minEntropy {
		most = mostAssessed
	}
	n := wanted
	if n == 0 {
		n = have
	}
	switch {
	case have == 0:
		return 0, errors.New("is empty: there are no bits to test")
	case n < 0:
		return 0, errRequest
	case n > have:
		return 0, fmt.Errorf("has %d bits, fewer than %d", have, wanted)
	case n > most:
		return 0, failure.Hint(fmt.Errorf("%d bits are more than this page tests at once (%d)", n, most),
			"Test only the first 1000000 bits. The command keygan randomness takes more.")
	}
	return n, nil
}

// run makes the tests on the first t.Bits bits of p.
func (t *tested) run(ctx context.Context, p []byte, minEntropy bool) (err error) {
	if t.Tests, err = sp80022.RunContext(ctx, sp80022.FromBytes(p).Prefix(t.Bits)); err != nil {
		return failure.ErrInterrupted
	}
	if minEntropy {
		if t.MinEntropy, err = sp80090b.AssessContext(ctx, p[:t.Bits/8], sp80090b.Options{}); ctx.Err() != nil {
			return failure.ErrInterrupted
		} else if err != nil {
			t.Refused = err.Error()
		}
	}
	t.describe()
	return nil
}

// describe puts the results in words.
func (t *tested) describe() {
	passed, skipped := 0, 0
	for _, r := range t.Tests {
		if r.Skipped != "" {
			skipped++
			t.Rows = append(t.Rows, row{r.Name, []string{"", "", "", "skipped: " + r.Skipped}})
			continue
		}
		verdict, smallest := "fail", r.Smallest()
		if r.Passed() {
			verdict = "pass"
			passed++
		}
		t.Rows = append(t.Rows, row{r.Name, []string{
			strconv.Itoa(len(r.PValues)), decimal(&smallest, 6), strconv.Itoa(r.Passing()), verdict,
		}})
	}
	t.Verdict = fmt.Sprintf("%d of %d tests passed, %d failed, %d skipped.", passed, len(t.Tests), len(t.Tests)-passed-skipped, skipped)
	if t.Bits < 1_000_000 && skipped > 0 {
		t.Short = "The sequence is short. A million bits are enough for all tests but the excursions, which do not suit every sequence."
	}
	if t.MinEntropy != nil && t.Bits < 8_000_000 {
		t.Short += " SP 800-90B asks for a million bytes; from fewer it estimates less min-entropy."
	}
}
