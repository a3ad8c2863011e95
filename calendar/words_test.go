package calendar_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"yunwei/calendar"
)

func TestParseClock_AsPeopleWriteIt(t *testing.T) {
	for text, want := range map[string]int{
		"08:30": 510, "8:30": 510, "0:00": 0, "00:00": 0, "23:59": 1439, "24:00": 1440,
		"": -1, "8": -1, "24:01": -1, "25:00": -1, "08:60": -1, "08:3": -1, "+8:30": -1, "-1:30": -1, "008:30": -1, "08:30:00": -1, "\uff18:30": -1,
	} {
		got, err := calendar.ParseClock(text)
		if want < 0 {
			require.ErrorContains(t, err, "08:30", text)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
}

func TestParseOffset_OfZonesThatThereAre(t *testing.T) {
	for text, want := range map[string]int{"+08:00": 8 * 3600, "-12:00": -12 * 3600, "+14:00": 14 * 3600, "+05:45": 5*3600 + 45*60, "+00:00": 0} {
		got, err := calendar.ParseOffset(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "8", "+8:00", "08:00", "UTC", "+14:01", "-12:01", "+08:60", "Asia/Shanghai"} {
		_, err := calendar.ParseOffset(text)
		require.Error(t, err, text)
	}
}
