package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"yunwei/defect"
	"yunwei/desk"
	"yunwei/lang"
	"yunwei/roster"
)

// rosterTab is one of the pages of a roster.
type rosterTab string

// The pages of a roster; the week is the first.
const (
	tabWeek      rosterTab = "week"
	tabChanges   rosterTab = "changes"
	tabLog       rosterTab = "log"
	tabHandOvers rosterTab = "hand-overs"
	tabPresence  rosterTab = "presence"
	tabFindings  rosterTab = "findings"
	tabTable     rosterTab = "table"
	tabVersions  rosterTab = "versions"
)

func rosterTabs() []rosterTab {
	return []rosterTab{tabWeek, tabChanges, tabLog, tabHandOvers, tabPresence, tabFindings, tabTable, tabVersions}
}

// path returns where the page of a roster is.
func (t rosterTab) path(name string) string {
	if t == tabWeek {
		return dutyPath + "/" + name
	}
	return dutyPath + "/" + name + "/" + string(t)
}

// rosterPage is a roster as one of its pages shows it.
type rosterPage struct {
	Tab             rosterTab
	Tabs            []navItem
	Name            string
	Retired         bool
	Saved           roster.Roster
	SavedByName     string
	Plan            planView
	Version         int  // that the page shows when it is not the latest; 0 for the latest
	MayPlan, Serves bool // what the reader may do with rosters
	Did             dutyAct
	Alarm           string   // why a step was refused
	Mistakes        []string // of a duty table, by cell
	Forms           map[string]stepForm
	Away            bool // what only SQL has cannot be shown
	Pager           pager
	Outdated        bool // the roster has to be saved with the present calendar
	Offset          string

	Week      rosterWeek
	Notes     []findingView // what is wrong with the roster as a whole
	Now, Then []assignmentView
	Present   *presenceView

	Overrides                []overrideView
	Swaps                    []swapView
	Part                     string // which list of changes a page goes on with; empty for the beginning of both
	MoreSwaps, MoreOverrides string

	Log      []logView
	From, To string

	HandOvers []handOverView
	Pending   bool

	Presences []presenceView
	Here      bool // only who is there

	Findings []findingView
	Total    int
	Weeks    int
	Spans    []option

	Versions []versionView

	tried *dutyAttempt // the step that was refused
}

// readRoster shows one of the pages of a roster.
func (p *pages) readRoster(c *gin.Context, by desk.Caller) {
	tab := rosterTab(c.Param("tab"))
	if tab == "" {
		tab = tabWeek
	}
	if !slices.Contains(rosterTabs(), tab) || c.Param("tab") == string(tabWeek) {
		p.nowhere(c)
		return
	}
	p.showRoster(c, by, http.StatusOK, tab, nil)
}

// showRoster shows a page of a roster; with a step that was refused, its form as it was filled in.
func (p *pages) showRoster(c *gin.Context, by desk.Caller, status int, tab rosterTab, tried *dutyAttempt) {
	r, err := p.desk.Roster(c, by, c.Param("name"), 0)
	if err != nil {
		p.fail(c, err)
		return
	}
	l := language(c)
	out := p.rosterHead(l, by, r, tab)
	if did := dutyAct(c.Query("did")); slices.Contains(dutyActs(), did) {
		out.Did = did
	}
	if err := p.fillTab(c, l, by, r, &out); err != nil {
		p.fail(c, err)
		return
	}
	if err := p.dutyForms(c, l, by, r, tried, &out); err != nil {
		p.fail(c, err)
		return
	}
	p.show(c, status, "roster", r.Name+" · "+l.Term("web.roster_tab."+strings.ReplaceAll(string(tab), "-", "_")), out)
}

// rosterHead is what every page of a roster shows.
func (p *pages) rosterHead(l lang.Lang, by desk.Caller, r roster.Roster, tab rosterTab) rosterPage {
	out := rosterPage{
		Tab: tab, Name: r.Name, Retired: r.Retired, Saved: r, SavedByName: nameIn(p.desk.Names(r.SavedBy), r.SavedBy),
		MayPlan: p.desk.MayDuty(by, roster.TaskPlan) == nil, Serves: p.desk.MayDuty(by, roster.TaskServe) == nil, Forms: map[string]stepForm{},
	}
	for _, t := range rosterTabs() {
		out.Tabs = append(out.Tabs, navItem{URL: t.path(r.Name), Label: l.Term("web.roster_tab." + strings.ReplaceAll(string(t), "-", "_")), Here: t == tab})
	}
	if _, offset := p.now().In(p.zone).Zone(); int(r.Timezone) != offset {
		out.Offset = r.Timezone.String()
	}
	return out
}

// fillTab fills in what only one of the pages shows. While SQL is away a page does without what only SQL has.
func (p *pages) fillTab(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster, out *rosterPage) error {
	var err error
	switch out.Tab {
	case tabWeek:
		err = p.fillWeek(c, l, by, r, out)
	case tabChanges:
		err = p.fillChanges(c, l, by, r, out)
	case tabLog:
		err = p.fillLog(c, by, r, out)
	case tabHandOvers:
		err = p.fillHandOvers(c, by, out)
	case tabPresence:
		err = p.fillPresence(c, by, out)
	case tabFindings:
		err = p.fillFindings(c, l, by, r, out)
	case tabVersions:
		err = p.fillVersions(c, by, out)
	case tabTable:
		out.Spans = weekOptions(roster.CheckedWeeks, desk.MaxTableWeeks)
	}
	return ifNotAway(err, &out.Away)
}

func (p *pages) fillWeek(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster, out *rosterPage) error {
	out.Plan = p.planOf(l, r.Plan)
	findings, err := p.desk.RosterFindings(c, by, r.Name, roster.CheckedWeeks)
	if err != nil {
		return err
	}
	for _, f := range findings {
		if slices.Contains(ofWholeRoster, f.Problem) {
			out.Notes = append(out.Notes, p.findingViews(l, []roster.Finding{f})...)
		}
		out.Outdated = out.Outdated || f.Problem == roster.ProblemOutdated
	}
	if out.Week, err = p.week(c, l, by, r, findings); err != nil {
		return err
	}
	now := p.now()
	list, err := p.desk.DutyBetween(c, by, r.Name, now, now.Add(nextWithin))
	if err != nil {
		return err
	}
	on, next := nowAndNext(list, now)
	out.Now, out.Then = p.assignmentViews(l, by, on, r.Timezone), p.assignmentViews(l, by, next, r.Timezone)
	out.Present, err = p.present(c, by)
	return err
}

// around leads to the pages around one of a tab's list, which keep what narrows it.
func (out *rosterPage) around(c *gin.Context, next string, keep ...string) pager {
	filters := url.Values{}
	for _, name := range keep {
		if value := c.Query(name); value != "" {
			filters.Set(name, value)
		}
	}
	return around(out.Tab.path(out.Name), filters, c.Query("after"), next)
}

// maxWeeks is how far ahead a roster is looked through.
const maxWeeks = 26

func (p *pages) fillFindings(c *gin.Context, l lang.Lang, by desk.Caller, r roster.Roster, out *rosterPage) error {
	out.Weeks = roster.CheckedWeeks
	if asked := countOf(c.Query("weeks")); asked >= 1 && asked <= maxWeeks {
		out.Weeks = asked
	}
	out.Spans = weekOptions(out.Weeks, maxWeeks)
	list, err := p.desk.RosterFindings(c, by, r.Name, out.Weeks)
	if err != nil {
		return err
	}
	out.Total = len(list)
	out.Outdated = slices.ContainsFunc(list, func(f roster.Finding) bool { return f.Problem == roster.ProblemOutdated })
	first := min(countOf(c.Query("after")), len(list))
	last := min(first+dutyShown, len(list))
	next := ""
	if last < len(list) {
		next = strconv.Itoa(last)
	}
	out.Pager = out.around(c, next, "weeks")
	out.Findings = p.findingViews(l, list[first:last])
	return nil
}

// weekOptions are the numbers of weeks that one may choose from.
func weekOptions(chosen, most int) []option {
	var out []option
	for _, n := range []int{1, 2, 4, roster.CheckedWeeks, desk.MaxTableWeeks, maxWeeks} {
		if n <= most {
			out = append(out, option{Value: strconv.Itoa(n), Label: strconv.Itoa(n), Chosen: n == chosen})
		}
	}
	return out
}

// versionView is a save of a roster as it is told.
type versionView struct {
	desk.RosterVersion
	ByName string
}

func (p *pages) fillVersions(c *gin.Context, by desk.Caller, out *rosterPage) error {
	list, more, err := p.desk.RosterVersions(c, by, out.Name, countOf(c.Query("after")), dutyShown)
	if err != nil {
		return err
	}
	next := ""
	if more {
		next = strconv.Itoa(list[len(list)-1].Version)
	}
	out.Pager = out.around(c, next)
	out.Versions = p.versionViews(list)
	return nil
}

func (p *pages) versionViews(list []desk.RosterVersion) []versionView {
	var usernames []string
	for _, v := range list {
		usernames = append(usernames, v.SavedBy)
	}
	names := p.desk.Names(usernames...)
	out := make([]versionView, 0, len(list))
	for _, v := range list {
		out = append(out, versionView{v, nameIn(names, v.SavedBy)})
	}
	return out
}

// peopleOptions are those who go on duty, to choose from.
func peopleOptions(people []defect.Person) []option {
	out := make([]option, len(people))
	for i, person := range people {
		out[i] = option{Value: strings.ToLower(person.Username), Label: person.Name}
	}
	return out
}
