//go:build !linux && !windows && !darwin

package fingerprint

// System returns a Reader of no locks, because this system is not supported.
func System() *Reader { return &Reader{unsupported{}} }

type unsupported struct{}

var errUnsupported = unreadable("this operating system is not supported")

func (unsupported) hdID() (string, error)         { return "", errUnsupported }
func (unsupported) biosID() (string, error)       { return "", errUnsupported }
func (unsupported) osID() (string, error)         { return "", errUnsupported }
func (unsupported) cpuID() (string, error)        { return "", errUnsupported }
func (unsupported) disks() ([]string, error)      { return nil, errUnsupported }
func (unsupported) cdHardwareID() (string, error) { return "", errUnsupported }
func (unsupported) adapters() ([]adapter, error)  { return nil, errUnsupported }
