package train

import (
	"os"
	"testing"

	torch "keygan/gotorch"
)

// One thread: the vectors and the exactness of a resumed run are stated for a fixed number.
func TestMain(m *testing.M) {
	torch.SetNumThreads(1)
	os.Exit(m.Run())
}
