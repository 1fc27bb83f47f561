package account

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/ui/kit/field"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// contactField describes one field of api.Contact.
type contactField struct {
	wire   string
	label  tr.Text
	mark   mark // for a new account
	of     func(*api.Contact) *string
	change func(*api.AccountChange) **string
}

// contactRows are the fields of api.Contact from top to bottom, one or two in a row.
var contactRows = [][]contactField{
	{
		{"first_name", "First name", required, func(c *api.Contact) *string { return &c.FirstName },
			func(c *api.AccountChange) **string { return &c.FirstName }},
		{"last_name", "Last name", required, func(c *api.Contact) *string { return &c.LastName },
			func(c *api.AccountChange) **string { return &c.LastName }},
	},
	{{"company", "Company", optional, func(c *api.Contact) *string { return &c.Company },
		func(c *api.AccountChange) **string { return &c.Company }}},
	{
		{wireEmail, "Email address", required, func(c *api.Contact) *string { return &c.Email },
			func(c *api.AccountChange) **string { return &c.Email }},
		{wireEmail2, "Second email address", optional, func(c *api.Contact) *string { return &c.Email2 },
			func(c *api.AccountChange) **string { return &c.Email2 }},
	},
	{{"address", "Street and number", required, func(c *api.Contact) *string { return &c.Address },
		func(c *api.AccountChange) **string { return &c.Address }}},
	{
		{"zip", "Zip code", required, func(c *api.Contact) *string { return &c.Zip },
			func(c *api.AccountChange) **string { return &c.Zip }},
		{"city", "City", required, func(c *api.Contact) *string { return &c.City },
			func(c *api.AccountChange) **string { return &c.City }},
	},
	{
		{"state", "State or region", optional, func(c *api.Contact) *string { return &c.State },
			func(c *api.AccountChange) **string { return &c.State }},
		{"country", "Country", required, func(c *api.Contact) *string { return &c.Country },
			func(c *api.AccountChange) **string { return &c.Country }},
	},
	{
		{"phone", "Phone number", required, func(c *api.Contact) *string { return &c.Phone },
			func(c *api.AccountChange) **string { return &c.Phone }},
		{"fax", "Fax number", optional, func(c *api.Contact) *string { return &c.Fax },
			func(c *api.AccountChange) **string { return &c.Fax }},
	},
}

// contactInputs is the group of fields for contact data.
type contactInputs struct {
	inputs []*textInput // in the order of contactRows
	rows   []fyne.CanvasObject
}

// newContactInputs returns empty fields; marks returns the mark of each.
func newContactInputs(marks func(contactField) mark, changed func()) *contactInputs {
	c := &contactInputs{}
	for _, row := range contactRows {
		var cells []fyne.CanvasObject
		for _, spec := range row {
			in := newTextInput(spec.wire, tr.T(spec.label), marks(spec), field.NewEntry(), changed)
			c.inputs = append(c.inputs, in)
			cells = append(cells, in.object)
		}
		c.rows = append(c.rows, sideBySide(cells...))
	}
	first, second := c.input(wireEmail), c.input(wireEmail2)
	first.validate = emailFault
	second.validate = func(text string) string {
		if strings.EqualFold(text, first.text()) {
			return tr.T("This is the same as the first address. Enter another one, or leave it empty.")
		}
		return emailFault(text)
	}
	return c
}

func (c *contactInputs) input(wire string) *textInput {
	i := slices.IndexFunc(c.inputs, func(in *textInput) bool { return in.name == wire })
	return c.inputs[i]
}

// contactFields returns all fields in the order of contactInputs.inputs.
func contactFields() []contactField { return slices.Concat(contactRows...) }

// fill sets the fields to data.
func (c *contactInputs) fill(data api.Contact) {
	for i, spec := range contactFields() {
		c.inputs[i].entry.SetText(*spec.of(&data))
	}
}

// contact returns the values of the fields.
func (c *contactInputs) contact() (data api.Contact) {
	for i, spec := range contactFields() {
		*spec.of(&data) = c.inputs[i].text()
	}
	return data
}

// changes returns the fields that differ from data, and their number.
func (c *contactInputs) changes(data api.Contact) (change api.AccountChange, n int) {
	for i, spec := range contactFields() {
		if text := c.inputs[i].text(); text != strings.TrimSpace(*spec.of(&data)) {
			*spec.change(&change) = &text
			n++
		}
	}
	return change, n
}

// all returns the fields as inputs of a form.
func (c *contactInputs) all() []input {
	all := make([]input, len(c.inputs))
	for i, in := range c.inputs {
		all[i] = in
	}
	return all
}

// column stacks the parts of a form vertically.
func column(parts ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(theme.Margin), parts...)
}

// sideBySide arranges parts in columns of equal width.
func sideBySide(parts ...fyne.CanvasObject) fyne.CanvasObject {
	cells := container.NewGridWithColumns(len(parts))
	for i, part := range parts {
		var left, right float32
		if i > 0 {
			left = theme.Gap / 2
		}
		if i < len(parts)-1 {
			right = theme.Gap / 2
		}
		cells.Add(container.New(layout.NewCustomPaddedLayout(0, 0, left, right), part))
	}
	return cells
}

// heading returns the heading of a group of fields; sentence may be "".
func heading(title, sentence string) fyne.CanvasObject {
	about := theme.NewCaption(sentence)
	about.Wrapping = fyne.TextWrapWord
	about.Hidden = sentence == ""
	return container.New(layout.NewCustomPaddedVBoxLayout(2),
		theme.Unpadded(theme.NewHeading(title)), theme.Unpadded(about))
}
