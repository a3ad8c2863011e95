package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"yunwei/apperr"
	"yunwei/calendar"
	"yunwei/config"
	"yunwei/desk"
	"yunwei/lang"
	"yunwei/store"
)

type holidaysCommand struct {
	Import holidaysImport `cmd:"" help:"Make a revision of a set of holidays from a notice: a year's JSON, or iCalendar. New cases count on it; open cases when it is applied to them, over the API."`
	List   holidaysList   `cmd:"" help:"List the revisions of a set of holidays."`
}

type holidaysImport struct {
	config.Store
	File string `arg:"" help:"The notice." type:"path"`
	Set  string `help:"The set: cn, site or site-NAME." default:"cn"`
	Why  string `help:"Why it is changed, such as the notice's number." required:""`
	By   string `help:"Who changes it; the account on this machine when none is given."`
}

func (h holidaysImport) Run(ctx context.Context, c console) error {
	if strings.TrimSpace(h.Why) == "" {
		return errors.New("--why: say why the holidays are changed")
	}
	change, err := readNotice(h.File)
	if err != nil {
		return err
	}
	r := calendar.Revision{Set: h.Set, Change: change, Document: filepath.Base(h.File), By: byline(h.By), Why: strings.TrimSpace(h.Why), At: time.Now().UTC().Truncate(time.Microsecond)}
	return withStore(ctx, h.Store, func(db *store.Store) error {
		r, _, err := desk.AddHolidays(ctx, db, r)
		if e, ok := errors.AsType[*apperr.Error](err); ok {
			return errors.New(lang.English.Text(e.Reason, e.Args))
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "%s: revision %d, %s changed, known through %s\n", r.Set, r.N, counted(len(r.Effect.Days), "day"), r.Effect.Through)
		return err
	})
}

// readNotice reads a notice, and names the line of every mistake.
func readNotice(file string) (calendar.Change, error) {
	f, err := os.Open(file)
	if err != nil {
		return calendar.Change{}, fmt.Errorf("read the notice: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, calendar.MaxNotice+1))
	if err != nil {
		return calendar.Change{}, fmt.Errorf("read the notice: %w", err)
	}
	change, err := calendar.ParseNotice(text)
	if wrong, ok := errors.AsType[calendar.Mistakes](err); ok {
		lines := make([]string, len(wrong))
		for i, m := range wrong {
			lines[i] = fmt.Sprintf("%s: %v", file, m)
		}
		return change, mistakesIn("the notice", lines)
	}
	return change, err
}

// maxByline bounds who changes something, in characters.
const maxByline = 90

// byline names who sits at the command line; that it was there is part of the name.
func byline(name string) string {
	if name == "" {
		if u, err := user.Current(); err == nil {
			name = u.Username
		}
	}
	if r := []rune(name); len(r) > maxByline {
		name = string(r[:maxByline])
	}
	return "cli:" + name
}

type holidaysList struct {
	config.Store
	Set string `help:"The set: cn, site or site-NAME." default:"cn"`
}

// revisionsRead is how many revisions are read at a time.
const revisionsRead = 100

func (h holidaysList) Run(ctx context.Context, c console) error {
	if !calendar.KnownSet(h.Set) {
		return fmt.Errorf("there is no set %q: %s", h.Set, calendar.SetForm)
	}
	return withStore(ctx, h.Store, func(db *store.Store) error {
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "REVISION\tAT\tBY\tWHAT\tDAYS\tKNOWN THROUGH\tWHY")
		for after := 0; ; {
			page, err := db.HolidayRevisions(ctx, h.Set, after, revisionsRead)
			if err != nil {
				return err
			}
			for _, r := range page {
				why := strings.Join(strings.Fields(r.Why), " ")
				fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d\t%s\t%s\n", r.N, r.At.Format(time.RFC3339), r.By, whatOf(r), len(r.Effect.Days), r.Effect.Through, why)
				after = r.N
			}
			if len(page) < revisionsRead {
				return w.Flush()
			}
		}
	})
}

// whatOf names a revision's change in a few words.
func whatOf(r calendar.Revision) string {
	switch {
	case r.Change.Reverts > 0:
		return fmt.Sprintf("takes back %d", r.Change.Reverts)
	case len(r.Change.Years) > 0:
		years := make([]string, len(r.Change.Years))
		for i, y := range r.Change.Years {
			years[i] = fmt.Sprint(y.Year)
		}
		return "notice of " + strings.Join(years, ", ")
	}
	return "days by hand"
}
