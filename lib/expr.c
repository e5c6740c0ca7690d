/* SPDX-License-Identifier: MIT */
#include "expr.h"

#include <float.h>
#include <jq.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "diag.h"
#include "file.h"
#include "limit.h"

struct expr {
	jq_state *jq;
	char *name;
	struct buf out;    /* one result as text */
	struct expr *next; /* of those that run */
	pthread_t thread;  /* who runs it */
	int64_t since; /* what that thread had used of its processor when the watchdog first saw this run; -1: not yet */
	bool stopped;
};

struct expr_input {
	jv value;
	const char *why; /* what keeps it from libjq, or NULL */
};

/* ---- the watchdog ---- */

/*
 * libjq has no time limit, but looks at every step whether it was halted.  One thread watches all
 * runs of the process.  It measures what a run takes of its own thread's processor, not of the
 * day: a loaded or suspended machine must not change what comes out.
 */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct expr *running;
	bool idle;
	int failed; /* errno of starting it */
} dog = { .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER };

static void dog_look(struct expr *x)
{
	struct timespec used;
	clockid_t clock;
	int64_t ms;

	if (pthread_getcpuclockid(x->thread, &clock) != 0 || clock_gettime(clock, &used) != 0)
		return;
	ms = (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
	if (x->since < 0)
		x->since = ms;
	if (ms - x->since < EXPR_TIME_MS || x->stopped || jq_halted(x->jq))
		return;
	x->stopped = true;
	jq_halt(x->jq, jv_invalid(), jv_invalid());
}

static void *dog_run(void *arg)
{
	const struct timespec tick = { .tv_nsec = 20 * 1000 * 1000 };

	(void)arg;
	pthread_mutex_lock(&dog.lock);
	for (;;) {
		for (struct expr *x = dog.running; x; x = x->next)
			dog_look(x);
		dog.idle = !dog.running;
		while (dog.idle)
			pthread_cond_wait(&dog.wake, &dog.lock);
		pthread_mutex_unlock(&dog.lock);
		nanosleep(&tick, NULL);
		pthread_mutex_lock(&dog.lock);
	}
	return NULL;
}

static void dog_start(void)
{
	sigset_t all, before;
	pthread_t thread;

	/* libjq would read the definitions in ~/.jq into every program. */
	unsetenv("HOME");
	/* Signals are for the threads that know them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	dog.failed = pthread_create(&thread, NULL, dog_run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!dog.failed)
		pthread_detach(thread);
}

static void run_begin(struct expr *x)
{
	pthread_mutex_lock(&dog.lock);
	x->thread = pthread_self();
	x->since = -1;
	x->stopped = false;
	x->next = dog.running;
	dog.running = x;
	if (dog.idle) {
		dog.idle = false;
		pthread_cond_signal(&dog.wake);
	}
	pthread_mutex_unlock(&dog.lock);
}

static void run_end(struct expr *x)
{
	struct expr **at = &dog.running;

	pthread_mutex_lock(&dog.lock);
	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
	pthread_mutex_unlock(&dog.lock);
}

/* ---- compiling ---- */

/*
 * What a program must not reach is defined away, on one line, so that the lines of its own text can
 * be counted.
 */
static const char prelude[] =
	"def env: {}; def input: error(\"input: there is only this record\"); def inputs: empty;"
	" def now: error(\"now: the time is not to be had here\");"
	" def localtime: error(\"localtime: only UTC is to be had here\");"
	" def strflocaltime($f): error(\"strflocaltime: only UTC is to be had here\");"
	" def halt: error(\"halt: not here\"); def halt_error: error(.); def halt_error($c): error(.);"
	" def debug: .; def debug(m): .; def stderr: .; def input_filename: null; def input_line_number: 0;"
	" def get_search_list: []; def modulemeta: error(\"modulemeta: there are no modules\");"
	" {} as $ENV | ";

struct complaint {
	const char *name;
	size_t lines; /* of the program */
	struct err *e;
};

/*
 * libjq says "jq: error: WHAT at <top-level>, line N:" and the text of the program after it; only
 * its first complaint is kept.
 */
static void complain(void *arg, jv msg)
{
	struct complaint *c = arg;
	jv text = jq_format_error(msg);
	struct str s = str_c(jv_get_kind(text) == JV_KIND_STRING ? jv_string_value(text) : "");
	struct str advice = STR(" (Unix shell quoting issues?)"), what;
	size_t line = 0, at;

	if (c->e->fault == FAULT_NONE) {
		if (str_prefix(s, STR("jq: error: ")))
			s = str_sub(s, 11, s.n);
		at = str_search(s, STR(" at <top-level>, line "));
		what = str_sub(s, 0, at < s.n ? at : str_find(s, '\n'));
		for (at += 22; at < s.n && s.p[at] >= '0' && s.p[at] <= '9' && line < 1000000; at++)
			line = line * 10 + (size_t)(s.p[at] - '0');
		line = line > 1 ? line - 1 : 1;
		what = str_suffix(what, advice) ? str_sub(what, 0, what.n - advice.n) : what;
		err_set(c->e, FAULT_CONFIG, "expr", "%s: line %zu: %.*s", c->name,
			line < c->lines ? line : c->lines, STR_FMT(what));
	}
	jv_free(text);
}

static struct expr *compile(const char *name, struct str text, size_t lines, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct expr *x = calloc(1, sizeof(*x));
	struct complaint c = { name, lines, e };

	pthread_once(&once, dog_start);
	if (!x || !(x->name = strdup(name)))
		diag_oom();
	x->out.max = LINE_MAX_BYTES + LINE_GROWTH;
	e->fault = FAULT_NONE;
	if (dog.failed) {
		err_set(e, FAULT_OS, "thread", "%s: a thread can not be started: %s", name,
			strerror(dog.failed));
		goto fail;
	}
	if (memchr(text.p, '\0', text.n - 1)) {
		err_set(e, FAULT_CONFIG, "expr", "%s: the program holds a NUL character", name);
		goto fail;
	}
	x->jq = jq_init();
	if (!x->jq)
		diag_oom();
	jq_set_error_cb(x->jq, complain, &c);
	if (!jq_compile_args(x->jq, text.p, jv_object())) {
		if (e->fault == FAULT_NONE)
			err_set(e, FAULT_CONFIG, "expr", "%s: not a jq program", name);
		goto fail;
	}
	jq_set_error_cb(x->jq, NULL, NULL);
	return x;
fail:
	expr_free(x);
	return NULL;
}

static size_t count_lines(struct str s)
{
	size_t n = 1;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

/*
 * The line ends around the program keep a comment on its last line from taking the parenthesis with
 * it.
 */
static void enclose(struct buf *b, struct str program)
{
	buf_lit(b, "(\n");
	buf_str(b, program);
	buf_lit(b, "\n)");
}

struct expr *expr_new(const char *name, struct str program, struct err *e)
{
	struct buf b = { .max = SIZE_MAX };
	struct expr *x;

	buf_lit(&b, prelude);
	enclose(&b, program);
	buf_char(&b, '\0');
	x = compile(name, buf_get(&b), count_lines(program), e);
	buf_free(&b);
	return x;
}

/*
 * The input of a list is [index, record]; a tree of comparisons finds one of n filters in log2(n)
 * steps.
 */
static void choose(struct buf *b, const struct str *programs, size_t from, size_t to)
{
	size_t middle = from + (to - from) / 2;

	if (to - from == 1) {
		buf_lit(b, ".[1] | ");
		enclose(b, programs[from]);
		return;
	}
	buf_fmt(b, "if .[0] < %zu then ", middle);
	choose(b, programs, from, middle);
	buf_lit(b, " else ");
	choose(b, programs, middle, to);
	buf_lit(b, " end");
}

struct expr *expr_load(const char *path, struct err *e)
{
	struct arena *a = arena_new();
	struct expr *x = NULL;
	struct str program;

	if (file_read(path, EXPR_MAX_BYTES, a, &program, NULL, e) == 0)
		x = expr_new(path, program, e);
	arena_free(a);
	return x;
}

struct expr *expr_list_new(const char *name, const struct str *programs, size_t n, struct err *e)
{
	struct buf b = { .max = SIZE_MAX };
	struct expr *x;

	buf_lit(&b, prelude);
	if (n > 0)
		choose(&b, programs, 0, n);
	else
		buf_lit(&b, "empty");
	buf_char(&b, '\0');
	x = compile(name, buf_get(&b), count_lines(buf_get(&b)), e);
	buf_free(&b);
	return x;
}

void expr_free(struct expr *x)
{
	if (!x)
		return;
	if (x->jq)
		jq_teardown(&x->jq);
	buf_free(&x->out);
	free(x->name);
	free(x);
}

/* ---- values in ---- */

static jv convert(const struct json *v, unsigned depth, bool *deep)
{
	struct json_iter it = json_iter(v);
	struct str s = json_str(v);
	double d = 0;
	jv to, key;

	switch (json_type(v)) {
	case JSON_BOOL:
		return jv_bool(json_true(v));
	case JSON_NUMBER:
		json_double(v, &d);
		return jv_number(d);
	case JSON_STRING:
		return jv_string_sized(s.p, (int)s.n);
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	case JSON_NULL:
	case JSON_NONE:
		return jv_null();
	}
	if (depth == 0) {
		*deep = true;
		return jv_null();
	}
	to = it.object ? jv_object() : jv_array_sized((int)json_len(v));
	while (json_next(&it)) {
		if (!it.object) {
			to = jv_array_append(to, convert(it.value, depth - 1, deep));
			continue;
		}
		key = jv_string_sized(it.key.p, (int)it.key.n);
		/* Where a key stands twice the first counts, as everywhere else. */
		if (jv_object_has(jv_copy(to), jv_copy(key)))
			jv_free(key);
		else
			to = jv_object_set(to, key, convert(it.value, depth - 1, deep));
	}
	return to;
}

struct expr_input *expr_input_new(const struct json *root)
{
	struct expr_input *in = calloc(1, sizeof(*in));
	bool deep = false;

	if (!in)
		diag_oom();
	in->value = convert(root, EXPR_DEPTH_MAX, &deep);
	if (deep)
		in->why = "the record is nested too deep for a jq program";
	return in;
}

struct expr_input *expr_input_text(struct str text)
{
	struct arena *a = arena_new();
	struct err bad;
	const struct json *root = json_parse(text, a, &bad);
	struct expr_input *in = expr_input_new(root);

	if (!root)
		in->why = "the record is not JSON";
	arena_free(a);
	return in;
}

void expr_input_free(struct expr_input *in)
{
	if (!in)
		return;
	jv_free(in->value);
	free(in);
}

/* ---- values out ---- */

/* The shortest text that reads back as ${d}; libjq's own differs from version to version. */
static void write_number(struct buf *b, double d)
{
	char text[400];

	if (isnan(d)) {
		json_put_raw(b, STR("null"));
		return;
	}
	if (isinf(d))
		d = d < 0 ? -DBL_MAX : DBL_MAX;
	if (fabs(d) < 1e17 && d == floor(d)) {
		snprintf(text, sizeof(text), "%.0f", d);
	} else {
		for (int digits = 15; digits <= 17; digits++) {
			snprintf(text, sizeof(text), "%.*g", digits, d);
			if (!(strtod(text, NULL) < d) && !(strtod(text, NULL) > d))
				break;
		}
	}
	json_put_raw(b, str_c(text));
}

/* Strings inside libjq are always UTF-8.  Borrows ${s}. */
static struct str text_of(jv s)
{
	return (struct str){ jv_string_value(s), (size_t)jv_string_length_bytes(jv_copy(s)) };
}

static int write_value(struct buf *b, jv v, unsigned depth);

static int write_items(struct buf *b, jv v, unsigned depth)
{
	int rc = 0;

	if (jv_get_kind(v) == JV_KIND_ARRAY) {
		int n = jv_array_length(jv_copy(v));

		for (int i = 0; i < n && rc == 0; i++) {
			jv item = jv_array_get(jv_copy(v), i);

			rc = write_value(b, item, depth);
			jv_free(item);
		}
		return rc;
	}
	for (int i = jv_object_iter(v); jv_object_iter_valid(v, i) && rc == 0;
	     i = jv_object_iter_next(v, i)) {
		jv key = jv_object_iter_key(v, i), item = jv_object_iter_value(v, i);

		json_key_str(b, text_of(key));
		rc = write_value(b, item, depth);
		jv_free(key);
		jv_free(item);
	}
	return rc;
}

/* Borrows ${v}.  Return -1 if it is nested too deep or too long. */
static int write_value(struct buf *b, jv v, unsigned depth)
{
	jv_kind kind = jv_get_kind(v);

	if (b->over)
		return -1;
	switch (kind) {
	case JV_KIND_INVALID:
	case JV_KIND_NULL:
		json_put_raw(b, STR("null"));
		return 0;
	case JV_KIND_FALSE:
	case JV_KIND_TRUE:
		json_put_raw(b, kind == JV_KIND_TRUE ? STR("true") : STR("false"));
		return 0;
	case JV_KIND_NUMBER:
		write_number(b, jv_number_value(v));
		return 0;
	case JV_KIND_STRING:
		json_put_str(b, text_of(v));
		return 0;
	case JV_KIND_ARRAY:
	case JV_KIND_OBJECT:
		break;
	}
	if (depth == 0)
		return -1;
	json_open(b, kind == JV_KIND_ARRAY ? '[' : '{');
	if (write_items(b, v, depth - 1) < 0)
		return -1;
	json_close(b, kind == JV_KIND_ARRAY ? ']' : '}');
	return b->over ? -1 : 0;
}

/* ---- running ---- */

/* What ended a run: ${last} is what jq_next returned last, not valid; takes it. */
static int verdict(struct expr *x, jv last, struct err *e)
{
	jv msg;

	if (x->stopped || jq_halted(x->jq)) {
		jv_free(last);
		if (x->stopped)
			return err_set(e, FAULT_DATA, "expr-timeout", "%s: stopped after %d ms",
				       x->name, EXPR_TIME_MS);
		return err_set(e, FAULT_DATA, "expr-halted", "%s: the program halted", x->name);
	}
	if (!jv_invalid_has_msg(jv_copy(last))) {
		jv_free(last);
		return 0;
	}
	msg = jv_invalid_get_msg(last);
	buf_reset(&x->out);
	if (jv_get_kind(msg) == JV_KIND_STRING)
		buf_str(&x->out, str_c(jv_string_value(msg)));
	else
		(void)write_value(&x->out, msg, EXPR_DEPTH_MAX);
	jv_free(msg);
	return err_set(e, FAULT_DATA, "expr-failed", "%s: %.*s", x->name,
		       STR_FMT(str_utf8_cut(buf_get(&x->out), 300)));
}

int expr_run(struct expr *x, const struct expr_input *in,
	     int (*each)(void *arg, struct str json, struct err *e), void *arg, struct err *e)
{
	jv v = jv_invalid();
	int rc = 0;

	if (in->why)
		return err_set(e, FAULT_DATA, "expr-failed", "%s: %s", x->name, in->why);
	run_begin(x);
	jq_start(x->jq, jv_copy(in->value), 0);
	while (rc == 0 && jv_is_valid(v = jq_next(x->jq))) {
		buf_reset(&x->out);
		if (write_value(&x->out, v, EXPR_DEPTH_MAX) < 0)
			rc = err_set(e, FAULT_DATA, "expr-failed", "%s: a result is %s", x->name,
				     x->out.over ? "longer than a line may be" : "nested too deep");
		else
			rc = each(arg, buf_get(&x->out), e);
		jv_free(v);
	}
	run_end(x);
	return rc < 0 ? -1 : verdict(x, v, e);
}

int expr_test(struct expr *x, size_t i, const struct expr_input *in, struct err *e)
{
	bool yes;
	jv v;

	if (in->why)
		return err_set(e, FAULT_DATA, "expr-failed", "%s: %s", x->name, in->why);
	v = jv_array_append(jv_array_append(jv_array(), jv_number((double)i)), jv_copy(in->value));
	run_begin(x);
	jq_start(x->jq, v, 0);
	v = jq_next(x->jq);
	run_end(x);
	if (!jv_is_valid(v))
		return verdict(x, v, e);
	yes = jv_get_kind(v) != JV_KIND_FALSE && jv_get_kind(v) != JV_KIND_NULL;
	jv_free(v);
	return yes;
}
