package listen

import (
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// recheck is the minimum time between two checks for changed files.
const recheck = time.Second

// certificate is a certificate that is reloaded when its files change. If the new pair is invalid, for example because
// a renewal is not complete, it keeps the former one.
type certificate struct {
	certFile, keyFile string
	logger            *slog.Logger
	now               func() time.Time

	mu      sync.Mutex
	pair    *tls.Certificate
	read    [2]fs.FileInfo // of the loaded files
	checked time.Time
	fault   string // last logged error
}

func (c *certificate) load() error {
	read, err := c.stat()
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

func (c *certificate) stat() (files [2]fs.FileInfo, err error) {
	for i, path := range []string{c.certFile, c.keyFile} {
		if files[i], err = os.Stat(path); err != nil {
			return files, err
		}
	}
	return files, nil
}

// get returns the certificate for a handshake, for tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if age := now.Sub(c.checked); age >= 0 && age < recheck {
		return c.pair, nil
	}
	c.checked = now
	files, err := c.stat()
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
		c.logger.Error("the changed certificate cannot be used; the former one stays in use", "file", c.certFile,
			"error", err)
	}
	return c.pair, nil
}

// same reports whether two files are the same unchanged file. A renewal replaces or rewrites a file.
func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// openCertificate loads the certificate of config.
func openCertificate(config Config) (*certificate, error) {
	c := &certificate{
		certFile: config.CertFile,
		keyFile:  config.KeyFile,
		logger:   config.Logger,
		now:      config.Now,
	}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.checked = c.now()
	if err := c.load(); err != nil {
		return nil, fmt.Errorf("the certificate %s cannot be used: %w", config.CertFile, err)
	}
	return c, nil
}
