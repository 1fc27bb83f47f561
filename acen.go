// Package acen is the root of the module. It has the name, ID and version of the app, which all programs and packages
// report. Its tests check the module: imports, documents and links.
package acen

//go:generate go run ./scripts/about FyneApp.toml acen_gen.go

// App is the description of the app in FyneApp.toml.
type App struct {
	// Website is the URL of the project.
	Website string
	// Name is the name that people see.
	Name string
	// ID identifies the app to the system and to the toolkit.
	ID string
	// Version is the version of the release, such as "1.4.0".
	Version string
	// Build is the number of the build, which increases with every release.
	Build int
	// Migrations are the changes of the toolkit that the app has adopted.
	Migrations map[string]bool
}
