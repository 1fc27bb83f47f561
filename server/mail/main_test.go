package mail_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/acen-desktop/acen/server/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is the time at which the mails are queued.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// queued returns a mail as the server queues it.
func queued(to ...string) store.Mail {
	return store.Mail{
		ClientID:       1,
		LicenseID:      20871,
		MessageID:      "abcDEF-123_x@licenses.example",
		To:             to,
		Subject:        "Activation code for Büro – 自宅",
		Body:           "Grüße,\n\n.\nΓειά\n",
		AttachmentName: "lumen-render-node-20871.acen",
		Attachment:     []byte("v4.public.token"),
		NextAt:         noon,
		CreatedAt:      noon,
	}
}
