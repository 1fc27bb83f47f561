// Package metrics exports metrics of a server and its database to Prometheus. They contain no secrets, and the number
// of label values is bounded, whatever clients send.
package metrics

import (
	"context"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/acen-desktop/acen/api"
	"github.com/acen-desktop/acen/server/httpapi"
	"github.com/acen-desktop/acen/server/store"
)

// Metrics are the metrics of one server.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	refusals *prometheus.CounterVec
}

// buckets are the bounds of durations in seconds, from a read from memory to a client that hardly sends.
var buckets = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30}

// New returns the metrics of a server on a database.
func New(version string, s store.Store) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "acen_request_duration_seconds", Buckets: buckets,
			Help: "Request durations, by operation and class of the status; the count is the number of requests.",
		}, []string{"operation", "class"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "acen_refusals_total", Help: "Requests that were refused, by code.",
		}, []string{"code"}),
	}
	for _, code := range api.Codes() {
		m.refusals.WithLabelValues(string(code)) // exports 0 before the first refusal
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "acen_build_info", Help: "Always 1; the labels are the versions of the program and of Go.",
		ConstLabels: prometheus.Labels{"version": version, "go_version": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.refusals, build, stock{s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Answered counts an answered request.
func (m *Metrics) Answered(a httpapi.Answered) {
	m.requests.WithLabelValues(a.Operation, strconv.Itoa(a.Status/100)+"xx").Observe(a.Duration.Seconds())
	if a.Code != "" {
		m.refusals.WithLabelValues(string(a.Code)).Inc()
	}
}

// Handler returns the handler of /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: 4,
		ErrorHandling:       promhttp.ContinueOnError,
	})
}

// stock is a collector that reads the database. If the database is unavailable, it exports only acen_database_up.
type stock struct{ store store.Store }

// databaseTimeout limits the query of the database. It is shorter than the 10 s that Prometheus waits.
const databaseTimeout = 5 * time.Second

var (
	databaseUp  = prometheus.NewDesc("acen_database_up", "1 if the database answers, otherwise 0.", nil, nil)
	mailsQueued = prometheus.NewDesc("acen_mails_queued", "Mails in the queue.", nil, nil)
	mailsFailed = prometheus.NewDesc("acen_mails_failed", "Mails that could not be delivered.", nil, nil)
	seats       = prometheus.NewDesc("acen_seats", "Licenses that active orders allow.", nil, nil)
	seatsActive = prometheus.NewDesc("acen_seats_active", "Activated licenses of active orders.", nil, nil)
)

// Describe sends the descriptions of all metrics.
func (stock) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{databaseUp, mailsQueued, mailsFailed, seats, seatsActive} {
		out <- d
	}
}

// Collect reads the database and sends the metrics.
func (s stock) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), databaseTimeout)
	defer cancel()
	gauge := func(d *prometheus.Desc, value int) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value))
	}
	var counts store.Stock
	if err := s.store.Read(ctx, func(tx store.Tx) (err error) {
		counts, err = tx.Maintenance.Stock(ctx)
		return err
	}); err != nil {
		gauge(databaseUp, 0)
		return
	}
	gauge(databaseUp, 1)
	gauge(mailsQueued, counts.MailsQueued)
	gauge(mailsFailed, counts.MailsFailed)
	gauge(seats, counts.SeatsTotal)
	gauge(seatsActive, counts.SeatsActive)
}
