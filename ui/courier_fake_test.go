package ui_test

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"slices"
	"sync"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/license"
	"github.com/acen-desktop/acen/license/carry"
	"github.com/acen-desktop/acen/manager"
)

const studio license.Signature = "LUMENST7"

// courier is the part of a backend for requests and answers.
type courier struct {
	mu       sync.Mutex
	programs []manager.OfflineProgram
	left     []manager.KeptCode
	wishes   []manager.RequestItem
	requests []carry.Request
	plan     []manager.CarryItem
	choices  [][]int
	answer   carry.Answer
	broken   error // of CarryOut
	taken    []manager.TakenResult
	takenAll []carry.Document
	entered  []string
	err      error // of the other calls
}

func (c *courier) OfflinePrograms(context.Context) ([]manager.OfflineProgram, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.programs), c.err
}

// givenBack returns the removal codes of licenses that have left this PC.
func (c *courier) givenBack() []manager.KeptCode {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.left)
}

func (c *courier) MakeRequest(_ context.Context, device string, wishes []manager.RequestItem) (carry.Request, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wishes = wishes
	r := carry.Request{ID: "ABCDEFGHI2", Device: device, MadeAt: now}
	for _, w := range wishes {
		item := carry.Item{
			Task:        w.Task,
			Signature:   w.Signature,
			Program:     w.Program,
			Note:        w.Note,
			Codes:       w.Signature.Key().Codes(7, 1),
			RemovalCode: w.RemovalCode,
			From:        w.From,
		}
		if w.Task == carry.TaskRemove {
			item.Codes, item.RemovalCode = w.Kept.Codes, w.Kept.Code
		}
		r.Items = append(r.Items, item)
	}
	if _, err := carry.Encode(r); err != nil {
		return r, err
	}
	c.requests = append(c.requests, r)
	return r, c.err
}

func (c *courier) Requests(context.Context) ([]carry.Request, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.requests), c.err
}

func (c *courier) ForgetRequest(_ context.Context, id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = slices.DeleteFunc(c.requests, func(r carry.Request) bool { return r.ID == id })
	return c.err
}

func (c *courier) LeaveOffline(_ context.Context, signature license.Signature) (manager.KeptCode, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, p := range c.programs {
		if p.Signature == signature && p.File != nil {
			k := manager.KeptCode{
				Signature: signature,
				Program:   p.Name,
				Codes:     p.File.Codes,
				Code:      77,
				Note:      p.File.Note,
			}
			c.programs[i].File = nil
			c.left = append(c.left, k)
			return k, nil
		}
	}
	return manager.KeptCode{}, manager.ErrNotThisPC
}

func (c *courier) ReadAnswer(_ context.Context, a carry.Answer) ([]manager.TakenResult, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.takenAll = append(c.takenAll, a)
	return c.taken, c.err
}

func (c *courier) InstallLicense(_ context.Context, content string) (license.File, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.takenAll = append(c.takenAll, carry.License(content))
	f, err := license.UnverifiedFile(content)
	if c.err != nil {
		return license.File{}, false, c.err
	}
	return f, false, err
}

func (c *courier) EnterCode(_ context.Context, signature license.Signature, text string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entered = append(c.entered, fmt.Sprintf("%s %s", signature, text))
	return c.err
}

func (c *courier) PlanCarry(context.Context, carry.Request) ([]manager.CarryItem, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.plan), c.err
}

func (c *courier) CarryOut(
	_ context.Context, r carry.Request, _ []manager.CarryItem, choices []int, done func(int),
) (carry.Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.choices = append(c.choices, slices.Clone(choices))
	for i := range c.answer.Results {
		done(i + 1)
	}
	a := c.answer
	a.Request = r.ID
	return a, c.broken
}

// sampleRequest returns a request for a license and for a removal.
func sampleRequest() carry.Request {
	return carry.Request{
		ID:     "K7Q2MZXDAB",
		Device: "Cutting room",
		MadeAt: now,
		Items: []carry.Item{
			{
				Task:      carry.TaskActivate,
				Signature: studio,
				Program:   "Lumen Studio 7",
				Codes:     codesOf(7, 1),
				Note:      "Cutting room",
			},
			{
				Task:        carry.TaskRemove,
				Signature:   studio,
				Program:     "Lumen Studio 7",
				Codes:       codesOf(8, 1),
				RemovalCode: 77,
			},
		},
	}
}

// samplePlan returns a plan with two options for the first item of sampleRequest and a refusal of the second.
func samplePlan() []manager.CarryItem {
	r := sampleRequest()
	order := api.Order{ID: 1042, LicensesTotal: 5, LicensesActivated: 2}
	block := license.Block(0x7fff_ffff_ffff_ffff)
	back := license.Compare(block, block, license.DefaultPolicy())
	full := api.NewProblem(api.ErrLicensesInUse, "The only license is in use.")
	gone := api.NewProblem(api.ErrNotFound, "No license of Lumen Studio 7 in this account has the Site code.")
	return []manager.CarryItem{
		{Item: r.Items[0], Options: []manager.CarryOption{
			{
				Action:     manager.CarryReactivate,
				Order:      order,
				License:    manager.License{License: api.License{ID: 20000, Note: "Old name"}},
				Comparison: back,
			},
			{Action: manager.CarryNew, Order: order},
			{
				Action:  manager.CarryNew,
				Order:   api.Order{ID: 1037, LicensesTotal: 1, LicensesActivated: 1},
				Refusal: full,
			},
		}},
		{Item: r.Items[1], Refusal: gone},
	}
}

func sampleLicense() string {
	key := license.NewActivationKey([32]byte{9})
	code, err := key.Activate(codesOf(7, 1), license.Grant{Issue: 1})
	if err != nil {
		panic(err)
	}
	token, err := license.SigningKeyFromSeed([32]byte{1}).Sign(license.File{
		Issuer:         "Lumen",
		ID:             20231,
		IssuedAt:       now,
		ProgramID:      1,
		ProgramName:    "Lumen Studio 7",
		Signature:      studio,
		Order:          1042,
		Codes:          codesOf(7, 1),
		ActivationCode: code,
		Policy:         license.DefaultPolicy(),
		Seed:           key.RemovalSeed(code),
		Note:           "Cutting room",
	})
	if err != nil {
		panic(err)
	}
	return token
}

func sampleAnswer() carry.Answer {
	r := sampleRequest()
	return carry.Answer{Request: r.ID, MadeAt: now, Server: "Lumen", Results: []carry.Result{
		{
			Item:       1,
			Task:       carry.TaskActivate,
			Signature:  studio,
			Program:    "Lumen Studio 7",
			Codes:      r.Items[0].Codes,
			Outcome:    carry.OutcomeLicense,
			License:    sampleLicense(),
			PublicKeys: []license.PublicKey{license.SigningKeyFromSeed([32]byte{1}).Public()},
		},
		{
			Item:      2,
			Task:      carry.TaskRemove,
			Signature: studio,
			Program:   "Lumen Studio 7",
			Codes:     r.Items[1].Codes,
			Outcome:   carry.OutcomeRefused,
			Code:      string(api.ErrNotFound),
			Sentence:  "No license of this account has the Site code.",
		},
	}}
}

func file(doc carry.Document) []byte {
	content, err := carry.Encode(doc)
	if err != nil {
		panic(err)
	}
	return content
}

// pictures returns the QR codes of a document as PNG files.
func pictures(doc carry.Document, size int) (list [][]byte) {
	parts, err := carry.Parts(doc, size)
	if err != nil {
		panic(err)
	}
	for _, p := range parts {
		img, err := p.Picture(4)
		if err != nil {
			panic(err)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			panic(err)
		}
		list = append(list, b.Bytes())
	}
	return list
}
