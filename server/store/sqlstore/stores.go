package sqlstore

import "github.com/acen-desktop/acen/server/store"

// Each store of a transaction is a type of its own, because their methods have the same names.
type (
	programs    struct{ *Tx }
	clients     struct{ *Tx }
	orders      struct{ *Tx }
	serials     struct{ *Tx }
	licenses    struct{ *Tx }
	uses        struct{ *Tx }
	sessions    struct{ *Tx }
	answers     struct{ *Tx }
	mails       struct{ *Tx }
	events      struct{ *Tx }
	audits      struct{ *Tx }
	attempts    struct{ *Tx }
	bans        struct{ *Tx }
	options     struct{ *Tx }
	templates   struct{ *Tx }
	maintenance struct{ *Tx }
)

// Of returns the transaction of a store.Tx that was returned by Stores.
func Of(tx store.Tx) *Tx { return tx.Licenses.(licenses).Tx }

// Stores returns the stores of the transaction.
func (t *Tx) Stores() store.Tx {
	return store.Tx{
		Programs:    programs{t},
		Clients:     clients{t},
		Orders:      orders{t},
		Serials:     serials{t},
		Licenses:    licenses{t},
		Uses:        uses{t},
		Sessions:    sessions{t},
		Answers:     answers{t},
		Mails:       mails{t},
		Events:      events{t},
		Audits:      audits{t},
		Attempts:    attempts{t},
		Bans:        bans{t},
		Options:     options{t},
		Templates:   templates{t},
		Maintenance: maintenance{t},
	}
}
