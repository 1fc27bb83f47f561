package admincli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// confirm asks for confirmation, unless --yes or --dry-run was given. Without a terminal it returns a usage error.
func (cs *commandSet) confirm(c *cobra.Command, question string) error {
	if cs.yes || cs.dryRun {
		return nil
	}
	if !isTerminal(c.InOrStdin()) {
		return usageError{errors.New("nothing was changed: use --yes to confirm")}
	}
	if _, err := fmt.Fprint(c.ErrOrStderr(), question+" Type yes: "); err != nil {
		return err
	}
	answer, err := bufio.NewReader(c.InOrStdin()).ReadString('\n')
	if strings.TrimSpace(strings.ToLower(answer)) != "yes" {
		return errors.Join(errors.New("nothing was changed"), ignoreEOF(err))
	}
	return nil
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
