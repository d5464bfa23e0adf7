package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"keygan/evaluate/experiment"
	"keygan/evaluate/scan"
)

// mostHits bounds the definitions that the table of the scan lists for a figure.
const mostHits = 4

// scanned is which metric of the scan a published figure is of.
var scanned = map[string]string{experiment.IDNPCRPlainCipher: scan.NPCR, experiment.IDSSIMDecrypted: scan.SSIM}

// ScanTable says under which definitions the published numbers come out, if any, and how many were tried.
func (r *Report) ScanTable() grid {
	g := grid{
		Caption: "Definitions under which the published numbers come out, within one unit of the last digit",
		Head:    []string{"quantity", "as reported", "measured as", "definitions tried", "that give it", "which, or the nearest: mean (least to largest image)"},
	}
	for _, s := range r.Systems {
		for _, p := range Published {
			metric, isNumber := scanned[p.Metric]
			if !isNumber || p.Scheme != s.Scheme || p.Why != "" {
				continue
			}
			var tried, hits []scan.Row
			for _, row := range r.Scan {
				if row.Scheme == s.Scheme && row.Generator == s.Generator && row.Metric == metric {
					tried = append(tried, row)
					if row.Mean >= p.Low && row.Mean <= p.High {
						hits = append(hits, row)
					}
				}
			}
			if len(tried) == 0 {
				continue
			}
			distance := func(row scan.Row) float64 { return math.Abs(row.Mean - (p.Low+p.High)/2) }
			shown := slices.Clone(hits)
			if len(hits) == 0 {
				shown = slices.Clone(tried)
			}
			slices.SortStableFunc(shown, func(a, b scan.Row) int { return cmp.Compare(distance(a), distance(b)) })
			g.Lines = append(g.Lines, plain(p.Quantity+" of "+p.System, p.Value, s.String(), fmt.Sprint(len(tried)), fmt.Sprint(len(hits)), listed(shown)))
		}
	}
	for _, row := range r.Scan {
		if row.Metric == scan.ZeroBytes && row.Stored == scan.AsTheyAre {
			text := fmt.Sprintf("%s %% (%s to %s) of %d keys' bytes are 0; of random bytes 0.391 %%", decimal(row.Mean, 3), decimal(row.Low, 3), decimal(row.High, 3), row.N)
			g.Lines = append(g.Lines, plain("zero bytes in keys", dash(""), row.Scheme+", "+row.Generator, "1", dash(""), text))
		}
	}
	return g
}

// listed are the first few definitions with what they give.
func listed(rows []scan.Row) string {
	var out []string
	for _, row := range rows[:min(len(rows), mostHits)] {
		out = append(out, fmt.Sprintf("%s, %s, %s: %s (%s to %s)", row.Pair, row.Space, row.Stored, decimal(row.Mean, 3), decimal(row.Low, 3), decimal(row.High, 3)))
	}
	if more := len(rows) - mostHits; more > 0 {
		out = append(out, fmt.Sprintf("and %d more, in results.json", more))
	}
	return strings.Join(out, "; ")
}
