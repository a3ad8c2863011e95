package web

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"yunwei/apperr"
	"yunwei/desk"
	"yunwei/lang"
	"yunwei/roster"
)

// readVersion shows a roster as it was saved once.
func (p *pages) readVersion(c *gin.Context, by desk.Caller) {
	version := countOf(c.Param("version"))
	if version == 0 {
		p.nowhere(c)
		return
	}
	r, err := p.desk.Roster(c, by, c.Param("name"), version)
	if err != nil {
		p.fail(c, err)
		return
	}
	l := language(c)
	out := p.rosterHead(l, by, r, tabVersions)
	out.Version, out.Plan = version, p.planOf(l, r.Plan)
	p.show(c, http.StatusOK, "roster", r.Name+" · "+l.Text("web.roster.version", apperr.Args{"n": strconv.Itoa(version)}), out)
}

// planView is a plan as it is told.
type planView struct {
	Calendar string
	Retired  bool
	Shifts   []shiftView
	Holidays []shiftView
	Entries  int // people for single days
	Last     string
}

// shiftView is a shift of a plan as it is told.
type shiftView struct {
	roster.Shift
	DayNames, Hours, Turn string
	Groups                [][]string
}

func (p *pages) planOf(l lang.Lang, plan roster.Plan) planView {
	out := planView{Calendar: plan.Calendar, Retired: plan.Retired, Entries: len(plan.Entries)}
	if n := len(plan.Entries); n > 0 {
		out.Last = plan.Entries[n-1].Date.String()
	}
	names := p.desk.Names(plan.People()...)
	tell := func(list []roster.Shift) []shiftView {
		var told []shiftView
		for _, s := range list {
			told = append(told, shiftOf(l, s, names))
		}
		return told
	}
	out.Shifts, out.Holidays = tell(plan.Shifts), tell(plan.Holidays)
	return out
}

func shiftOf(l lang.Lang, s roster.Shift, names map[string]string) shiftView {
	v := shiftView{Shift: s, Hours: s.Start.String() + "–" + s.End.String(), DayNames: cmp.Or(terms(l, "weekday.", s.Days), l.Term("web.roster.every_day"))}
	if s.End <= s.Start {
		v.Hours = l.Text("web.duty.hours_next", apperr.Args{"from": s.Start.String(), "to": s.End.String()})
	}
	v.Shift.Minimum = max(s.Minimum, 1)
	v.Turn = turnOf(l, s.Rotation)
	for _, g := range s.Rotation.Groups {
		group := make([]string, len(g))
		for i, person := range g {
			group[i] = nameIn(names, person)
		}
		v.Groups = append(v.Groups, group)
	}
	return v
}

// turnOf says how long a group stays.
func turnOf(l lang.Lang, r roster.Rotation) string {
	args := apperr.Args{"n": strconv.Itoa(r.Length), "unit": "@turn." + string(r.Every), "anchor": r.Anchor.String()}
	switch {
	case r.Length > 1:
		return l.Text("web.roster.turn", args)
	case r.Every == roster.Daily:
		return l.Text("web.roster.turn_day", args)
	}
	return l.Text("web.roster.turn_week", args)
}
