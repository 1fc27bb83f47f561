package table

// State is the part of a table that is stored between runs of the app: the sort and the widths that the person chose.
// Columns that no longer exist are ignored.
type State struct {
	// Sort is the ID of the sorted column; empty means the order of SetRows.
	Sort       string `json:"sort,omitempty"`
	Descending bool   `json:"descending,omitempty"`

	// Widths are the widths of the columns that the person has resized, by ID, in device-independent pixels.
	Widths map[string]float32 `json:"widths,omitempty"`
}
