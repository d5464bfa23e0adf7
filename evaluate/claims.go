package evaluate

import (
	"fmt"
	"strings"
)

// findClaims says which published figures were met, which were not, and what they are worth where they were.
func findClaims(r *Report) string {
	var met, missed []string
	for _, p := range r.Published {
		rows := where(r.rows(p.Metric, ofSchemes), func(row *Row) bool { return row.Published == p.Value && row.Scheme == p.Scheme })
		if len(rows) == 0 {
			continue
		}
		unit := ""
		if rows[0].Unit != "" {
			unit = " " + rows[0].Unit
		}
		s := fmt.Sprintf("%s of %s (%s; measured %s%s with %s)", rows[0].Name, p.Value, p.System, span(rows), unit, r.who(rows))
		if len(where(rows, p.near)) == len(rows) {
			met = append(met, s)
		} else {
			missed = append(missed, s)
		}
	}
	var out []string
	if len(missed) > 0 {
		out = append(out, "**Published figures that did not hold up here**: "+strings.Join(missed, "; ")+". A lossless scheme gives an SSIM of 1 after decryption, whatever its key; a lower one means that something was lost, or that something else was compared.")
	}
	if len(met) > 0 {
		out = append(out, "Published figures that did: "+strings.Join(met, "; ")+".")
	}
	if _, failed := split(r.rows(idNPCR, usesXOR)); len(failed) > 0 && len(out) > 0 {
		out = append(out, fmt.Sprintf("**As a claim of diffusion none of the published NPCR holds**: by the field's definition it is %s %% under %s, where random data gives %s %%.", span(failed), r.who(failed), failed[0].expected()))
	}
	if len(out) == 0 {
		return ""
	}
	return strings.Join(out, " ") + " The publications' images, weights and definitions are not the ones here."
}

func usesXOR(scheme string) bool { return usesRawKey(System{Scheme: scheme}) }
