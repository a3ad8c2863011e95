package notify

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/time/rate"

	"yunwei/notice"
)

// Sender sends without the outbox.
type Sender struct {
	roads  map[string]road
	writer Writer
}

type road struct {
	Channel
	limit *rate.Limiter
}

// NewSender returns a sender over some channels. The limits hold for this process: it is meant for when there is no database
// to share them through.
func NewSender(channels []Channel, w Writer) *Sender {
	s := &Sender{roads: map[string]road{}, writer: w}
	for _, c := range channels {
		limit := rate.NewLimiter(rate.Inf, 0)
		if t := c.Traits(); !t.Limit.None() {
			limit = rate.NewLimiter(rate.Every(t.Limit.Every()), t.Limit.Burst)
		}
		s.roads[c.Name()] = road{c, limit}
	}
	return s
}

// Straight tells each of the people now, over the first of their ways that takes the notice, under the key that it has in
// the outbox too: should the outbox send it again, the double is recognised. Hours and quiet do not matter. Somebody without a
// way out of the desk is passed over. It returns who was told; the error names everybody who could not be.
func (s *Sender) Straight(ctx context.Context, people []notice.Person, n notice.Notice) ([]notice.Told, error) {
	var told []notice.Told
	var errs []error
	for _, p := range people {
		n.Username, n.Language = p.Username, p.Language
		channel, err := s.tell(ctx, p, n)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("tell %s: %w", p.Username, err))
		case channel != "":
			told = append(told, notice.Told{Seq: n.Seq, Username: p.Username, Channel: channel})
		}
	}
	return told, errors.Join(errs...)
}

// tell returns the channel that has taken the notice; none of somebody without a way.
func (s *Sender) tell(ctx context.Context, p notice.Person, n notice.Notice) (string, error) {
	var errs []error
	for _, way := range p.Ways {
		r, ok := s.roads[way.Channel]
		if !ok {
			errs = append(errs, fmt.Errorf("%s is not set up", way.Channel))
			continue
		}
		err := r.send(ctx, s.writer, n.Over(way))
		if err == nil {
			return way.Channel, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", way.Channel, err))
	}
	return "", errors.Join(errs...)
}

func (r road) send(ctx context.Context, w Writer, n notice.Notice) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := r.limit.Wait(ctx); err != nil {
		return failed(Limited, "no place in its limit: %w", err)
	}
	m, _ := w.Compose([]notice.Notice{n}, r.Traits())
	return r.Send(ctx, m)
}
