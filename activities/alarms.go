package activities

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"yunwei/apperr"
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
	fact, args := d.Text()
	said, err := notice.Said([]notice.Sentence{
		// Notices of earlier programs told the fact as the detail of the first sentence.
		{Key: apperr.Reason("drift." + string(d.Kind)), Args: apperr.Args{"number": d.Number, "subject": cmp.Or(d.Subject, "–"), "detail": ""}},
		{Key: fact, Args: args},
	})
	if err != nil {
		return fmt.Errorf("tell of drift: %w", err)
	}
	return n.Outbox.Announce(ctx, notice.Announcement{
		Key: strings.Join([]string{"audit", audit, d.Number, string(d.Kind), d.Subject}, " "), Topic: notice.Drift, Roles: []defect.Role{defect.RoleAdmin},
		Severity: 2, At: n.Now(), Policy: n.Policy,
		Args: notice.Args{notice.ArgSaid: said},
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
	var sentences []notice.Sentence
	for _, f := range found.Findings[:min(len(found.Findings), toldFindings)] {
		key, args := f.Text()
		sentences = append(sentences, notice.Sentence{Key: key, Args: args})
	}
	if more := found.Total - len(sentences); more > 0 {
		sentences = append(sentences, notice.Sentence{Key: "notice.more", Args: apperr.Args{"count": strconv.Itoa(more)}})
	}
	said, err := notice.Said(sentences)
	if err != nil {
		return fmt.Errorf("tell of the rosters: %w", err)
	}
	return n.Outbox.Announce(ctx, notice.Announcement{
		Key: "roster-check " + found.From.UTC().Format(time.RFC3339), Topic: notice.RosterGap, Roles: []defect.Role{defect.RoleLiaison, defect.RoleAdmin},
		At: n.Now(), Policy: n.Policy, Args: notice.Args{notice.ArgSaid: said},
	})
}
