package main

import "regexp"

// verdict is the outcome of a mutant.
type verdict string

// The verdicts. Only killed is a success.
const (
	killed       verdict = "killed"                     // the named test failed
	survived     verdict = "SURVIVED"                   // the named test passed
	notCompiled  verdict = "does not compile"           // the change is not Go, or leaves something unused
	otherFailure verdict = "fails, but not by its test" // another test, or a panic outside of it
	hung         verdict = "hangs"                      // the test was ended by its timeout
	notApplied   verdict = "does not apply"             // the old text is missing or not unique
	unproven     verdict = "its test proves nothing"    // the test does not exist, is skipped, or fails without the change
)

var (
	buildFailed = regexp.MustCompile(`(?m)^FAIL\t\S+ \[(build|setup) failed\]$`)
	timedOut    = regexp.MustCompile(`(?m)^panic: test timed out after `)
)

// judge returns the verdict on a mutant whose test's run printed output; passed reports that go test succeeded.
func judge(test, output string, passed bool) verdict {
	switch {
	case passed:
		return survived
	case buildFailed.MatchString(output):
		return notCompiled
	case timedOut.MatchString(output):
		return hung
	case reports("FAIL", test, output):
		return killed
	}
	return otherFailure
}

// proves reports whether an unmutated run that printed output, verbosely, ran the test and it passed.
func proves(test, output string) bool { return reports("PASS", test, output) }

// reports reports whether output has the result line of a test or a subtest.
func reports(result, test, output string) bool {
	return regexp.MustCompile(`(?m)^ *--- ` + result + `: ` + regexp.QuoteMeta(test) + ` \(`).MatchString(output)
}
