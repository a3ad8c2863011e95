package desk

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/apperr"
)

func TestThrottle_OneAfterTheOther(t *testing.T) {
	throttle, now := newThrottle(), time.Now()
	leave, err := throttle.turn(t.Context(), "a", now)
	require.NoError(t, err)
	other, err := throttle.turn(t.Context(), "b", now)
	require.NoError(t, err, "who tries another account waits for nobody")
	other()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = throttle.turn(ctx, "a", now)
	requireCode(t, apperr.Unavailable, err)
	leave()
	require.Empty(t, throttle.marks)
}

func TestThrottle_ForgetsNobodyWhoIsJustTrying(t *testing.T) {
	throttle, now := newThrottle(), time.Now()
	leave, err := throttle.turn(t.Context(), "a", now)
	require.NoError(t, err)
	for i := range maxThrottled + 10 {
		key := fmt.Sprint(i)
		next, err := throttle.turn(t.Context(), key, now)
		require.NoError(t, err)
		throttle.failed(key, now)
		next()
	}
	require.LessOrEqual(t, len(throttle.marks), maxThrottled)
	require.Contains(t, throttle.marks, "a")
	throttle.failed("a", now)
	leave()
	require.Contains(t, throttle.marks, "a", "who has failed is remembered")
}
