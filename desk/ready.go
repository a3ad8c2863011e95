package desk

import (
	"context"
	"sync"
	"time"
)

// readyPatience is how long a dependency has to say that it is there.
const readyPatience = 2 * time.Second

// Ready asks everything that the desk needs whether it answers and is fit for use, all at once.
func (d *Desk) Ready(ctx context.Context) []Dependency {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	out := []Dependency{{Name: "temporal"}, {Name: "database"}, {Name: "attachments"}}
	var all sync.WaitGroup
	for i, ping := range []func(context.Context) error{d.cases.ping, d.store.Ready, d.files.Ping} {
		all.Go(func() {
			out[i].Err = ping(ctx)
			out[i].OK = out[i].Err == nil
		})
	}
	all.Wait()
	return out
}
