package ui

import (
	"github.com/acen-desktop/acen/ui/screens/doctor"
	"github.com/acen-desktop/acen/ui/text/explain"
)

// examine opens the connection doctor for a server; "" means that of the current account.
func (w *Window) examine(server string) {
	doctor.Open(doctor.Options{
		Dialogs: w.queue, Work: w.work, Examiner: w.options.Backend, Copy: w.copy, Explain: explain.Error, Now: w.options.Now,
		Save:        func(name, text string, done func(error)) { w.saveText(name, text, ".txt", done) },
		OnNoNetwork: w.noNetwork,
	}, server)
}
