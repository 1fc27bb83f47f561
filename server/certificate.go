package server

import (
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// recheck is how often the files of a certificate are looked at, at most.
const recheck = time.Second

// certificate is a certificate from files that are read again when they have changed. A pair that cannot be used leaves the
// former one in place: half of a renewal may have been written yet.
type certificate struct {
	certFile, keyFile string
	logger            *slog.Logger
	now               func() time.Time

	mu      sync.Mutex
	pair    *tls.Certificate
	read    [2]fs.FileInfo // what the files were before they were read
	checked time.Time
	fault   string // the last one that was logged
}

func (c *certificate) load() error {
	read, err := c.look()
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.pair, c.read = &pair, read
	return nil
}

func (c *certificate) look() (files [2]fs.FileInfo, err error) {
	for i, path := range []string{c.certFile, c.keyFile} {
		if files[i], err = os.Stat(path); err != nil {
			return files, err
		}
	}
	return files, nil
}

// get is what a handshake asks for.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if age := now.Sub(c.checked); age >= 0 && age < recheck {
		return c.pair, nil
	}
	c.checked = now
	files, err := c.look()
	if err == nil && same(files[0], c.read[0]) && same(files[1], c.read[1]) {
		c.fault = ""
		return c.pair, nil
	}
	if err == nil {
		err = c.load()
	}
	switch {
	case err == nil:
		c.fault = ""
		c.logger.Info("the certificate has been read again", "file", c.certFile, "ends", c.pair.Leaf.NotAfter.UTC())
	case err.Error() != c.fault:
		c.fault = err.Error()
		c.logger.Error("the changed certificate cannot be used; the former one stays", "file", c.certFile, "error", err)
	}
	return c.pair, nil
}

// same reports whether a file is the one that was read; a renewal makes another one, or writes it anew.
func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// openCertificate reads a certificate for the first time.
func openCertificate(l Listening) (*certificate, error) {
	c := &certificate{certFile: l.CertFile, keyFile: l.KeyFile, logger: l.Logger, now: l.Now}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.checked = c.now()
	if err := c.load(); err != nil {
		return nil, fmt.Errorf("the certificate %s cannot be used: %w", l.CertFile, err)
	}
	return c, nil
}
