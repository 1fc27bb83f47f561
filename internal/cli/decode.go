package cli

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/license/installed"
)

// foundJSON is a code in a text, as --json prints it.
type foundJSON struct {
	Kind   string `json:"kind"`
	Text   string `json:"text"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
}

// fileJSON is a license file in a text, as --json prints it.
type fileJSON struct {
	License   int64  `json:"license"`
	Order     int64  `json:"order"`
	Program   string `json:"program"`
	Signature string `json:"signature"`
	SiteCode  string `json:"site_code"`
	MachineID string `json:"machine_id"`
	// Signed is "yes", "older-version" for a file of a trial version, "no", or "unknown" without the program's key.
	Signed string `json:"signed"`
}

// pairJSON is a Site code with its Machine ID, opened with an application signature.
type pairJSON struct {
	SiteCode   string     `json:"site_code"`
	MachineID  string     `json:"machine_id"`
	Generation uint16     `json:"generation"`
	Fits       *bool      `json:"fits,omitempty"`
	Locks      []lockJSON `json:"locks,omitempty"`
}

func (cs *commandSet) decodeCommand() *cobra.Command {
	var signature string
	c := &cobra.Command{
		Use:   "decode [FILE]",
		Short: "Find all codes in a text, such as a mail or log lines",
		Long: `Find all codes in a text by their form, in a file or on standard input. Nothing is sent.

A license file is listed with its content, and with the result of the check of its signature, for which the
keys of the programs on this PC are used. A license file of a trial version is marked as such.

With --signature, the application signature of the program (6 to 10 characters), Site codes and Machine IDs
are decoded: whether they belong together and to the program, and which of the seven locks of that PC could
be read.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			file := "-"
			if len(args) == 1 {
				file = args[0]
			}
			text, err := cs.text(file)
			if err != nil {
				return err
			}
			return cs.decode(text, signature)
		},
	}
	c.Flags().StringVar(&signature, "signature", "", "application signature of the program")
	return c
}

func (cs *commandSet) decode(text, signature string) error {
	found := license.Find(text)
	out := struct {
		Found  []foundJSON `json:"found"`
		Files  []fileJSON  `json:"files"`
		PCs    []pairJSON  `json:"pcs"`
		Faults []string    `json:"faults"` // of text that follows a code's name and is not a code
	}{[]foundJSON{}, []fileJSON{}, []pairJSON{}, []string{}}
	lines := [][]string{{"KIND", "CODE"}}
	for _, f := range found {
		out.Found = append(out.Found, foundJSON{f.Kind.String(), f.Text, f.Offset, f.Length})
		lines = append(lines, []string{f.Kind.String(), f.Text})
	}
	for _, token := range licenseFiles.FindAllString(text, maxLicenseFiles) {
		claimed, err := license.UnverifiedFile(token)
		if err != nil {
			continue
		}
		f, verdict := cs.licenseFile(token, claimed)
		out.Files = append(out.Files, f)
		lines = append(lines, []string{"License file", fmt.Sprintf("license %d of %s. %s", f.License, f.Program, verdict)})
	}
	nothing := len(found) == 0 && len(out.Files) == 0
	if nothing {
		lines = [][]string{{"There is no code in this text."}}
	}
	var key *license.Key
	if signature != "" {
		s, err := license.ParseSignature(signature)
		if err != nil {
			return usageError{err}
		}
		k := s.Key()
		key = &k
	}
	for _, codes := range pairs(found) {
		pair := pairJSON{
			SiteCode:   codes.Site.String(),
			MachineID:  codes.Machine.String(),
			Generation: codes.Site.Generation(),
		}
		lines = append(lines, nil, []string{"PC", codes.Site.String() + " " + codes.Machine.String()})
		if key != nil {
			block, err := key.Open(codes)
			fits := err == nil
			pair.Fits = &fits
			if !fits {
				lines = append(lines, []string{"", "The codes do not belong together, or they belong to another program."})
			} else {
				for _, l := range license.Locks() {
					readable := block.Value(l) != 0
					pair.Locks = append(pair.Locks, lockJSON{Name: l.String(), Kind: l.Kind().String(), Readable: readable})
					lines = append(lines, []string{l.String(), map[bool]string{true: "readable", false: "not readable"}[readable]})
				}
			}
		}
		out.PCs = append(out.PCs, pair)
	}
	faults := license.Faults(text)
	for _, fault := range faults {
		out.Faults = append(out.Faults, fault.Error())
		lines = append(lines, []string{fault.Error()})
	}
	if err := cs.print(out, lines...); err != nil {
		return err
	}
	if nothing {
		return fmt.Errorf("%w: no code was found", license.ErrMalformed)
	}
	return nil
}

// licenseFiles matches license files in a text.
var licenseFiles = regexp.MustCompile(`v4\.public\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`)

// maxLicenseFiles limits how many license files are shown.
const maxLicenseFiles = 20

// licenseFile describes a license file. It verifies the file with the keys of the programs on this PC.
func (cs *commandSet) licenseFile(token string, claimed license.File) (f fileJSON, verdict string) {
	f = fileJSON{
		License:   claimed.ID,
		Order:     claimed.Order,
		Program:   carry.Clean(claimed.ProgramName, carry.MaxName),
		Signature: string(claimed.Signature),
		SiteCode:  claimed.Codes.Site.String(),
		MachineID: claimed.Codes.Machine.String(),
	}
	_, err := license.VerifyFile(token, func(id string) (license.PublicKey, bool) {
		state, _ := localLicenses(cs.data).State(claimed.Signature) // unreadable: no keys
		for _, text := range state.Program.PublicKeys {
			if key, err := license.ParsePublicKey(text); err == nil && key.KeyID() == id {
				return key, true
			}
		}
		return license.PublicKey{}, false
	})
	switch {
	case err == nil:
		f.Signed = "yes"
		return f, "Its vendor signed it."
	case errors.Is(err, license.ErrOlderVersion):
		f.Signed = "older-version"
		return f, "It was made by an older trial version and is no longer valid."
	case errors.Is(err, license.ErrFileKey):
		f.Signed = "unknown"
		if (installed.File{Content: token}).OfTrialVersion() {
			return f, "Its codes do not match: it was made by an older trial version, or it is forged."
		}
		return f, "No program on this PC has its key, so its signature could not be checked."
	}
	f.Signed = "no"
	return f, "It was not signed with the key of its program: do not use it."
}

// pairs returns each Site code with the Machine ID that follows it.
func pairs(found []license.Found) (list []license.Codes) {
	var site *license.SiteCode
	for _, f := range found {
		switch f.Kind {
		case license.KindMerged:
			list = append(list, f.Codes)
		case license.KindSiteCode:
			if s, err := license.ParseSiteCode(f.Text); err == nil {
				site = &s
			}
		case license.KindMachineID:
			m, err := license.ParseMachineID(f.Text)
			if err == nil && site != nil {
				list = append(list, license.Codes{Site: *site, Machine: m})
				site = nil
			}
		}
	}
	return list
}
