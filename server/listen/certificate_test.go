package listen_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/acen-desktop/acen/server/listen"
	"github.com/acen-desktop/acen/server/servertest"
)

// authority signs certificates for 127.0.0.1.
type authority struct {
	t    *testing.T
	root *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{t: t}
	var err error
	a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	a.root = &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "test"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, a.root, a.root, a.key.Public(), a.key)
	require.NoError(t, err)
	a.root, err = x509.ParseCertificate(der)
	require.NoError(t, err)
	return a
}

// issue returns a certificate with its key, in PEM.
func (a authority) issue(serial int64) (cert, key []byte) {
	a.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		NotBefore:    a.root.NotBefore,
		NotAfter:     a.root.NotAfter,
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}, a.root, private.Public(), a.key)
	require.NoError(a.t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(a.t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// A renewed certificate is served within a second, without a restart. An invalid one is ignored.
func TestCertificateIsReloaded(t *testing.T) {
	a, folder, clock, log := newAuthority(t), t.TempDir(), servertest.NewClock(), &servertest.Log{}
	certFile, keyFile := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	put := func(path string, content []byte) { // replaces the file, like certbot
		t.Helper()
		require.NoError(t, os.WriteFile(path+".new", content, 0o600))
		require.NoError(t, os.Rename(path+".new", path))
	}
	cert, key := a.issue(11)
	put(certFile, cert)
	put(keyFile, key)
	listener, err := listen.Config{
		Address:  "127.0.0.1:0",
		CertFile: certFile,
		KeyFile:  keyFile,
		Now:      clock.Now,
		Logger:   slog.New(slog.NewTextHandler(log, nil)),
	}.Listen()
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- listen.Serve(ctx, listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNoContent)
		}))
	}()
	roots := x509.NewCertPool()
	roots.AddCert(a.root)
	served := func() int64 {
		t.Helper()
		conn, err := tls.Dial("tcp", listener.Addr().String(), &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"})
		require.NoError(t, err)
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	require.EqualValues(t, 11, served())

	cert, key = a.issue(12)
	put(certFile, cert)
	put(keyFile, key)
	require.EqualValues(t, 11, served(), "the files are not checked at every handshake")
	clock.Advance(time.Second)
	require.EqualValues(t, 12, served())

	cert, key = a.issue(13)
	put(certFile, cert)
	for range 3 { // the key is still the old one
		clock.Advance(time.Second)
		require.EqualValues(t, 12, served())
	}
	put(keyFile, key)
	clock.Advance(time.Second)
	require.EqualValues(t, 13, served())

	require.NoError(t, os.WriteFile(certFile, []byte("nonsense"), 0o600))
	clock.Advance(time.Second)
	require.EqualValues(t, 13, served())
	require.NoError(t, os.Remove(keyFile))
	clock.Advance(time.Second)
	require.EqualValues(t, 13, served())
	cert, key = a.issue(14)
	require.NoError(t, os.WriteFile(certFile, cert, 0o600)) // in place
	require.NoError(t, os.WriteFile(keyFile, key, 0o600))
	clock.Advance(time.Second)
	require.EqualValues(t, 14, served())
	clock.Advance(-time.Hour) // a clock that was set back
	require.EqualValues(t, 14, served())

	stop()
	require.NoError(t, <-ended)
	require.Equal(t, 3, strings.Count(log.String(), "the certificate has been read again"), log.String())
	require.Equal(t, 3, strings.Count(log.String(), "the former one stays"), log.String())
	require.NotContains(t, log.String(), "PRIVATE")
}
