/* SPDX-License-Identifier: MIT */
/*
 * push_multi BASE CA N DEVICES WINDOW <BODY: the least that libcurl can do for N notifications: one connection over HTTP/2,
 * WINDOW requests on their way, the same body and headers for each but for apns-id and the device.  Prints how many were
 * answered with 200.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

enum { BODY_MAX = 8192, HEADERS_FIXED = 6 };

struct flight {
	CURL *easy;
	char url[256], id[64];
	struct curl_slist headers[HEADERS_FIXED + 2];
};

struct load {
	const char *base, *ca;
	long n, started, devices;
	char body[BODY_MAX];
	size_t body_n;
};

static size_t swallow(char *p, size_t size, size_t n, void *own)
{
	(void)p;
	(void)own;
	return size * n;
}

static void start(CURLM *m, struct flight *f, struct load *l)
{
	snprintf(f->url, sizeof(f->url), "%s/3/device/%ld", l->base, l->started % l->devices);
	snprintf(f->id, sizeof(f->id), "apns-id: 0198c0de-0000-7000-8000-%012ld", l->started++);
	curl_easy_setopt(f->easy, CURLOPT_URL, f->url);
	curl_multi_add_handle(m, f->easy);
}

static void make(struct flight *f, const struct load *l, char *token)
{
	static char type[] = "apns-push-type: alert", topic[] = "apns-topic: com.example.app",
		    priority[] = "apns-priority: 10", json[] = "content-type: application/json";
	char *const fixed[] = { f->id, type, topic, priority, json, token };

	for (size_t i = 0; i < HEADERS_FIXED; i++)
		f->headers[i] = (struct curl_slist){ fixed[i],
						     i + 1 < HEADERS_FIXED ? &f->headers[i + 1] : NULL };
	f->easy = curl_easy_init();
	curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->headers);
	curl_easy_setopt(f->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(f->easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(f->easy, CURLOPT_CAINFO, l->ca);
	curl_easy_setopt(f->easy, CURLOPT_POSTFIELDS, l->body);
	curl_easy_setopt(f->easy, CURLOPT_POSTFIELDSIZE, (long)l->body_n);
	curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, swallow);
	curl_easy_setopt(f->easy, CURLOPT_PRIVATE, f);
}

static long run(CURLM *m, struct load *l)
{
	long good = 0;
	int running = 1, left;

	while (running > 0) {
		CURLMsg *msg;

		curl_multi_perform(m, &running);
		while ((msg = curl_multi_info_read(m, &left))) {
			struct flight *f;
			long status = 0;

			if (msg->msg != CURLMSG_DONE)
				continue;
			curl_easy_getinfo(msg->easy_handle, CURLINFO_RESPONSE_CODE, &status);
			curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&f);
			good += status == 200;
			curl_multi_remove_handle(m, f->easy);
			if (l->started < l->n) {
				start(m, f, l);
				running++;
			}
		}
		if (running > 0)
			curl_multi_poll(m, NULL, 0, 1000, NULL);
	}
	return good;
}

int main(int argc, char **argv)
{
	static char token[512] = "authorization: bearer ";
	struct load l = { 0 };
	struct flight *flights;
	long window;
	CURLM *m;

	if (argc != 6)
		return 64;
	l.base = argv[1];
	l.ca = argv[2];
	l.n = atol(argv[3]);
	l.devices = atol(argv[4]);
	window = atol(argv[5]);
	l.body_n = fread(l.body, 1, sizeof(l.body), stdin);
	memset(token + strlen(token), 'x', 220); /* as long as a token of Apple's */
	flights = calloc((size_t)window, sizeof(*flights));
	curl_global_init(CURL_GLOBAL_DEFAULT);
	m = curl_multi_init();
	if (!flights || !m)
		return 71;
	curl_multi_setopt(m, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
	curl_multi_setopt(m, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
	curl_multi_setopt(m, CURLMOPT_MAX_CONCURRENT_STREAMS, window);
	for (long i = 0; i < window && l.started < l.n; i++) {
		make(&flights[i], &l, token);
		start(m, &flights[i], &l);
	}
	printf("%ld\n", run(m, &l));
	return 0;
}
