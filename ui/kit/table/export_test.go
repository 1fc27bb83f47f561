package table

// SortBy sorts by a column, or restores the order of SetRows if id is "". Its error wraps ErrDefinition.
func (t *Table[T]) SortBy(id string, descending bool) error {
	column := -1
	if id != "" {
		var err error
		if column, err = t.sortable(id); err != nil {
			return err
		}
	}
	t.sortColumn(column, descending)
	return nil
}
