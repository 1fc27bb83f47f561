package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// input is standard input. Secrets are read from it line by line, or asked for if it is a terminal.
type input struct {
	file   *os.File
	reader *bufio.Reader
}

func newInput(f *os.File) *input { return &input{f, bufio.NewReader(io.LimitReader(f, 1<<20))} }

func (i *input) terminal() bool { return term.IsTerminal(int(i.file.Fd())) }

// line reads the next line of standard input. what names its content in an error.
func (i *input) line(what string) (string, error) {
	text, err := i.reader.ReadString('\n')
	text = strings.TrimRight(text, "\r\n")
	if err != nil && (text == "" || !errors.Is(err, io.EOF)) {
		return "", usageError{fmt.Errorf("standard input has no line with the %s", what)}
	}
	return text, nil
}

// secret reads a secret, which must not be an argument: from the terminal without echo, or from standard input if stdin
// is set or there is no terminal.
func (cs *commandSet) secret(what string, stdin bool) (string, error) {
	if stdin || !cs.in.terminal() {
		return cs.in.line(what)
	}
	fmt.Fprintf(cs.errors, "%s: ", capital(what))
	text, err := term.ReadPassword(int(cs.in.file.Fd()))
	fmt.Fprintln(cs.errors)
	return string(text), err
}
