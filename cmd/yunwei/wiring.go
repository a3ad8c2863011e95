package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"
	"golang.org/x/time/rate"

	"yunwei/activities"
	"yunwei/api"
	"yunwei/calendar"
	"yunwei/config"
	"yunwei/contract"
	"yunwei/defect"
	"yunwei/desk"
	"yunwei/edge"
	"yunwei/notify"
	"yunwei/store"
	"yunwei/web"
	"yunwei/worker"
)

// parts is what the processes are put together from. close ends them in reverse.
type parts struct {
	log     *slog.Logger
	metrics *metrics
	store   *store.Store
	files   *store.Files
	client  client.Client
	key     []byte
	closers []func() error

	namespace     *desk.Namespace
	namespaceName string
}

// close ends what was opened, the latest first.
func (p *parts) close() error {
	var errs []error
	for i := len(p.closers) - 1; i >= 0; i-- {
		errs = append(errs, p.closers[i]())
	}
	return errors.Join(errs...)
}

func (p *parts) onClose(end func() error) { p.closers = append(p.closers, end) }

// openShared opens what every process that works on cases needs: database, Temporal client, keys.
func (p *parts) openShared(ctx context.Context, s config.Shared, address string) error {
	var err error
	if p.key, err = config.DecodeKey(s.TokenKey); err != nil {
		return err
	}
	if p.store, err = store.Open(ctx, s.Database); err != nil {
		return err
	}
	p.onClose(p.store.Close)
	if p.metrics, err = newMetrics(p.store, p.log); err != nil {
		return err
	}
	p.onClose(p.metrics.close)
	options, err := temporalOptions(address, p.log)
	if err != nil {
		return err
	}
	options.MetricsHandler = p.metrics.temporal
	// Lazy: a process may start while Temporal is away, and says so when it is asked for what needs it.
	if p.client, err = client.NewLazyClient(options); err != nil {
		return fmt.Errorf("temporal: %w", err)
	}
	p.onClose(func() error { p.client.Close(); return nil })
	p.namespace, p.namespaceName = desk.NewNamespace(p.client), or(options.Namespace, client.DefaultNamespace)
	return nil
}

// workflows returns where the Temporal Web UI at an address shows the workflow of a case; nil for no address.
func (p *parts) workflows(ui string) func(number string) string {
	if ui == "" {
		return nil
	}
	return func(number string) string {
		return ui + "/namespaces/" + url.PathEscape(p.namespaceName) + "/workflows/" + url.PathEscape(contract.DefectWorkflowID(number))
	}
}

func (p *parts) openFiles(ctx context.Context, url string) (err error) {
	if p.files, err = store.OpenFiles(ctx, url); err != nil {
		return err
	}
	p.onClose(p.files.Close)
	return nil
}

// temporalOptions reads Temporal's own variables and profile; address, when given, comes before them.
func temporalOptions(address string, log *slog.Logger) (client.Options, error) {
	options, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{})
	if err != nil {
		return options, fmt.Errorf("temporal settings: %w", err)
	}
	if address != "" {
		options.HostPort = address
	}
	options.Logger = sdklog.NewStructuredLogger(log.With("part", "temporal"))
	return options, nil
}

// newDesk returns the service desk on the parts.
func (p *parts) newDesk(policy defect.Policy, signalSign string) *desk.Desk {
	return desk.New(desk.Options{
		Store: p.store, Files: p.files, Temporal: p.client, Policy: policy, Key: p.key,
		ShowCodes: activities.SignalSign(signalSign) == activities.SignCode, Log: p.log, Now: time.Now,
	})
}

// newHandler returns the HTTP side of a desk: the API, what watches the process, and pages at every other address. url is
// where people reach it and workflow where they see the workflow of a case, if that is known; proxies are believed when they
// say who asks.
func (p *parts) newHandler(d *desk.Desk, policy defect.Policy, url string, workflow func(number string) string, proxies ...string) (http.Handler, error) {
	front, err := edge.New(edge.Options{Log: p.log, Registry: p.metrics.registry, Proxies: proxies})
	if err != nil {
		return nil, err
	}
	pages, err := web.NewHandler(web.Options{Desk: d, Log: p.log, Edge: front, Zone: policy.Zone(), URL: url, Workflow: workflow, Now: time.Now})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	machines, err := api.NewHandler(api.Options{Desk: d, Log: p.log, Edge: front, Metrics: p.metrics.handler(), Version: version, Now: time.Now})
	if err != nil {
		return nil, err
	}
	for _, address := range []string{"/api", "/api/", "/healthz", "/readyz", "/metrics"} {
		mux.Handle(address, machines)
	}
	return mux, nil
}

// work is what a worker needs to know beside the parts.
type work struct {
	signalSign string
	policy     defect.Policy  // the site's: its zone begins work on the calendar, its calendars tell people's hours
	sending    notify.Options // of what cannot wait for the database
}

// startWorker starts a worker; it polls until the returned function is called. A fatal error of its is sent to fatal.
func (p *parts) startWorker(ctx context.Context, w work, fatal chan<- error) (func(), error) {
	sender := notify.NewSender(w.sending.Channels, w.sending.Writer)
	acts := worker.Activities{
		Projection: &activities.Projection{
			Store: p.store, Client: p.client, Lag: p.metrics.observeLag,
			Straight: &activities.Straight{People: p.store.KnownPeople, Send: sender.Straight, Now: time.Now},
		},
		Signers: &activities.Signers{People: p.store, Mode: activities.SignalSign(w.signalSign), Key: p.key},
		Audits: &activities.Audits{
			Store: p.store, Client: p.client, Limit: rate.NewLimiter(activities.AuditRate, 1), Log: p.log,
			Count: p.metrics.countAudit, Now: time.Now, Wait: activities.Sleep,
			Alarm: activities.DriftNotices{Outbox: p.store, Policy: w.policy, Now: time.Now},
		},
		Rosters: &activities.Rosters{
			Store: p.store, Alarm: activities.RosterNotices{Outbox: p.store, Policy: w.policy, Now: time.Now},
			Calendars: func(ctx context.Context) (map[string]calendar.Calendar, error) {
				inForce, err := desk.PolicyInForce(ctx, p.store, w.policy)
				return inForce.Calendars, err
			},
		},
	}
	if err := acts.Check(); err != nil {
		return nil, err
	}
	poller := worker.New(p.client, acts, worker.Options{Fatal: func(err error) {
		select {
		case fatal <- fmt.Errorf("worker: %w", err):
		default: // one is enough
		}
	}})
	if err := patiently(ctx, p.log, "start the worker", func(context.Context) error { return poller.Start() }); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.keepSchedules(ctx, w.policy.Zone())
	}()
	return func() {
		cancel()
		<-ended
		poller.Stop()
	}, nil
}

// scheduleRetry is how long after a failure the schedules are tried again.
const scheduleRetry = 10 * time.Second

// keepSchedules makes the Temporal Schedules, however long that takes: work on cases does not wait for them.
func (p *parts) keepSchedules(ctx context.Context, zone *time.Location) {
	for {
		err := worker.EnsureSchedules(ctx, p.client.ScheduleClient(), zone)
		if err == nil || ctx.Err() != nil {
			return
		}
		p.log.WarnContext(ctx, "schedules: not yet", "error", err)
		if activities.Sleep(ctx, scheduleRetry) != nil {
			return
		}
	}
}

// patiently tries something for a minute, for what it needs may be starting too.
func patiently(ctx context.Context, log *slog.Logger, what string, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := do(ctx)
		if err == nil {
			return nil
		}
		log.InfoContext(ctx, what+": not yet", "error", err)
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// serve serves HTTP until ctx ends, then lets requests in flight finish.
func serve(ctx context.Context, l net.Listener, server *http.Server) error {
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
		defer cancel()
		stopped <- server.Shutdown(grace)
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP: %w", err)
	}
	return <-stopped
}

// listen takes an address. Its error says what to do about it.
func listen(ctx context.Context, flag, address string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s (%w): choose another address with --%s", address, err, flag)
	}
	return l, nil
}

// operations is the small HTTP side of a worker: health and figures.
func operations(p *parts, ready func(context.Context) error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := ready(r.Context()); err != nil {
			p.log.WarnContext(r.Context(), "not ready", "error", err)
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.metrics.registry, promhttp.HandlerOpts{}))
	return mux
}
