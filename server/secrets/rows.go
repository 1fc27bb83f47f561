package secrets

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/acen-desktop/acen/server/store"
)

// Prefixes of sealed answers and mails. Those of older versions are in clear text.
const (
	sealedBytes = "\x01"
	sealedText  = "sealed:"
)

func answerPurpose(a store.Answer) string {
	return fmt.Sprintf("acen/v1 answer %d %s", a.ClientID, a.Key)
}

// SealAnswer seals the body of an answer, which may contain codes.
func (k *Keeper) SealAnswer(a *store.Answer) error {
	sealed, err := k.Seal(answerPurpose(*a), a.Body)
	a.Body = append([]byte(sealedBytes), sealed...)
	return err
}

// OpenAnswer reverts SealAnswer. It does not change answers in clear text.
func (k *Keeper) OpenAnswer(a *store.Answer) (err error) {
	if sealed, ok := bytes.CutPrefix(a.Body, []byte(sealedBytes)); ok {
		a.Body, err = k.Open(answerPurpose(*a), sealed)
	}
	return err
}

func mailPurpose(m store.Mail, part string) string { return "acen/v1 mail " + m.MessageID + " " + part }

// SealMail seals body and attachment of a mail, which may contain a link that sets a password.
func (k *Keeper) SealMail(m *store.Mail) error {
	body, err := k.Seal(mailPurpose(*m, "body"), []byte(m.Body))
	if err != nil {
		return err
	}
	m.Body = sealedText + base64.StdEncoding.EncodeToString(body)
	if m.Attachment == nil {
		return nil
	}
	attachment, err := k.Seal(mailPurpose(*m, "attachment"), m.Attachment)
	m.Attachment = append([]byte(sealedBytes), attachment...)
	return err
}

// OpenMail reverts SealMail. It does not change mails in clear text.
func (k *Keeper) OpenMail(m *store.Mail) error {
	if text, ok := strings.CutPrefix(m.Body, sealedText); ok {
		sealed, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return ErrSealed
		}
		body, err := k.Open(mailPurpose(*m, "body"), sealed)
		if err != nil {
			return err
		}
		m.Body = string(body)
	}
	if sealed, ok := bytes.CutPrefix(m.Attachment, []byte(sealedBytes)); ok {
		attachment, err := k.Open(mailPurpose(*m, "attachment"), sealed)
		if err != nil {
			return err
		}
		m.Attachment = attachment
	}
	return nil
}

// Reseal seals all programs, answers and queued mails with the current key and returns their number.
func (k *Keeper) Reseal(ctx context.Context, tx store.Tx) (rows int, err error) {
	programs, err := tx.Programs.List(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range programs {
		for name, sealed := range map[string]*[]byte{
			"activation": &p.SealedActivation,
			"serial":     &p.SealedSerial,
			"signing":    &p.SealedSigning,
			"next":       &p.SealedNext,
		} {
			if *sealed == nil {
				continue
			}
			value, err := k.Open(keyPurpose(p, name), *sealed)
			if err != nil {
				return 0, fmt.Errorf("program %d: %w", p.ID, err)
			}
			if *sealed, err = k.Seal(keyPurpose(p, name), value); err != nil {
				return 0, err
			}
		}
		if err := tx.Programs.Change(ctx, p); err != nil {
			return 0, err
		}
	}
	answers, err := tx.Answers.List(ctx)
	if err != nil {
		return 0, err
	}
	for _, a := range answers {
		if err := k.OpenAnswer(&a); err != nil {
			return 0, fmt.Errorf("answer %s: %w", a.Key, err)
		}
		if err := k.SealAnswer(&a); err != nil {
			return 0, err
		}
		if err := tx.Answers.Replace(ctx, a); err != nil {
			return 0, err
		}
	}
	mails, err := tx.Mails.Queued(ctx)
	if err != nil {
		return 0, err
	}
	for _, m := range mails {
		if err := k.OpenMail(&m); err != nil {
			return 0, fmt.Errorf("mail %d: %w", m.ID, err)
		}
		if err := k.SealMail(&m); err != nil {
			return 0, err
		}
		if err := tx.Mails.Replace(ctx, m); err != nil {
			return 0, err
		}
	}
	return len(programs) + len(answers) + len(mails), nil
}
