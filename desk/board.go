package desk

import (
	"context"
	"slices"
	"sync"
	"time"

	"yunwei/apperr"
	"yunwei/defect"
	"yunwei/roster"
	"yunwei/store"
)

const (
	// boardHorizon is how far ahead the watch board looks for promises that fall due.
	boardHorizon = 24 * time.Hour
	// BoardDays is how many days the board tells of, today among them.
	BoardDays = 30
)

type (
	// OpenCount is how many cases are in a stage with a severity.
	OpenCount = store.Count
	// Watch is the first of some promises to keep an eye on, and how many there are.
	Watch = store.Watch
	// Watched is a promise to keep an eye on, with its case.
	Watched = store.Watched
	// DayFigures is what happened on a day.
	DayFigures = store.Span
)

// Board is what the watch board (值班看板) says of the cases.
type Board struct {
	At     time.Time
	Cases  int         // that were ever submitted
	Open   []OpenCount // those that have not ended; what there is none of is left out
	Soon   Watch       // promises that can still be kept and fall due before Until
	Until  time.Time
	Broken Watch // promises that are broken and that somebody still waits for
	Days   []Day // the last days in the site's zone, the latest last
}

// Day is a day at the site, up to now if it is today.
type Day struct {
	From time.Time // midnight at the site
	DayFigures
}

// Duty is who is on duty at a moment.
type Duty struct {
	Assignments []roster.Assignment
	Rostered    bool // a roster is in use; where none is, nobody can be on duty
}

// MayWatch returns Forbidden for somebody to whom the watch board is not shown: it tells of everybody's cases.
func (d *Desk) MayWatch(by Caller) error {
	if defect.MayWatch(by.Person) {
		return nil
	}
	return apperr.New(apperr.Forbidden, apperr.ReasonBoard, nil)
}

// Board returns the figures of the watch board, with at most limit promises of either kind. Forbidden for reporters,
// Unavailable while SQL is away.
func (d *Desk) Board(ctx context.Context, by Caller, limit int) (Board, error) {
	if err := d.MayWatch(by); err != nil {
		return Board{}, err
	}
	now := d.now()
	b := Board{At: now, Until: now.Add(boardHorizon)}
	err := d.sql(ctx, listPatience, func(ctx context.Context) (err error) {
		counts, err := d.store.Counts(ctx)
		if err != nil {
			return err
		}
		b.count(counts)
		if b.Soon, err = d.store.DueBefore(ctx, b.Until, limit); err != nil {
			return err
		}
		if b.Broken, err = d.store.Broken(ctx, limit); err != nil {
			return err
		}
		b.Days, err = d.lastDays(ctx, now)
		return err
	})
	if err != nil {
		return Board{}, apperr.Of(err)
	}
	return b, nil
}

// count notes how many cases there are and which of them are open.
func (b *Board) count(counts []OpenCount) {
	b.Open = slices.DeleteFunc(counts, func(c OpenCount) bool {
		b.Cases += c.N
		return c.Stage.Ended()
	})
}

// lastDays tells of the days up to the one of an instant. A day begins when the clocks at the site say so.
func (d *Desk) lastDays(ctx context.Context, now time.Time) ([]Day, error) {
	today := now.In(d.Zone())
	var cuts []time.Time
	for i := 1 - BoardDays; i <= 1; i++ {
		cuts = append(cuts, time.Date(today.Year(), today.Month(), today.Day()+i, 0, 0, 0, 0, today.Location()))
	}
	over := cuts[:BoardDays]
	past, known := d.past.days(over[0], now)
	if !known {
		var err error
		if past, err = d.days(ctx, over); err != nil {
			return nil, err
		}
		d.past.keep(past, now)
	}
	last, err := d.days(ctx, cuts[BoardDays-1:])
	return slices.Concat(past, last), err
}

// days counts what happened between each of some instants and the next.
func (d *Desk) days(ctx context.Context, cuts []time.Time) ([]Day, error) {
	spans, err := d.store.Spans(ctx, cuts)
	days := make([]Day, len(spans))
	for i, s := range spans {
		days[i] = Day{From: cuts[i], DayFigures: s}
	}
	return days, err
}

// pastDays remembers the figures of the days that are over. They change no more but when SQL hears late of something: so they
// are counted again after a while.
type pastDays struct {
	mu   sync.Mutex
	list []Day
	at   time.Time // when they were counted
}

// pastKept is how long the figures of days that are over are remembered.
const pastKept = 5 * time.Minute

// days returns the days from one on that are over, and whether they are known.
func (p *pastDays) days(first, now time.Time) ([]Day, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list, len(p.list) > 0 && p.list[0].From.Equal(first) && now.Before(p.at.Add(pastKept))
}

func (p *pastDays) keep(list []Day, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list, p.at = list, now
}

// BoardDuty returns who is on duty now, as the watch board shows it: also while SQL is away, when the rosters were ever read.
// Forbidden for reporters.
func (d *Desk) BoardDuty(ctx context.Context, by Caller) (Duty, error) {
	if err := d.MayWatch(by); err != nil {
		return Duty{}, err
	}
	all, err := d.duties.all()
	if err != nil {
		return Duty{}, err
	}
	on, err := d.OnDuty(ctx, by, d.now())
	if err != nil {
		return Duty{}, err
	}
	return Duty{Assignments: on, Rostered: slices.ContainsFunc(all, func(r roster.Roster) bool { return !r.Retired })}, nil
}
