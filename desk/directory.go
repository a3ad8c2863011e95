package desk

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"yunwei/defect"
	"yunwei/store"
)

// directory knows everybody with an account, who stands in for whom, and which sessions were ended before their time,
// without asking SQL.
type directory struct {
	store *store.Store
	now   func() time.Time

	mu       sync.RWMutex
	loaded   bool
	users    map[string]store.User
	running  []defect.Substitution
	sessions map[string]time.Time // token ID -> when the token expires anyway
	voids    map[string]time.Time // user name -> up to when sessions began that were ended here alone
}

func newDirectory(s *store.Store, now func() time.Time) *directory {
	return &directory{store: s, now: now, users: map[string]store.User{}, sessions: map[string]time.Time{}, voids: map[string]time.Time{}}
}

// refresh reads all accounts and ended sessions.
func (p *directory) refresh(ctx context.Context) error {
	all, err := p.store.Directory(ctx)
	if err != nil {
		return err
	}
	users := make(map[string]store.User, len(all))
	for _, u := range all {
		users[fold(u.Username)] = u
	}
	ended, err := p.store.Revocations(ctx, p.now())
	if err != nil {
		return err
	}
	running, err := p.store.Running(ctx, p.now())
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.users, p.running, p.loaded = users, running, true
	maps.DeleteFunc(p.sessions, func(_ string, until time.Time) bool { return until.Before(p.now()) })
	maps.DeleteFunc(p.voids, func(_ string, at time.Time) bool { return at.Add(sessionLength).Before(p.now()) })
	maps.Copy(p.sessions, ended)
	return nil
}

// find returns an account and whether there is one. It is errAway when no directory was ever read.
func (p *directory) find(username string) (store.User, bool, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if !p.loaded {
		return store.User{}, false, errAway
	}
	u, ok := p.users[fold(username)]
	return u, ok, nil
}

// standing returns a person with those for whom they stand in now.
func (p *directory) standing(person defect.Person) defect.Person {
	p.mu.RLock()
	defer p.mu.RUnlock()
	person.StandsIn = defect.StandsIn(p.running, fold(person.Username), p.now(), func(username string) (defect.Person, bool) {
		absent, known := p.users[fold(username)]
		return absent.Person, known && !absent.Disabled
	})
	return person
}

// called returns the account of a name that only one has which is not disabled.
func (p *directory) called(name string) (string, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	found := ""
	for _, u := range p.users {
		if u.Name != name || u.Disabled {
			continue
		}
		if found != "" {
			return "", false
		}
		found = u.Username
	}
	return found, found != ""
}

// ended reports whether a session was ended before its time.
func (p *directory) ended(tokenID string) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	_, ok := p.sessions[tokenID]
	return ok
}

// end ends a session in this process.
func (p *directory) end(tokenID string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions[tokenID] = until
}

// void ends in this process all sessions of an account that have begun.
func (p *directory) void(username string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.voids[fold(username)] = at
}

// voided reports whether an account's sessions of a beginning were ended in this process. Tokens tell the second.
func (p *directory) voided(username string, began time.Time) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	at, ok := p.voids[fold(username)]
	return ok && !began.After(at)
}

// accounts returns those that fit, by user name.
func (p *directory) accounts(fits func(store.User) bool) ([]store.User, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if !p.loaded {
		return nil, errAway
	}
	var out []store.User
	for _, u := range p.users {
		if fits(u) {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b store.User) int { return strings.Compare(a.Username, b.Username) })
	return out, nil
}

func fold(username string) string { return strings.ToLower(username) }

// Names returns the names of accounts, by user name as it was given. Who has no account is not among them.
func (d *Desk) Names(usernames ...string) map[string]string {
	out := map[string]string{}
	for _, username := range usernames {
		if user, known, err := d.people.find(username); err == nil && known {
			out[username] = user.Name
		}
	}
	return out
}

// Assignable returns everybody into whose hands a case may be put, by name; nobody for a caller who sees only their own
// cases.
func (d *Desk) Assignable(by Caller) []defect.Person {
	if !defect.SeesAll(by.Person) {
		return nil
	}
	return d.people.all(defect.MayBeAssigned)
}

// all returns everybody of a kind whose account is not disabled, by name.
func (p *directory) all(fits func(defect.Person) bool) []defect.Person {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var out []defect.Person
	for _, u := range p.users {
		if !u.Disabled && fits(u.Person) {
			out = append(out, u.Person)
		}
	}
	slices.SortFunc(out, func(a, b defect.Person) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Username, b.Username))
	})
	return out
}
