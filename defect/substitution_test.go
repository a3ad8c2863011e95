package defect_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yunwei/defect"
)

func TestStandsIn_ForWhomAndWhen(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	sub := func(who, whom string, from, until time.Duration) defect.Substitution {
		return defect.Substitution{Username: who, Substitute: whom, From: at.Add(from), Until: at.Add(until)}
	}
	ended := sub("boss", "sub", 0, time.Hour)
	ended.EndedAt = at
	account := func(username string) (defect.Person, bool) {
		return defect.Person{Username: username, Name: "n " + username, Roles: []defect.Role{defect.RoleSupervisor}}, username != "closed"
	}
	for name, c := range map[string]struct {
		list []defect.Substitution
		want []string
	}{
		"nobody":           {nil, nil},
		"one":              {[]defect.Substitution{sub("boss", "sub", 0, time.Hour)}, []string{"boss"}},
		"two":              {[]defect.Substitution{sub("boss", "sub", 0, time.Hour), sub("boss2", "sub", -time.Hour, time.Hour)}, []string{"boss", "boss2"}},
		"another does":     {[]defect.Substitution{sub("boss", "other", 0, time.Hour)}, nil},
		"not yet":          {[]defect.Substitution{sub("boss", "sub", time.Second, time.Hour)}, nil},
		"no more":          {[]defect.Substitution{sub("boss", "sub", -time.Hour, 0)}, nil},
		"ended":            {[]defect.Substitution{ended}, nil},
		"a closed account": {[]defect.Substitution{sub("closed", "sub", 0, time.Hour)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, a := range defect.StandsIn(c.list, "sub", at, account) {
				require.Equal(t, defect.Absent{Username: a.Username, Name: "n " + a.Username, Roles: []defect.Role{defect.RoleSupervisor}}, a)
				got = append(got, a.Username)
			}
			require.Equal(t, c.want, got)
		})
	}
}
