package defect_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
)

func TestSignOffLink_OpensWithItsKeyAlone(t *testing.T) {
	key := []byte("a key of the deployment")
	link := defect.SignOffLink{Number: "7K3M-Q9XT-WA5C", Proposal: 3, Username: "wang fang", Until: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	sealed := link.Seal(key)
	require.Regexp(t, `^[A-Za-z0-9_-]+$`, sealed, "it stands in an address as it is")
	got, ok := defect.OpenSignOffLink(key, sealed)
	require.True(t, ok)
	require.Equal(t, link, got)
	_, ok = defect.OpenSignOffLink([]byte("another"), sealed)
	require.False(t, ok)
	for i := range sealed {
		other := []byte(sealed)
		other[i] = "AB"[(other[i]&1+1)&1]
		if string(other) == sealed {
			continue
		}
		forged, ok := defect.OpenSignOffLink(key, string(other))
		require.False(t, ok && forged != link, "changed at %d", i)
	}
	for _, text := range []string{"", "x", "====", sealed[:len(sealed)-2], sealed + "AAAA"} {
		_, ok := defect.OpenSignOffLink(key, text)
		require.False(t, ok, text)
	}
}

func FuzzOpenSignOffLink(f *testing.F) {
	key := []byte("key")
	f.Add(defect.SignOffLink{Number: "n", Proposal: 1, Username: "u"}.Seal(key))
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		if link, ok := defect.OpenSignOffLink(key, text); ok {
			again, ok := defect.OpenSignOffLink(key, link.Seal(key))
			require.True(t, ok)
			require.Equal(t, link, again)
		}
	})
}
