package report

import "testing"

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		v      float64
		digits int
		want   string
	}{
		{99.60937, 4, "99.6094"}, {0, 4, "0.0000"}, {.0005086, 4, "0.00051"}, {-.00001234, 4, "-0.000012"}, {.001, 4, "0.0010"}, {197296, 0, "197296"},
	} {
		if got := decimal(c.v, c.digits); got != c.want {
			t.Errorf("%v with %d: %s, want %s", c.v, c.digits, got, c.want)
		}
	}
}
