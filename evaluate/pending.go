package evaluate

// checklist judges the claims TC1 to TC5.
func checklist(*Report) []Check { return nil }
