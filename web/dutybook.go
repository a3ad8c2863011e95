package web

import (
	"time"

	"github.com/gin-gonic/gin"

	"yunwei/calendar"
	"yunwei/desk"
	"yunwei/roster"
)

// presenceView is a stay on duty as it is told.
type presenceView struct {
	roster.Presence
	Name string
}

// present returns where somebody has signed on, nil for nowhere.
func (p *pages) present(c *gin.Context, by desk.Caller) (*presenceView, error) {
	list, _, err := p.desk.Presences(c, by, desk.PresenceFilter{Username: me(by), Present: true}, "", 1)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &presenceView{list[0], by.Name}, nil
}

func (p *pages) fillPresence(c *gin.Context, by desk.Caller, out *rosterPage) error {
	out.Here = c.Query("here") == "true"
	list, next, err := p.desk.Presences(c, by, desk.PresenceFilter{Roster: out.Name, Present: out.Here}, c.Query("after"), dutyShown)
	if err != nil {
		return err
	}
	out.Pager = out.around(c, next, "here")
	var usernames []string
	for _, one := range list {
		usernames = append(usernames, one.Username)
	}
	names := p.desk.Names(usernames...)
	for _, one := range list {
		out.Presences = append(out.Presences, presenceView{one, nameIn(names, one.Username)})
	}
	out.Present, err = p.present(c, by)
	return err
}

// logView is a line of the duty log as it is told.
type logView struct {
	roster.LogEntry
	ByName string
}

func (p *pages) fillLog(c *gin.Context, by desk.Caller, r roster.Roster, out *rosterPage) error {
	out.From, out.To = c.Query("from"), c.Query("to")
	var from, to time.Time
	if d, err := calendar.ParseDate(out.From); err == nil {
		from = r.Timezone.At(d, 0)
	}
	if d, err := calendar.ParseDate(out.To); err == nil {
		to = r.Timezone.At(d.AddDays(1), 0)
	}
	list, next, err := p.desk.DutyLog(c, by, r.Name, from, to, c.Query("after"), dutyShown)
	if err != nil {
		return err
	}
	out.Pager = out.around(c, next, "from", "to")
	var usernames []string
	for _, e := range list {
		usernames = append(usernames, e.By)
	}
	names := p.desk.Names(usernames...)
	for _, e := range list {
		out.Log = append(out.Log, logView{e, nameIn(names, e.By)})
	}
	return nil
}

// handOverView is a hand-over as it is told.
type handOverView struct {
	roster.HandOver
	FromName, ToName string
	Acknowledge      bool
}

func (p *pages) fillHandOvers(c *gin.Context, by desk.Caller, out *rosterPage) error {
	out.Pending = c.Query("pending") == "true"
	list, next, err := p.desk.HandOvers(c, by, out.Name, out.Pending, c.Query("after"), dutyShown)
	if err != nil {
		return err
	}
	out.Pager = out.around(c, next, "pending")
	out.HandOvers = p.handOverViews(by, list)
	return nil
}

func (p *pages) handOverViews(by desk.Caller, list []roster.HandOver) []handOverView {
	var usernames []string
	for _, h := range list {
		usernames = append(usernames, h.From, h.To)
	}
	names := p.desk.Names(usernames...)
	out := make([]handOverView, 0, len(list))
	for _, h := range list {
		out = append(out, handOverView{HandOver: h, FromName: nameIn(names, h.From), ToName: nameIn(names, h.To), Acknowledge: p.desk.MayAcknowledge(by, h) == nil})
	}
	return out
}
