package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/acen-desktop/acen/manager"
)

// complete completes the first argument of a command with cached ids.
func (cs *commandSet) complete(ids func(ctx context.Context, m *manager.Manager) []string) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return cs.completeFlag(ids)(c, args, word)
	}
}

// completeFlag is complete for the value of a flag.
func (cs *commandSet) completeFlag(ids func(ctx context.Context, m *manager.Manager) []string) cobra.CompletionFunc {
	return func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx := c.Context()
		if ctx == nil {
			ctx = context.Background()
		}
		m, err := cs.open(ctx)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer cs.close()
		if err := m.Recall(ctx); err != nil && !errors.Is(err, manager.ErrSignedOut) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return ids(ctx, m), cobra.ShellCompDirectiveNoFileComp
	}
}

// registerCompletion registers completion for the value of a flag. It panics if the command does not have the flag.
func (cs *commandSet) registerCompletion(c *cobra.Command, flag string,
	ids func(ctx context.Context, m *manager.Manager) []string) {
	if err := c.RegisterFlagCompletionFunc(flag, cs.completeFlag(ids)); err != nil {
		panic(err)
	}
}

// jobIDs lists the open jobs of all accounts.
func jobIDs(ctx context.Context, m *manager.Manager) (ids []string) {
	jobs, err := m.AllJobs(ctx)
	if err != nil {
		return nil
	}
	for _, j := range jobs {
		ids = append(ids, fmt.Sprintf("%d\t%s", j.ID, j.Title))
	}
	return ids
}

// keptCodeIDs lists the kept codes that a person has to hand in.
func keptCodeIDs(ctx context.Context, m *manager.Manager) (ids []string) {
	codes, err := m.KeptCodes(ctx)
	if err != nil {
		return nil
	}
	for _, k := range codes {
		if k.Purpose == "" {
			ids = append(ids, fmt.Sprintf("%s\t%s", k.Codes.Site, nameOf(k.Program, k.Signature)))
		}
	}
	return ids
}

// orderIDs lists the cached orders.
func orderIDs(ctx context.Context, m *manager.Manager) (ids []string) {
	orders, _, err := m.CachedOrders(ctx)
	if err != nil {
		return nil
	}
	for _, o := range orders.Orders {
		ids = append(ids, fmt.Sprintf("%d\t%s", o.ID, o.ProgramName))
	}
	return ids
}

// licenseIDs lists the cached licenses.
func licenseIDs(ctx context.Context, m *manager.Manager) (ids []string) {
	orders, _, err := m.CachedOrders(ctx)
	if err != nil {
		return nil
	}
	for _, o := range orders.Orders {
		licenses, _, err := m.CachedLicenses(ctx, o.ID)
		if err != nil {
			continue
		}
		for _, l := range licenses.Licenses {
			ids = append(ids, fmt.Sprintf("%d\t%s, %s", l.ID, l.Note, o.ProgramName))
		}
	}
	return ids
}
