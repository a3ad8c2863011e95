package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"

	"yunwei/defect"
	"yunwei/notice"
	"yunwei/store"
)

// metrics are a process's figures: its own, those of the cases, and the Temporal SDK's.
type metrics struct {
	registry *prometheus.Registry
	temporal client.MetricsHandler
	lag      prometheus.Histogram
	audited  prometheus.Counter
	drifts   *prometheus.CounterVec
	sends    *prometheus.CounterVec
	provider *sdkmetric.MeterProvider
}

func newMetrics(db *store.Store, log *slog.Logger) (*metrics, error) {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		lag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "yunwei_journal_lag_seconds", Help: "Age of the oldest event of a batch when its workflow brought it to SQL.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2, 5, 10, 30, 60, 300, 3600},
		}),
		audited: prometheus.NewCounter(prometheus.CounterOpts{Name: "yunwei_audit_cases_total", Help: "Open cases that audits have looked at."}),
		drifts:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yunwei_audit_findings_total", Help: "What audits have found wrong, by kind."}, []string{"kind"}),
		sends: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yunwei_notice_sends_total", Help: "Messages given to a channel, by what came of it: sent, or the kind of the failure.",
		}, []string{"channel", "outcome"}),
	}
	for _, c := range []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), m.lag, m.audited, m.drifts, m.sends, &caseFigures{store: db, log: log},
	} {
		if err := m.registry.Register(c); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	exporter, err := otelprometheus.New(otelprometheus.WithRegisterer(m.registry), otelprometheus.WithoutScopeInfo(), otelprometheus.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	// The SDK's latencies are seconds; the default bounds are meant for milliseconds.
	seconds := sdkmetric.NewView(sdkmetric.Instrument{Kind: sdkmetric.InstrumentKindHistogram},
		sdkmetric.Stream{Aggregation: sdkmetric.AggregationExplicitBucketHistogram{Boundaries: []float64{.005, .025, .1, .5, 1, 5, 30}}})
	m.provider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(exporter), sdkmetric.WithView(seconds))
	m.temporal = opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{Meter: m.provider.Meter("temporal-sdk-go")})
	return m, nil
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Timeout: 10 * time.Second})
}

func (m *metrics) observeLag(age time.Duration) { m.lag.Observe(age.Seconds()) }

func (m *metrics) countAudit(checked int, found []defect.Drift) {
	m.audited.Add(float64(checked))
	for _, d := range found {
		m.drifts.WithLabelValues(string(d.Kind)).Inc()
	}
}

func (m *metrics) observeSend(channel, outcome string) {
	m.sends.WithLabelValues(channel, outcome).Inc()
}

func (m *metrics) close() error {
	return errors.Join(m.provider.Shutdown(context.Background()))
}

// caseFigures counts cases and promises when it is asked, from SQL, and not more often than every few seconds. While SQL
// is away it tells nothing, which is not the same as none, and says so in the log.
type caseFigures struct {
	store *store.Store
	log   *slog.Logger

	mu   sync.Mutex
	at   time.Time
	last []prometheus.Metric
}

var (
	descCases    = prometheus.NewDesc("yunwei_defects", "Cases by stage and severity.", []string{"stage", "severity"}, nil)
	descNotices  = prometheus.NewDesc("yunwei_notices", "Notices that have not arrived, by state.", []string{"state"}, nil)
	descOldest   = prometheus.NewDesc("yunwei_notice_oldest_seconds", "How long the oldest notice that may be sent has been waiting.", nil, nil)
	descPromises = prometheus.NewDesc("yunwei_promises_total", "Promises met in time and broken, by clock.", []string{"clock", "outcome"}, nil)
)

const figuresEvery = 5 * time.Second

// Describe implements prometheus.Collector.
func (*caseFigures) Describe(ch chan<- *prometheus.Desc) {
	ch <- descCases
	ch <- descPromises
	ch <- descNotices
	ch <- descOldest
}

// Collect implements prometheus.Collector.
func (f *caseFigures) Collect(ch chan<- prometheus.Metric) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.at) > figuresEvery {
		var err error
		if f.last, err = f.read(); err != nil {
			f.log.Warn("the figures of cases are not told", "error", err)
		}
		f.at = time.Now()
	}
	for _, m := range f.last {
		ch <- m
	}
}

func (f *caseFigures) read() ([]prometheus.Metric, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	counts, err := f.store.Counts(ctx)
	if err != nil {
		return nil, err
	}
	promises, err := f.store.PromiseCounts(ctx)
	if err != nil {
		return nil, err
	}
	notices, oldest, err := f.store.NoticeFigures(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	out := noticeFigures(notices, oldest)
	for _, c := range counts {
		out = append(out, prometheus.MustNewConstMetric(descCases, prometheus.GaugeValue, float64(c.N), string(c.Stage), strconv.Itoa(int(c.Severity))))
	}
	for _, p := range promises {
		out = append(out,
			prometheus.MustNewConstMetric(descPromises, prometheus.CounterValue, float64(p.Met), string(p.Clock), "met"),
			prometheus.MustNewConstMetric(descPromises, prometheus.CounterValue, float64(p.Breached), string(p.Clock), "breached"))
	}
	return out, nil
}

// noticeFigures are those of the outbox; a state without notices is 0.
func noticeFigures(counts []store.NoticeCount, oldest time.Time) []prometheus.Metric {
	waited := 0.0
	if !oldest.IsZero() {
		waited = time.Since(oldest).Seconds()
	}
	out := []prometheus.Metric{prometheus.MustNewConstMetric(descOldest, prometheus.GaugeValue, waited)}
	for _, state := range notice.States() {
		if state == notice.Sent {
			continue
		}
		n := 0
		for _, c := range counts {
			if c.State == state {
				n = c.N
			}
		}
		out = append(out, prometheus.MustNewConstMetric(descNotices, prometheus.GaugeValue, float64(n), string(state)))
	}
	return out
}
