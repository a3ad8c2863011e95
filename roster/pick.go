package roster

import (
	"cmp"
	"slices"
	"time"
)

// Candidate is somebody on duty who may take a case.
type Candidate struct {
	Username string
	Open     int       // cases that they have in hand
	Last     time.Time // submission of the latest case that they were given; zero when there was none
}

// Pick returns who takes the next case: the one with the fewest open ones, among equals who has waited longest since their
// last, among those the first by name. It is false when there is nobody.
func Pick(on []Candidate) (Candidate, bool) {
	if len(on) == 0 {
		return Candidate{}, false
	}
	return slices.MinFunc(on, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(a.Open, b.Open), a.Last.Compare(b.Last), cmp.Compare(a.Username, b.Username))
	}), true
}
