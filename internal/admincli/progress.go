package admincli

import (
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
)

// progressMin is the number of serial numbers or rows from which a progress bar is shown.
const progressMin = 1000

// progress returns a progress bar on standard error. It is visible on a terminal, from progressMin steps on.
func progress(c *cobra.Command, count int) *progressbar.ProgressBar {
	shown := count >= progressMin && isTerminal(c.ErrOrStderr())
	return progressbar.NewOptions(count, progressbar.OptionSetWriter(c.ErrOrStderr()),
		progressbar.OptionSetVisibility(shown),
		progressbar.OptionShowCount(), progressbar.OptionThrottle(50*time.Millisecond), progressbar.OptionClearOnFinish())
}
