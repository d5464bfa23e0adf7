package train

import (
	"fmt"
	"os"
	"testing"

	torch "keygan/gotorch"
)

// One thread: the vectors and the exactness of a resumed run are stated for a fixed number.
func TestMain(m *testing.M) {
	os.Setenv("OMP_NUM_THREADS", "1")
	torch.SetNumThreads(1)
	if os.Getenv(teamRankEnv) != "" { // one of the processes of a test
		if err := teamMember(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
