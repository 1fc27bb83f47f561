package sqlstore

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/acen-desktop/acen/license"
)

// instant stores a time as microseconds since 1970 UTC.
type instant time.Time

func at(t time.Time) instant { return instant(t) }

// Value returns microseconds; NULL for the zero time.
func (i instant) Value() (driver.Value, error) {
	if time.Time(i).IsZero() {
		return nil, nil
	}
	return time.Time(i).UnixMicro(), nil
}

// Scan reads microseconds; the zero time for NULL.
func (i *instant) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*i = instant{}
	case int64:
		*i = instant(time.UnixMicro(v).UTC())
	default:
		return fmt.Errorf("a time is stored as %T", v)
	}
	return nil
}

// integer scans an integer that is not an int64. Without it, database/sql would format and parse it as text.
type integer[T ~int | ~uint16 | ~uint32] struct{ to *T }

// Scan reads an integer. It fails if the value overflows T.
func (c integer[T]) Scan(v any) error {
	n, ok := v.(int64)
	if *c.to = T(n); !ok || int64(*c.to) != n {
		return fmt.Errorf("%v is no %T", v, *c.to)
	}
	return nil
}

// schemeColumn stores the number of the scheme of a license's codes.
type schemeColumn struct{ older *bool }

// Value returns 1 for codes of acen/v1, and 2 for those of acen/v2.
func (c schemeColumn) Value() (driver.Value, error) {
	if *c.older {
		return int64(1), nil
	}
	return int64(2), nil
}

// Scan reads the number of a scheme.
func (c schemeColumn) Scan(v any) error {
	n, ok := v.(int64)
	if *c.older = n < 2; !ok || n < 1 {
		return fmt.Errorf("%v is no scheme of codes", v)
	}
	return nil
}

// optionalTime scans a time that may be NULL.
type optionalTime struct{ to **time.Time }

func atOptional(t *time.Time) instant {
	if t == nil {
		return instant{}
	}
	return instant(*t)
}

// Scan reads microseconds; nil for NULL.
func (o optionalTime) Scan(v any) error {
	var i instant
	if err := i.Scan(v); err != nil {
		return err
	}
	*o.to = nil
	if v != nil {
		t := time.Time(i)
		*o.to = &t
	}
	return nil
}

// policyColumn stores a policy as JSON.
type policyColumn struct{ to *license.Policy }

// policyRow is the JSON of a policy.
type policyRow struct {
	Enabled    bool     `json:"enabled"`
	Max        int      `json:"max_hardware_changes"`
	Changeable []string `json:"changeable"`
}

// Value returns the policy as JSON.
func (p policyColumn) Value() (driver.Value, error) {
	row := policyRow{Enabled: p.to.Enabled, Max: p.to.MaxHardwareChanges, Changeable: []string{}}
	for _, l := range p.to.Changeable {
		row.Changeable = append(row.Changeable, l.String())
	}
	b, err := json.Marshal(row)
	return string(b), err
}

// Scan reads a policy from JSON.
func (p policyColumn) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("a policy is stored as %T", v)
	}
	policy, ok := policies.get(text)
	if !ok {
		var err error
		if policy, err = parsePolicy(text); err != nil {
			return err
		}
		policies.put(text, policy)
	}
	*p.to = policy
	p.to.Changeable = slices.Clone(policy.Changeable)
	return nil
}

func parsePolicy(text string) (p license.Policy, err error) {
	var row policyRow
	if err := json.Unmarshal([]byte(text), &row); err != nil {
		return p, err
	}
	p = license.Policy{Enabled: row.Enabled, MaxHardwareChanges: row.Max}
	for _, name := range row.Changeable {
		l, err := license.ParseLock(name)
		if err != nil {
			return license.Policy{}, err
		}
		p.Changeable = append(p.Changeable, l)
	}
	return p, nil
}

// policyCache caches decoded policies by their JSON. Each row of licenses has a policy, but a database has few
// different ones.
type policyCache struct {
	mu     sync.RWMutex
	byText map[string]license.Policy
}

var policies = policyCache{byText: map[string]license.Policy{}}

// maxPolicies limits the cache. Further policies are decoded each time.
const maxPolicies = 100

func (m *policyCache) get(text string) (license.Policy, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	p, ok := m.byText[text]
	return p, ok
}

func (m *policyCache) put(text string, p license.Policy) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.byText) < maxPolicies {
		m.byText[text] = p
	}
}

// document stores a value as JSON.
type document struct{ to any }

// Value returns the JSON.
func (d document) Value() (driver.Value, error) {
	b, err := json.Marshal(d.to)
	return string(b), err
}

// Scan reads the JSON.
func (d document) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("a document is stored as %T", v)
	}
	return json.Unmarshal([]byte(text), d.to)
}

// machineColumn stores a Machine ID as text, because integers of a database are signed.
type machineColumn struct{ to *license.MachineID }

// Value returns the Machine ID as 16 hex digits.
func (m machineColumn) Value() (driver.Value, error) { return fmt.Sprintf("%016X", uint64(*m.to)), nil }

// Scan reads a Machine ID from 16 hex digits.
func (m machineColumn) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("a Machine ID is stored as %T", v)
	}
	n, err := strconv.ParseUint(text, 16, 64)
	*m.to = license.MachineID(n)
	return err
}

// activationColumn stores an activation code in its shown form.
type activationColumn struct{ to *license.ActivationCode }

// Value returns the activation code in its shown form.
func (a activationColumn) Value() (driver.Value, error) { return a.to.String(), nil }

// Scan reads an activation code from its shown form.
func (a activationColumn) Scan(v any) (err error) {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("an activation code is stored as %T", v)
	}
	*a.to, err = license.ParseActivationCode(text)
	return err
}

// publicKeyColumn stores a public key as hex.
type publicKeyColumn struct{ to *license.PublicKey }

// Value returns the key as hex.
func (p publicKeyColumn) Value() (driver.Value, error) { return p.to.String(), nil }

// Scan reads a key from hex.
func (p publicKeyColumn) Scan(v any) (err error) {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("a public key is stored as %T", v)
	}
	*p.to, err = license.ParsePublicKey(text)
	return err
}

// formerKeys stores public keys as a JSON array of hex.
type formerKeys struct{ to *[]license.PublicKey }

// Value returns the keys as a JSON array of hex.
func (f formerKeys) Value() (driver.Value, error) {
	texts := []string{}
	for _, key := range *f.to {
		texts = append(texts, key.String())
	}
	return document{texts}.Value()
}

// Scan reads keys from a JSON array of hex; nil for an empty array.
func (f formerKeys) Scan(v any) error {
	var texts []string
	if err := (document{&texts}).Scan(v); err != nil {
		return err
	}
	*f.to = nil
	for _, text := range texts {
		key, err := license.ParsePublicKey(text)
		if err != nil {
			return err
		}
		*f.to = append(*f.to, key)
	}
	return nil
}
