package api

// Task is what a person or the vendor does with an order or one of its licenses. Its value is its name in the journal
// of an app and in the terminal. Calls, histories, the audit trail, the rules of a program and texts derive from this
// list.
type Task string

// The tasks.
const (
	TaskNewOrder     Task = "new-order"
	TaskNewLicense   Task = "new-license"
	TaskReactivation Task = "reactivation"
	TaskRelease      Task = "release"
	TaskTransfer     Task = "transfer"
	TaskRemoval      Task = "removal"
	TaskReplacement  Task = "replacement" // by the vendor
	TaskNote         Task = "note"
	TaskEmail        Task = "email"
)

// task is a row of the list.
type task struct {
	task      Task
	history   string // word in a history
	operation string // ID of its call; "" if there is none
	action    string // name in the audit trail
	rule      string // name in the rules of a program; "" if no rule applies to it
}

var tasks = []task{
	{TaskNewOrder, "order", "new-order", "order.create", ""},
	{TaskNewLicense, "new-license", "new-license", "license.create", "add"},
	{TaskReactivation, "reactivation", "reactivate-license", "license.reactivate", "reactivate"},
	{TaskRelease, "release", "release-license", "license.release", ""},
	{TaskTransfer, "transfer", "transfer-license", "license.transfer", "transfer"},
	{TaskRemoval, "removal", "remove-license", "license.remove", "remove"},
	{TaskReplacement, "replacement", "", "license.replace", ""},
	{TaskNote, "note", "change-license", "license.note", ""},
	{TaskEmail, "email", "send-email", "license.email", ""},
}

// Tasks returns all tasks.
func Tasks() []Task {
	list := make([]Task, len(tasks))
	for i, t := range tasks {
		list[i] = t.task
	}
	return list
}

// LimitedTasks returns the tasks that the rules of a program enable and limit (spec: api 7).
func LimitedTasks() (list []Task) {
	for _, t := range tasks {
		if t.rule != "" {
			list = append(list, t.task)
		}
	}
	return list
}

// TaskOfRule returns the task with a name in the rules of a program.
func TaskOfRule(name string) (Task, bool) {
	for _, t := range tasks {
		if t.rule == name && name != "" {
			return t.task, true
		}
	}
	return "", false
}

// TaskOfHistory returns the task with a word in a history. An unknown word, of a newer server, becomes a task of that
// name.
func TaskOfHistory(word string) Task {
	for _, t := range tasks {
		if t.history == word {
			return t.task
		}
	}
	return Task(word)
}

// HistoryWord returns the word of the task in a history.
func (t Task) HistoryWord() string {
	if word := t.row().history; word != "" {
		return word
	}
	return string(t)
}

// OperationID returns the ID of the call of the task in the OpenAPI document, or "".
func (t Task) OperationID() string { return t.row().operation }

// AuditAction returns the name of the task in the audit trail of the server, or "".
func (t Task) AuditAction() string { return t.row().action }

// RuleName returns the name of the task in the rules of a program, or "" if no rule applies to it (spec: api 7).
func (t Task) RuleName() string { return t.row().rule }

func (t Task) row() task {
	for _, row := range tasks {
		if row.task == t {
			return row
		}
	}
	return task{}
}
