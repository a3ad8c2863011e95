package desk

import (
	"cmp"
	"context"

	"yunwei/defect"
	"yunwei/notice"
	"yunwei/roster"
)

// urgentDuty is the severity of what whoever comes on duty has to know, within their hours or not.
const urgentDuty defect.Severity = 2

// tellSwap tells the other one of a swap that was asked for or answered.
func (d *Desk) tellSwap(ctx context.Context, by Caller, name string, w roster.Swap) {
	a := notice.Announcement{Key: "swap " + w.ID + " " + string(w.State), Args: notice.Args{notice.ArgMessage: notice.Excerpt(w.Reason)}}
	switch w.State {
	case roster.SwapAsked:
		a.Topic, a.Users = notice.SwapAsked, []string{w.With}
	case roster.SwapAgreed:
		a.Topic, a.Users = notice.SwapAgreed, []string{w.By}
	case roster.SwapRefused:
		a.Topic, a.Users = notice.SwapRefused, []string{w.By}
	case roster.SwapWithdrawn:
		return
	}
	zone := d.policy(ctx).Zone()
	a.Args[notice.ArgGiveFrom], a.Args[notice.ArgGiveTo] = notice.At(w.Give.From, zone), notice.At(w.Give.To, zone)
	a.Args[notice.ArgTakeFrom], a.Args[notice.ArgTakeTo] = notice.At(w.Take.From, zone), notice.At(w.Take.To, zone)
	d.tellOfDuty(ctx, by, name, a)
}

// tellHandOver tells who comes that there is a note for them.
func (d *Desk) tellHandOver(ctx context.Context, by Caller, h roster.HandOver) {
	d.tellOfDuty(ctx, by, h.Roster, notice.Announcement{
		Key: "hand-over " + h.ID, Topic: notice.HandedOver, Users: []string{h.To}, Severity: urgentDuty,
		Args: notice.Args{notice.ArgMessage: notice.Excerpt(h.Note)},
	})
}

// tellOfDuty announces what is written already: that nobody could be told does not undo it.
func (d *Desk) tellOfDuty(ctx context.Context, by Caller, name string, a notice.Announcement) {
	a.At, a.Policy = micro(d.now()), d.policy(ctx)
	a.Args[notice.ArgActor], a.Args[notice.ArgRoster] = cmp.Or(by.Name, by.Username), name
	if err := d.write(ctx, sqlPatience, func(ctx context.Context) error { return d.store.Announce(ctx, a) }); err != nil {
		d.log.WarnContext(ctx, "nobody was told of a change of duty", "topic", a.Topic, "error", err)
	}
}
