package table

// State is what a table remembers between two starts of the app: the sort and the widths that the person chose. It is
// plain data for JSON; a state from an older version, with columns that no longer exist, is harmless.
type State struct {
	Sort       string             `json:"sort,omitempty"` // ID of the sorted column; empty means the order of SetRows
	Descending bool               `json:"descending,omitempty"`
	Widths     map[string]float32 `json:"widths,omitempty"` // by column ID, in device-independent pixels; only those resized by the person
}
