// Package window tests the programs as a person uses them: the real window under Xvfb, driven by keyboard and mouse,
// with the real server, a real keyring and a real mail server.
//
// The tests need the build tag window and these variables, which make test-window sets: PROGRAMS (folder with acen and
// acen-demo, built with the tag uimap), MAILPIT (that program) and ARTIFACTS (folder for screenshots).
package window
