package telemetry

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are what Prometheus reads on the admin listener.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

// NewMetrics returns a registry with the process's own metrics and the build's version.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "tandem_http_request_duration_seconds",
			Help:    "Time to answer HTTP requests, by route pattern.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"method", "route", "status"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "tandem_build_info", Help: "1, labelled with the version.", ConstLabels: prometheus.Labels{"version": Version()}})
	build.Set(1)
	m.registry.MustRegister(m.requests, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Gauge adds a value that is read when Prometheus asks.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// Counter adds a count that only grows.
func (m *Metrics) Counter(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read))
}

// Each adds a metric with labels, whose values are read when Prometheus asks. Their labels have a small set of values.
func (m *Metrics) Each(name, help string, kind prometheus.ValueType, labels []string, read func(emit func(value float64, labels ...string))) {
	m.registry.MustRegister(&each{prometheus.NewDesc(name, help, labels, nil), kind, read})
}

// What the values of Each are.
const (
	Gauge   = prometheus.GaugeValue
	Counter = prometheus.CounterValue
)

type each struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(emit func(value float64, labels ...string))
}

// Describe implements prometheus.Collector.
func (e *each) Describe(c chan<- *prometheus.Desc) { c <- e.desc }

// Collect implements prometheus.Collector.
func (e *each) Collect(c chan<- prometheus.Metric) {
	e.read(func(value float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(e.desc, e.kind, value, labels...)
	})
}

// methods are the values that the label may have: a client can send any word as a method.
var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}

// Request notes one answered request; route is the pattern, never a path.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	if !slices.Contains(methods, method) {
		method = "other"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
}

// Handler answers GET /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
