package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"yunwei/contract"
	"yunwei/defect"
	"yunwei/notice"
)

// Announcer puts an announcement into the outbox, once for its key.
type Announcer interface {
	Announce(ctx context.Context, a notice.Announcement) error
}

// DriftNotices tells the administrators what an audit has found.
type DriftNotices struct {
	Outbox Announcer
	Policy defect.Policy // whose zone and calendars people's hours are read in
	Now    func() time.Time
}

// Alarm implements Alarm.
func (n DriftNotices) Alarm(ctx context.Context, audit string, d defect.Drift) error {
	return n.Outbox.Announce(ctx, notice.Announcement{
		Key: strings.Join([]string{"audit", audit, d.Number, string(d.Kind), d.Subject}, " "), Topic: notice.Drift, Roles: []defect.Role{defect.RoleAdmin},
		Severity: 2, At: n.Now(), Policy: n.Policy,
		Args: notice.Args{notice.ArgDetail: strings.Join([]string{d.Number, string(d.Kind), d.Subject, d.Detail}, " ")},
	})
}

// RosterNotices tells the liaison and the administrators what a check of the rosters has found.
type RosterNotices struct {
	Outbox Announcer
	Policy defect.Policy
	Now    func() time.Time
}

// toldFindings bounds how many findings stand in the notice; all of them are in the roster's own list.
const toldFindings = 20

// Alarm implements RosterAlarm.
func (n RosterNotices) Alarm(ctx context.Context, found contract.RosterCheckResult) error {
	var lines []string
	for _, f := range found.Findings[:min(len(found.Findings), toldFindings)] {
		zone := time.FixedZone("", int(f.Timezone))
		line := fmt.Sprintf("%s %s %s – %s", f.Roster, strings.Join(f.Shifts, "/"), f.From.In(zone).Format("2006-01-02 15:04"), f.To.In(zone).Format("2006-01-02 15:04"))
		if f.Need > 0 {
			line += fmt.Sprintf(" %d/%d", f.Have, f.Need)
		}
		if f.Person != "" {
			line += " " + f.Person
		}
		lines = append(lines, line)
	}
	if more := found.Total - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("+ %d", more))
	}
	return n.Outbox.Announce(ctx, notice.Announcement{
		Key: "roster-check " + found.From.UTC().Format(time.RFC3339), Topic: notice.RosterGap, Roles: []defect.Role{defect.RoleLiaison, defect.RoleAdmin},
		At: n.Now(), Policy: n.Policy, Args: notice.Args{notice.ArgDetail: strings.Join(lines, "\n")},
	})
}
