package gotorch_test

import (
	"testing"

	"keygan/gotorch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }
