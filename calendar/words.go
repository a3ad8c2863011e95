package calendar

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

var clockForm = regexp.MustCompile(`^(\d{1,2}):([0-5]\d)$`)

// ParseClock reads a time of day, 8:30 or 08:30, in minutes after midnight; 24:00 is the end of a day. Its error says what is
// accepted.
func ParseClock(s string) (int, error) {
	if m := clockForm.FindStringSubmatch(s); m != nil {
		hours, errHours := strconv.Atoi(m[1])
		minutes, errMinutes := strconv.Atoi(m[2])
		if total := hours*60 + minutes; errHours == nil && errMinutes == nil && total <= dayMinutes {
			return total, nil
		}
	}
	return 0, fmt.Errorf("%q is no time of day: write it as 08:30, up to 24:00", s)
}

// ParseOffset reads a zone, +08:00, in seconds east of UTC. Its error says what is accepted.
func ParseOffset(s string) (int, error) {
	t, err := time.Parse("-07:00", s)
	if err != nil || t.Format("-07:00") != s { // 60 minutes are read, too
		return 0, fmt.Errorf("%q is no zone: write it as +08:00", s)
	}
	_, offset := t.Zone()
	if offset < minOffset || offset > maxOffset {
		return 0, fmt.Errorf("%q is no zone: those between -12:00 and +14:00 are", s)
	}
	return offset, nil
}
