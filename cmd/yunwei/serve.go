package main

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"yunwei/api"
	"yunwei/config"
)

type serveCommand struct{ config.Serve }

// Run serves the API and the pages until the process is told to end.
func (s serveCommand) Run(ctx context.Context) (err error) {
	policy, err := loadPolicy(s.Policy)
	if err != nil {
		return err
	}
	url, err := config.BaseURL(s.URL)
	if err != nil {
		return err
	}
	ui, err := config.TemporalUIURL(s.TemporalUI)
	if err != nil {
		return err
	}
	p := &parts{log: newLog(s.Log)}
	defer func() { err = errors.Join(err, p.close()) }()
	if err := p.openShared(ctx, s.Shared, ""); err != nil {
		return err
	}
	if err := p.openFiles(ctx, s.Blob); err != nil {
		return err
	}
	l, err := listen(ctx, "http", s.HTTP)
	if err != nil {
		return err
	}
	d := p.newDesk(policy, s.SignalSign)
	handler, err := p.newHandler(d, policy, url, p.workflows(ui), s.TrustedProxies...)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { d.Run(ctx); return nil })
	group.Go(func() error { return serve(ctx, l, api.Server(handler)) })
	p.log.Info("serving", "address", l.Addr().String(), "version", version, "policy", policy.Name)
	return group.Wait()
}

type workerCommand struct{ config.Worker }

// Run works on cases until the process is told to end.
func (w workerCommand) Run(ctx context.Context) (err error) {
	policy, err := loadPolicy(w.Policy)
	if err != nil {
		return err
	}
	p := &parts{log: newLog(w.Log)}
	defer func() { err = errors.Join(err, p.close()) }()
	sending, err := p.openNotices(w.Notices)
	if err != nil {
		return err
	}
	if err := p.openShared(ctx, w.Shared, ""); err != nil {
		return err
	}
	sending = p.atSite(sending, policy, w.SignalSign)
	l, err := listen(ctx, "metrics", w.Metrics)
	if err != nil {
		return err
	}
	fatal := make(chan error, 1)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serve(ctx, l, api.Server(operations(p, p.workerReady))) })
	group.Go(func() error { p.dispatch(ctx, sending); return nil })
	group.Go(func() error {
		stop, err := p.startWorker(ctx, work{signalSign: w.SignalSign, policy: policy, sending: sending}, fatal)
		if err != nil {
			return err
		}
		defer stop()
		p.log.Info("working", "metrics", l.Addr().String(), "version", version)
		select {
		case err := <-fatal:
			return err
		case <-ctx.Done():
			return nil
		}
	})
	return group.Wait()
}

// workerReady reports whether a worker can work: Temporal and the database answer and have what it needs.
func (p *parts) workerReady(ctx context.Context) error {
	if err := p.namespace.Ready(ctx); err != nil {
		return err
	}
	return p.store.Ready(ctx)
}
