package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"keygan/cipher"
	"keygan/evaluate/experiment"
)

// rowSet is some measured rows, as the sentences of a report ask for them.
type rowSet []*experiment.Row

// rows are the measured rows of a metric over all sources.
func (r *Report) rows(metric string, ofKind func(scheme string) bool) rowSet {
	var out rowSet
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Metric == metric && ofKind(row.Scheme) && row.Measured != nil {
			out = append(out, row)
		}
	}
	return out
}

// ofSchemes are the schemes that are judged, without those that are only there as controls.
func ofSchemes(scheme string) bool { return ofSystems(scheme) && !onlyControl(scheme) }

func ofSystems(scheme string) bool { return !ofPlain(scheme) && !ofKeys(scheme) }
func ofKeys(scheme string) bool    { return scheme == experiment.RawKey }
func ofPlain(scheme string) bool   { return scheme == experiment.PlainImage }

func (s rowSet) filter(condition func(*experiment.Row) bool) rowSet {
	return slices.DeleteFunc(slices.Clone(s), func(row *experiment.Row) bool { return !condition(row) })
}

// Failed are the rows that fail their threshold. Passed are the others.
func (s rowSet) Failed() rowSet {
	return s.filter(func(row *experiment.Row) bool { return row.Verdict == experiment.Fail })
}

func (s rowSet) Passed() rowSet {
	return s.filter(func(row *experiment.Row) bool { return row.Verdict != experiment.Fail })
}

// Below are the rows whose mean is below v. From has the others.
func (s rowSet) Below(v float64) rowSet {
	return s.filter(func(row *experiment.Row) bool { return *row.Measured < v })
}

func (s rowSet) From(v float64) rowSet {
	return s.filter(func(row *experiment.Row) bool { return *row.Measured >= v })
}

// TooLow are the rows whose mean is below what random data gives. TooHigh has the others.
func (s rowSet) TooLow() rowSet {
	return s.filter(func(row *experiment.Row) bool { return row.Expected == nil || *row.Measured <= *row.Expected })
}

func (s rowSet) TooHigh() rowSet {
	return s.filter(func(row *experiment.Row) bool { return row.Expected != nil && *row.Measured > *row.Expected })
}

// OfScheme are the rows of one scheme.
func (s rowSet) OfScheme(scheme string) rowSet {
	return s.filter(func(row *experiment.Row) bool { return row.Scheme == scheme })
}

// WithoutGenerator are the rows of systems in which no generator takes part.
func (s rowSet) WithoutGenerator() rowSet {
	return s.filter(func(row *experiment.Row) bool { return row.Generator == "" })
}

// ReusableSecret are the rows of schemes whose secret can serve several images.
func (s rowSet) ReusableSecret() rowSet {
	return s.filter(func(row *experiment.Row) bool { return !experiment.FreshSecret(row) })
}

// FreshSecret are the rows of schemes that draw a secret for each encryption.
func (s rowSet) FreshSecret() rowSet { return s.filter(experiment.FreshSecret) }

// RawKeyed are the rows of systems whose ciphertext is an XOR with the raw key.
func (s rowSet) RawKeyed() rowSet {
	return s.filter(func(row *experiment.Row) bool { return usesRawKey(row.System()) })
}

// onlyControl says whether a system is in the tables only as a control.
func onlyControl(scheme string) bool {
	info := cipher.Describe(scheme)
	return info.Control && info.OnlyAttacks != nil
}

func usesRawKey(of experiment.System) bool {
	info := cipher.Describe(of.Scheme)
	return info.Keystream == cipher.RawKeystream && info.OnlyAttacks == nil
}

// isNetwork says whether a network encrypts by itself.
func isNetwork(of experiment.System) bool {
	return cipher.Describe(of.Scheme).Takes == cipher.EncryptingNetwork
}

// OfNetworks are the rows of systems in which a network encrypts by itself.
func (s rowSet) OfNetworks() rowSet {
	return s.filter(func(row *experiment.Row) bool { return isNetwork(row.System()) })
}

// Matching are those of other rows that are of the same systems and sources.
func (s rowSet) Matching(others rowSet) rowSet {
	return others.filter(func(other *experiment.Row) bool {
		return slices.ContainsFunc(s, func(row *experiment.Row) bool { return row.Source == other.Source && row.System() == other.System() })
	})
}

// Range is "a" or "a to b" over the means, with the decimals of a sentence.
func (s rowSet) Range() string {
	return s.textRange(func(row *experiment.Row) string { return valueText(row, row.Brief) })
}

func (s rowSet) textRange(text func(*experiment.Row) string) string {
	if len(s) == 0 {
		return notMeasured
	}
	byMean := func(a, b *experiment.Row) int { return cmp.Compare(*a.Measured, *b.Measured) }
	low, high := text(slices.MinFunc(s, byMean)), text(slices.MaxFunc(s, byMean))
	if low == high {
		return low
	}
	return low + " to " + high
}

// unit is that of the metric, "" for none.
func (s rowSet) unit() string {
	if len(s) == 0 {
		return ""
	}
	return s[0].Unit
}

// Expected is what random data gives.
func (s rowSet) Expected() string { return expectedText(s[0], s[0].Brief) }

// verdict fails when one of the rows does.
func (s rowSet) verdict() experiment.Verdict {
	var c Check
	for _, row := range s {
		c.join(row.Verdict)
	}
	return c.Verdict
}

// name is a system in a sentence: its scheme, with the generator where several are measured with that scheme.
func (r *Report) name(of experiment.System) string {
	for _, s := range r.Systems {
		if s.Scheme == of.Scheme && s.Generator != of.Generator {
			return fmt.Sprintf("“%s” with %s", of.Scheme, of.Generator)
		}
	}
	return "“" + of.Scheme + "”"
}

// Names are the systems of rows, with the sources where it is not all of them: “xor”, “paper” (mri).
func (r *Report) Names(rows rowSet) string {
	sources := map[experiment.System][]string{}
	for _, row := range rows {
		if of := row.System(); !slices.Contains(sources[of], row.Source) {
			sources[of] = append(sources[of], row.Source)
		}
	}
	onAll := func(s experiment.SystemInfo) bool { return len(sources[s.System]) == len(r.Sources) }
	var out []string
	for _, system := range r.Systems {
		part := slices.ContainsFunc(r.Systems, func(s experiment.SystemInfo) bool { return s.Scheme == system.Scheme && !onAll(s) })
		switch name := r.name(system.System); {
		case len(sources[system.System]) == 0:
		case !onAll(system):
			out = append(out, fmt.Sprintf("%s (%s)", name, strings.Join(sources[system.System], ", ")))
		case part:
			out = append(out, name)
		default: // all systems of the scheme
			out = append(out, "“"+system.Scheme+"”")
		}
	}
	return strings.Join(slices.Compact(out), ", ")
}
