/* SPDX-License-Identifier: MIT */
#include "fetch_rule.h"

#include <stdio.h>

#include "url.h"

void fetch_rule_begin(struct fetch_request *x)
{
	x->status = 0;
	x->answer = NULL;
	x->n_answer = 0;
	x->answer_body = x->final_url = STR_NONE;
	x->ms = x->first_ms = 0;
	x->http2 = x->timed_out = false;
	x->text[0] = '\0';
}

void fetch_rule_end(struct fetch_request *x, enum fetch_end end, struct str host, const char *fmt,
		    va_list ap)
{
	int n = 0;

	x->end = end;
	if (host.n > 0 && url_host_plain(host))
		n = snprintf(x->text, sizeof(x->text), "%.*s: ", (int)(host.n < 100 ? host.n : 100),
			     host.p);
	vsnprintf(x->text + n, sizeof(x->text) - (size_t)n, fmt, ap);
	for (char *p = x->text; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f)
			*p = '?';
}

static bool is_token(const char *method)
{
	size_t n = 0;

	while (method && method[n] >= 'A' && method[n] <= 'Z')
		n++;
	return n > 0 && n < 32 && method[n] == '\0';
}

static bool is_plain(struct str s)
{
	return s.n == 0 ||
	       (!memchr(s.p, '\0', s.n) && !memchr(s.p, '\r', s.n) && !memchr(s.p, '\n', s.n));
}

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f ||
		    strchr("():;,\"", s.p[i]))
			return false;
	return s.n > 0;
}

static int fail(struct fetch_request *x, struct str host, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct fetch_request *x, struct str host, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fetch_rule_end(x, FETCH_UNSENT, host, fmt, ap);
	va_end(ap);
	return -1;
}

int fetch_rule_check(struct fetch_request *x, struct str host)
{
	if (!is_token(x->method))
		return fail(x, host, "a method that HTTP can not have");
	for (size_t i = 0; i < x->n_headers; i++)
		if (!is_name(x->headers[i].name) || !is_plain(x->headers[i].value))
			return fail(x, host, "header %zu has a byte that no header may have", i + 1);
	return 0;
}
