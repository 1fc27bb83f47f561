package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/manager"
)

// optionJSON is a way to carry out an item, as --json prints it.
type optionJSON struct {
	Number     int             `json:"number"`
	Action     string          `json:"action"`
	Order      int64           `json:"order"`
	License    int64           `json:"license,omitempty"`
	Note       string          `json:"note,omitempty"`
	Refusal    string          `json:"refusal,omitempty"`
	Comparison *api.Comparison `json:"comparison,omitempty"`
}

// itemJSON is an item of a request with its options, as --json prints it.
type itemJSON struct {
	Item      int          `json:"item"`
	Task      string       `json:"task"`
	Program   string       `json:"program,omitempty"`
	Signature string       `json:"signature"`
	SiteCode  string       `json:"site_code"`
	Options   []optionJSON `json:"options"`
	Refusal   string       `json:"refusal,omitempty"`
}

func describePlan(plan []manager.CarryItem) (list []itemJSON, lines [][]string) {
	for n, p := range plan {
		i := p.Item
		one := itemJSON{
			Item:      n + 1,
			Task:      string(i.Task),
			Program:   i.Program,
			Signature: string(i.Signature),
			SiteCode:  i.Codes.Site.String(),
			Options:   []optionJSON{},
		}
		lines = append(lines,
			[]string{fmt.Sprint(one.Item), nameOf(i.Program, i.Signature), one.Task, "Site code " + one.SiteCode})
		if p.Refusal != nil {
			one.Refusal = sentence(p.Refusal)
			lines = append(lines, []string{"", "", "not possible", one.Refusal})
		}
		for k, o := range p.Options {
			option := optionJSON{
				Number:  k + 1,
				Action:  string(o.Action),
				Order:   o.Order.ID,
				License: o.License.ID,
				Note:    o.License.Note,
			}
			what := fmt.Sprintf("order %d", option.Order)
			if option.License != 0 {
				what = strings.TrimSpace(fmt.Sprintf("license %d of %s %s", option.License, what, option.Note))
			}
			if o.Refusal != nil {
				option.Refusal = sentence(o.Refusal)
				what += "; refused: " + option.Refusal
			}
			if o.Action == manager.CarryReactivate {
				compared := comparisonOf(o.Comparison)
				option.Comparison = &compared
				what += fmt.Sprintf("; %d of %d hardware changes", o.Comparison.HardwareChanges, o.Comparison.MaxHardwareChanges)
			}
			one.Options = append(one.Options, option)
			lines = append(lines, []string{"", fmt.Sprintf("%d)", k+1), option.Action, what})
		}
		list = append(list, one)
	}
	return list, lines
}

// choices returns the index of the chosen option of each item, or -1. "2" chooses option 2 for every item, "3=2" for
// item 3; option 0 chooses none.
func choices(plan []manager.CarryItem, chosen []string) ([]int, error) {
	list := make([]int, len(plan))
	for _, text := range chosen {
		item, number, one := strings.Cut(text, "=")
		if !one {
			number = item
		}
		option, err := strconv.Atoi(number)
		at := 0
		if err == nil && one {
			at, err = strconv.Atoi(item)
		}
		if err != nil || option < 0 || one && (at < 1 || at > len(plan)) {
			return nil, usageError{
				fmt.Errorf("%q chooses no option: give the number of an option, or ITEM=OPTION, as --dry-run lists them", text),
			}
		}
		for i := range list {
			if !one || i == at-1 {
				list[i] = option - 1
			}
		}
	}
	for i, c := range list {
		if plan[i].Refusal == nil && c >= len(plan[i].Options) {
			return nil, usageError{fmt.Errorf("program %d of the request has %d options", i+1, len(plan[i].Options))}
		}
	}
	return list, nil
}
