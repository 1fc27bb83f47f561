package secrets

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/acen-desktop/acen/server/store"
)

// What an answer or a queued mail begins with when it is sealed; those of an older version are in clear.
const (
	sealedBytes = "\x01"
	sealedText  = "sealed:"
)

func answerPlace(a store.Answer) string {
	return fmt.Sprintf("acen/v1 answer %d %s", a.ClientID, a.Key)
}

// SealAnswer seals the body of an answer: it may hold codes.
func (k *Keeper) SealAnswer(a *store.Answer) error {
	sealed, err := k.Seal(answerPlace(*a), a.Body)
	a.Body = append([]byte(sealedBytes), sealed...)
	return err
}

// OpenAnswer opens what SealAnswer has sealed.
func (k *Keeper) OpenAnswer(a *store.Answer) (err error) {
	if sealed, ok := bytes.CutPrefix(a.Body, []byte(sealedBytes)); ok {
		a.Body, err = k.Open(answerPlace(*a), sealed)
	}
	return err
}

func mailPlace(m store.Mail, part string) string { return "acen/v1 mail " + m.MessageID + " " + part }

// SealMail seals body and attachment of a mail: it may hold a link that sets a password.
func (k *Keeper) SealMail(m *store.Mail) error {
	body, err := k.Seal(mailPlace(*m, "body"), []byte(m.Body))
	if err != nil {
		return err
	}
	m.Body = sealedText + base64.StdEncoding.EncodeToString(body)
	if m.Attachment == nil {
		return nil
	}
	attachment, err := k.Seal(mailPlace(*m, "attachment"), m.Attachment)
	m.Attachment = append([]byte(sealedBytes), attachment...)
	return err
}

// OpenMail opens what SealMail has sealed.
func (k *Keeper) OpenMail(m *store.Mail) error {
	if text, ok := strings.CutPrefix(m.Body, sealedText); ok {
		sealed, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return ErrSealed
		}
		body, err := k.Open(mailPlace(*m, "body"), sealed)
		if err != nil {
			return err
		}
		m.Body = string(body)
	}
	if sealed, ok := bytes.CutPrefix(m.Attachment, []byte(sealedBytes)); ok {
		attachment, err := k.Open(mailPlace(*m, "attachment"), sealed)
		if err != nil {
			return err
		}
		m.Attachment = attachment
	}
	return nil
}

// Reseal seals everything in a database with the current key and returns how many rows that were.
func (k *Keeper) Reseal(ctx context.Context, tx store.Tx) (rows int, err error) {
	programs, err := tx.Programs.List(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range programs {
		for name, sealed := range map[string]*[]byte{"activation": &p.SealedActivation, "serial": &p.SealedSerial, "signing": &p.SealedSigning, "next": &p.SealedNext} {
			if *sealed == nil {
				continue
			}
			value, err := k.Open(place(p, name), *sealed)
			if err != nil {
				return 0, fmt.Errorf("program %d: %w", p.ID, err)
			}
			if *sealed, err = k.Seal(place(p, name), value); err != nil {
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
