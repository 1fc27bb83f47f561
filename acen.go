// Package acen is the root of the module. It reads the name, ID and version of the app from FyneApp.toml, so that every
// program and every package reports the same ones. Its tests check the module as a whole: imports, documents and links.
package acen

import (
	_ "embed"
	"fmt"

	"github.com/BurntSushi/toml"
)

//go:embed FyneApp.toml
var description string

// App is what FyneApp.toml says of the app. Every package and every program takes it from there.
type App struct {
	// Website is where the project lives.
	Website string
	// Name is shown to people.
	Name string
	// ID is the app's id, under which systems and the toolkit know it.
	ID string
	// Version is that of the release, such as "1.4.0".
	Version string
	// Build counts the builds of all releases.
	Build int
	// Migrations are changes of the toolkit that the app has taken.
	Migrations map[string]bool
}

// About returns what the app says of itself. It is written into the program when it is built.
func About() App {
	app, err := parse(description)
	if err != nil {
		panic(err) // TestAbout has read the same text
	}
	return app
}

// parse reads the text of FyneApp.toml.
func parse(text string) (App, error) {
	var file struct {
		Website string
		Details struct {
			Name, ID, Version string
			Build             int
		}
		Migrations map[string]bool
	}
	if _, err := toml.Decode(text, &file); err != nil {
		return App{}, fmt.Errorf("FyneApp.toml cannot be read: %w", err)
	}
	d := file.Details
	return App{Website: file.Website, Name: d.Name, ID: d.ID, Version: d.Version, Build: d.Build, Migrations: file.Migrations}, nil
}
