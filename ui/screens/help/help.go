// Package help implements the help, which explains each task with a picture, and the list of shortcuts.
package help

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/acen-desktop/acen/assets"
	"github.com/acen-desktop/acen/ui/kit/dialogs"
	"github.com/acen-desktop/acen/ui/kit/theme"
	"github.com/acen-desktop/acen/ui/text/tr"
)

// topics are the sections of the help; picture is the name of a file in assets.
var topics = []struct {
	picture     string
	title, text tr.Text
}{
	{"new", "New license",
		"Activates a PC, as long as unused licenses are left. For this PC the codes are filled in; for another PC, " +
			"type or paste the Site code and the Machine ID that the program shows there."},
	{"reactivation", "License reactivation",
		"Brings a license back after a crash, a new disk or a new system, on the same PC. No removal code is needed: " +
			"the PC is recognized by comparing seven locks. Its network card or its disk must be that of the " +
			"license, so that another PC of the same model is not accepted. You see the comparison and the verdict " +
			"before you try. The app finds the licenses that this PC had and offers to bring them back."},
	{"move", "Move to another PC",
		"One task on two PCs: the license leaves this PC, and on the other PC, signed in to the same account, ACEN " +
			"Desktop offers Pick up on this PC. You type no code, and nothing is lost even if the power fails."},
	{"transfer", "License transfer",
		"Moves a license to a PC without the app. Enter the Site code and the Machine ID that the program shows there, " +
			"and the removal code that it showed on the old PC; a license of this PC needs no removal code."},
	{"removal", "License removal",
		"Ends a license on its PC. With the removal code the order gets one license back, which you can activate " +
			"elsewhere. A removal code works once."},
	{"codes", "Removal codes",
		"Proof that a license has left a PC. A removal code of this PC is stored before the license leaves, in a " +
			"file that only you can read, next to the license files, and sent automatically until the server has it. " +
			"The account menu lists them, to copy, save, print or show as a QR code."},
	{"email", "Email activation code",
		"Sends the activation code and the license file to an address on file, or opens the text in your own mail program."},
	{"courier", "PCs without a network",
		"Make a request on that PC, for one or more programs; carry it as a file, as QR codes or as text to a PC " +
			"with a network, and open it there. The answer goes back the same way. The complete content of the QR " +
			"codes is shown next to them. You see what is in files, links and pictures from outside before anything " +
			"is done with them."},
	{"privacy", "Data sent about this PC",
		"About its hardware, only the Site code and the Machine ID: 63 bits, 5 to 14 for each of seven locks, no " +
			"serial number and no address. But they narrow both down: about a thousand of the sixteen million " +
			"addresses of one maker of network cards match, about as many serial numbers of a disk, and the models " +
			"of the processor and the firmware can be guessed. The codes of several programs together can narrow " +
			"them down to one. The account menu decodes them lock by lock."},
	{"order", "New order",
		"Adds an order with a serial number, if the vendor sells programs that way. The number in the picture shows " +
			"that you are not a robot; you can also listen to it."},
}

// Shortcut is a line of the list of shortcuts: keys, such as "Ctrl+F", and their action.
type Shortcut struct{ Keys, Name string }

// Open shows the help with the list of shortcuts. UI thread.
func Open(queue *dialogs.Queue, shortcuts []Shortcut) {
	rows := container.New(layout.NewCustomPaddedVBoxLayout(theme.Section))
	for _, t := range topics {
		rows.Add(topic(t.picture, tr.T(t.title), tr.T(t.text)))
	}
	more := widget.NewLabel(tr.T("The text below a gray button says why it is disabled, so you know what the vendor " +
		"allows before you try. A task that cannot be sent now is saved and sent when the connection is back; it is " +
		"carried out only once."))
	more.Wrapping, more.Importance = fyne.TextWrapWord, widget.LowImportance
	rows.Add(theme.Unpadded(more))
	title := widget.NewLabelWithStyle(tr.T("Keyboard shortcuts"), fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	rows.Add(theme.Unpadded(title))
	rows.Add(list(shortcuts))
	queue.Show(dialogs.Spec{
		Title:    tr.T("Help"),
		Subtitle: tr.T("What you can do with orders and licenses"),
		Width:    640,
		Content:  rows,
		Buttons:  []dialogs.Button{{Text: tr.T("Close"), Default: true, Cancel: true}},
	})
}

// topic returns a section with its picture at the left.
func topic(name, title, text string) fyne.CanvasObject {
	heading := widget.NewLabelWithStyle(title, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
	body := widget.NewLabel(text)
	body.Wrapping = fyne.TextWrapWord
	left := container.New(layout.NewCustomPaddedLayout(0, 0, 0, theme.Margin), container.NewVBox(picture(name)))
	right := container.New(layout.NewCustomPaddedVBoxLayout(2), theme.Unpadded(heading), theme.Unpadded(body))
	return container.NewBorder(nil, nil, left, nil, right)
}

// OpenShortcuts shows the list of shortcuts. UI thread.
func OpenShortcuts(queue *dialogs.Queue, shortcuts []Shortcut) {
	queue.Show(dialogs.Spec{
		Title:   tr.T("Keyboard shortcuts"),
		Content: list(shortcuts),
		Width:   dialogs.SmallWidth,
		Buttons: []dialogs.Button{{Text: tr.T("Close"), Default: true, Cancel: true}},
	})
}

func list(shortcuts []Shortcut) fyne.CanvasObject {
	rows := container.New(layout.NewFormLayout())
	for _, s := range shortcuts {
		keys := widget.NewLabelWithStyle(s.Keys, fyne.TextAlignLeading, theme.Monospace())
		rows.Add(container.New(layout.NewCustomPaddedLayout(0, 0, 0, theme.Section), theme.Unpadded(keys)))
		rows.Add(theme.Unpadded(widget.NewLabel(s.Name)))
	}
	return rows
}

// picture returns a picture of the help in the color of the text.
func picture(name string) fyne.CanvasObject {
	data, err := assets.Help.ReadFile(fmt.Sprintf("help/%s.svg", name))
	if err != nil {
		return container.NewStack() // cannot happen: a test loads every picture
	}
	image := canvas.NewImageFromResource(fynetheme.NewThemedResource(fyne.NewStaticResource("help-"+name+".svg", data)))
	image.FillMode = canvas.ImageFillContain
	image.SetMinSize(fyne.NewSize(64, 32))
	return image
}
