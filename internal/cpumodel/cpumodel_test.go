package cpumodel

import "testing"

func TestName(t *testing.T) {
	if Name() == "" {
		t.Error("no name")
	}
}
