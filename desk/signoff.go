package desk

import (
	"cmp"
	"context"
	"slices"
	"time"

	"yunwei/apperr"
	"yunwei/defect"
)

// Sheet is what an approver has before them who has followed a sign-off link.
type Sheet struct {
	View
	Reader defect.Person
	Until  time.Time         // when the link ends
	Mine   *defect.Signature // what the reader has decided already, themselves or for whom they stand in
	Shut   error             // why the reader cannot sign now; nil when they can, or have
	Names  map[string]string // of the accounts that the case names, by user name
}

// NameOf returns the name of an account, or its user name where nobody knows it.
func (s Sheet) NameOf(username string) string { return cmp.Or(s.Names[username], username) }

// errLink is all that is told of a link that is none, has ended, or whose reader has no account any more.
var errLink = apperr.New(apperr.Unauthenticated, apperr.ReasonLink, nil)

// SignOffSheet returns what a link lets its reader see: the case and the proposal that it was made for. Unauthenticated
// for a link that is not good (any more), StaleProposal when another proposal has taken the place of that one.
func (d *Desk) SignOffSheet(ctx context.Context, link string) (Sheet, error) {
	l, by, err := d.follow(link)
	if err != nil {
		return Sheet{}, err
	}
	return d.sheet(ctx, l, by)
}

// SignByLink decides on the proposal of a link, under the same rules as the step sign. Following the link once more shows
// what was decided.
func (d *Desk) SignByLink(ctx context.Context, link string, decision defect.Decision, comment string) error {
	l, by, err := d.follow(link)
	if err != nil {
		return err
	}
	in := defect.Input{Proposal: l.Proposal, Decision: decision, Comment: comment}
	_, err = d.Act(ctx, by, l.Number, defect.ActSign, in, nil, "")
	return err
}

// follow returns what a link is for and whom it stands for, without asking SQL.
func (d *Desk) follow(link string) (defect.SignOffLink, Caller, error) {
	l, ok := defect.OpenSignOffLink(d.key, link)
	if !ok || !d.now().Before(l.Until) {
		return l, Caller{}, errLink
	}
	user, known, err := d.people.find(l.Username)
	if err != nil {
		return l, Caller{}, err
	}
	if !known || user.Disabled {
		return l, Caller{}, errLink
	}
	return l, Caller{Person: d.asOfNow(user.Person), ExpiresAt: l.Until}, nil
}

func (d *Desk) sheet(ctx context.Context, l defect.SignOffLink, by Caller) (Sheet, error) {
	c, err := d.visible(ctx, by, l.Number)
	if err != nil {
		return Sheet{}, err
	}
	if c.Proposal == nil || c.Proposal.N != l.Proposal {
		return Sheet{}, apperr.New(apperr.StaleProposal, apperr.ReasonLinkStale, nil)
	}
	s := Sheet{View: d.view(by, c), Reader: by.Person, Until: l.Until}
	named := []string{c.Proposal.By}
	for _, sig := range c.SignOffs {
		named = append(named, sig.By, sig.For)
	}
	s.Names = d.Names(named...)
	if i := slices.IndexFunc(c.SignOffs, func(sig defect.Signature) bool {
		return sig.Proposal == l.Proposal && (sig.By == by.Username || sig.For == by.Username)
	}); i >= 0 {
		s.Mine = &c.SignOffs[i]
		return s, nil
	}
	s.Shut = c.May(defect.ActSign, by.Person)
	return s, nil
}
