/* SPDX-License-Identifier: MIT */
/* What workers count, and the text that Prometheus reads. */
#include "recv_worker.h"

#include "json.h"

static const int statuses[WORKER_STATUSES] = { 200, 202, 204, 400, 401, 403, 404, 405,
					       408, 413, 414, 415, 431, 500, 503, 0 };

void worker_count_status(struct worker *w, int status)
{
	unsigned i = 0;

	while (statuses[i] && statuses[i] != status)
		i++;
	atomic_fetch_add_explicit(&w->statuses[i], 1, memory_order_relaxed);
}

void worker_count_record(struct worker *w, struct str carrier, size_t bytes)
{
	atomic_fetch_add_explicit(&w->record_bytes, bytes, memory_order_relaxed);
	for (unsigned i = 0; i < WORKER_CARRIERS; i++) {
		struct carrier_count *c = &w->carriers[i];

		/* Only this worker writes names, and a name is whole before it is counted. */
		if (atomic_load_explicit(&c->records, memory_order_relaxed) == 0)
			memcpy(c->name, carrier.p,
			       carrier.n < sizeof(c->name) ? carrier.n : sizeof(c->name) - 1);
		else if (!str_eq(str_c(c->name), str_sub(carrier, 0, sizeof(c->name) - 1)))
			continue;
		atomic_fetch_add_explicit(&c->records, 1, memory_order_release);
		return;
	}
}

/* ---- Prometheus ---- */

static void metric(struct buf *b, const char *name, const char *type, const char *help, uint64_t value)
{
	buf_fmt(b, "# HELP omni_recv_%s %s\n# TYPE omni_recv_%s %s\nomni_recv_%s %llu\n", name,
		help, name, type, name, (unsigned long long)value);
}

static void metric_statuses(struct buf *b, const struct service *s)
{
	buf_lit(b, "# HELP omni_recv_answers_total Answers by status.\n# TYPE omni_recv_answers_total counter\n");
	for (unsigned i = 0; i < WORKER_STATUSES; i++) {
		unsigned long long sum = 0;

		for (unsigned k = 0; k < s->n_workers; k++)
			sum += atomic_load_explicit(&s->workers[k]->statuses[i], memory_order_relaxed);
		if (statuses[i])
			buf_fmt(b, "omni_recv_answers_total{status=\"%d\"} %llu\n", statuses[i], sum);
		else
			buf_fmt(b, "omni_recv_answers_total{status=\"other\"} %llu\n", sum);
	}
}

/*
 * The records of the carrier that worker ${k} counts in place ${i}, if no worker before it counts
 * that carrier too.
 */
static void metric_carrier(struct buf *b, const struct service *s, unsigned k, unsigned i)
{
	const struct carrier_count *c = &s->workers[k]->carriers[i];
	unsigned long long sum = 0;

	if (atomic_load_explicit(&c->records, memory_order_acquire) == 0)
		return;
	for (unsigned w = 0; w < s->n_workers; w++) {
		for (unsigned n = 0; n < WORKER_CARRIERS; n++) {
			const struct carrier_count *other = &s->workers[w]->carriers[n];
			unsigned long long records =
				atomic_load_explicit(&other->records, memory_order_acquire);

			if (records == 0 || strcmp(other->name, c->name) != 0)
				continue;
			if (w < k)
				return;
			sum += records;
		}
	}
	buf_lit(b, "omni_recv_records_total{carrier=\"");
	json_escape(b, str_c(c->name));
	buf_fmt(b, "\"} %llu\n", sum);
}

uint64_t worker_records(const struct service *s)
{
	uint64_t sum = 0;

	for (unsigned k = 0; k < s->n_workers; k++)
		for (unsigned i = 0; i < WORKER_CARRIERS; i++)
			sum += atomic_load_explicit(&s->workers[k]->carriers[i].records,
						    memory_order_relaxed);
	return sum;
}

void worker_metrics(struct buf *b, const struct service *s)
{
	unsigned long long denied = 0, bytes = 0, waiting = 0;
	struct serve_counts n;

	serve_counts(s->serve, &n);
	for (unsigned k = 0; k < s->n_workers; k++) {
		denied += atomic_load_explicit(&s->workers[k]->denied, memory_order_relaxed);
		bytes += atomic_load_explicit(&s->workers[k]->record_bytes, memory_order_relaxed);
		waiting += atomic_load_explicit(&s->workers[k]->waiting, memory_order_relaxed);
	}
	metric_statuses(b, s);
	buf_lit(b, "# HELP omni_recv_records_total Records handed over.\n# TYPE omni_recv_records_total counter\n");
	for (unsigned k = 0; k < s->n_workers; k++)
		for (unsigned i = 0; i < WORKER_CARRIERS; i++)
			metric_carrier(b, s, k, i);
	metric(b, "record_bytes_total", "counter", "Bytes of records handed over.", bytes);
	metric(b, "denied_total", "counter", "Requests that --verify found not genuine.", denied);
	metric(b, "waiting", "gauge", "Requests whose record waits to be taken.", waiting);
	metric(b, "up", "gauge", "1 if records are taken.", worker_well(s));
	metric(b, "requests_total", "counter", "Whole requests received.", n.requests);
	metric(b, "malformed_total", "counter", "Requests refused as malformed or too large.",
	       n.malformed);
	metric(b, "timeouts_total", "counter", "Connections cut as a request took too long.", n.timeouts);
	metric(b, "received_bytes_total", "counter", "Bytes of requests received.", n.bytes);
	metric(b, "connections", "gauge", "Connections open.", n.connections);
	metric(b, "connections_total", "counter", "Connections accepted.", n.accepted);
	metric(b, "connections_refused_total", "counter",
	       "Connections refused: too many from one address.", n.refused_connections);
	metric(b, "held_bytes", "gauge", "Memory for large bodies.", n.held);
}
