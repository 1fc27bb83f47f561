// Package acen is the root of the module. It holds the name, ID and version of the app, so that every program and every
// package reports the same ones. Its tests check the module as a whole: imports, documents and links.
package acen

//go:generate go run ./scripts/about FyneApp.toml acen_gen.go

// App describes the app, as FyneApp.toml does. Every package and every program takes it from there.
type App struct {
	// Website is the address of the project.
	Website string
	// Name is shown to people.
	Name string
	// ID identifies the app to the system and to the toolkit.
	ID string
	// Version is that of the release, such as "1.4.0".
	Version string
	// Build counts the builds of all releases.
	Build int
	// Migrations are changes of the toolkit that the app has taken.
	Migrations map[string]bool
}
