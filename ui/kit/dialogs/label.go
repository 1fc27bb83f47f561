package dialogs

// SetButtonLabel changes the visible label of the button with a text, for example to "Add order (12 s)"; "" restores
// the text. SetButton still identifies the button by its text. UI thread.
func (d *Dialog) SetButtonLabel(text, label string) {
	if label == "" {
		label = text
	}
	for i, b := range d.spec.Buttons {
		if b.Text == text && d.buttons[i].Text != label {
			d.buttons[i].SetText(label)
			d.arrange()
		}
	}
}
