package admincli

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// readText reads a file of at most limit bytes, or standard input for "-".
func readText(c *cobra.Command, file string, limit int64) (string, error) {
	in := c.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", file, limit)
	}
	return string(data), err
}
