package dialogs

// SetButtonLabel changes what the button with a text shows, such as "Add order (12 s)"; "" shows the text again.
// SetButton goes on knowing the button by its text. UI thread.
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
