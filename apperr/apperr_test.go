package apperr_test

import (
	"errors"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
)

// The comment of each code says which status it becomes.
func TestStatus_OfEveryCode(t *testing.T) {
	text, err := os.ReadFile("apperr.go")
	require.NoError(t, err)
	codes := regexp.MustCompile(`(?m)^\t\w+ +(?:Code )?= "(\w+)" +// (\d{3}):`).FindAllStringSubmatch(string(text), -1)
	require.Len(t, codes, 15)
	for _, c := range codes {
		require.Equal(t, c[2], strconv.Itoa(apperr.Code(c[1]).Status()), c[1])
	}
	require.Equal(t, 500, apperr.Code("none").Status())
}

func TestWait_IsToldOfWhatIsAway(t *testing.T) {
	require.Equal(t, 2*time.Second, apperr.New(apperr.Unavailable, apperr.ReasonStoreAway, nil).Wait())
	require.Equal(t, time.Minute, (&apperr.Error{Code: apperr.Unavailable, RetryAfter: time.Minute}).Wait())
	require.Equal(t, time.Second, (&apperr.Error{Code: apperr.TooManyRequests, RetryAfter: time.Second}).Wait())
	require.Zero(t, apperr.Of(errors.New("a bug")).Wait())
}
