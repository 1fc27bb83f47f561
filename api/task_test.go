package api

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// No two tasks share a word, a call, an action or a rule, so each of them identifies its task.
func TestTasksDiffer(t *testing.T) {
	seen := map[string]Task{}
	for _, task := range Tasks() {
		require.NotEmpty(t, task)
		for column, word := range map[string]string{
			"task":      string(task),
			"history":   task.HistoryWord(),
			"operation": task.OperationID(),
			"action":    task.AuditAction(),
			"rule":      task.RuleName(),
		} {
			if word == "" {
				continue
			}
			require.NotContains(t, seen, column+" "+word)
			seen[column+" "+word] = task
		}
		require.Equal(t, task, TaskOfHistory(task.HistoryWord()))
	}
}

// These are the names in the stored rules of a program.
func TestLimitedTasks(t *testing.T) {
	var names []string
	for _, task := range LimitedTasks() {
		names = append(names, task.RuleName())
		found, ok := TaskOfRule(task.RuleName())
		require.True(t, ok)
		require.Equal(t, task, found)
	}
	require.Equal(t, []string{"add", "reactivate", "transfer", "remove"}, names)
	for _, name := range []string{"", "email", "new-license"} {
		_, ok := TaskOfRule(name)
		require.False(t, ok, name)
	}
}

// A new order has different names in histories and in the journal. Words of a newer server are preserved.
func TestTaskOfHistory(t *testing.T) {
	require.Equal(t, "order", TaskNewOrder.HistoryWord())
	require.Equal(t, TaskNewOrder, TaskOfHistory("order"))
	require.Equal(t, Task("suspension"), TaskOfHistory("suspension"))
	require.Equal(t, "suspension", Task("suspension").HistoryWord())
	require.Empty(t, Task("suspension").OperationID())
}
