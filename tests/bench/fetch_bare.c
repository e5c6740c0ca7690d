/* SPDX-License-Identifier: MIT */
/*
 * Usage: fetch_bare URL REQUESTS IN_FLIGHT [BODY_BYTES]
 *
 * What libcurl itself does: one loop of curl_multi_poll, as many requests in flight, GET or a POST of so many bytes.
 * Prints the requests a second; exit 1 if one of them was not answered 2xx.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t throw_away(char *p, size_t size, size_t n, void *own)
{
	(void)p, (void)own;
	return size * n;
}

static CURL *prepare(const char *url, struct curl_slist *headers, const char *body, long size)
{
	CURL *c = curl_easy_init();

	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, throw_away);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	if (getenv("CA"))
		curl_easy_setopt(c, CURLOPT_CAINFO, getenv("CA"));
	if (size > 0) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, size);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
	}
	return c;
}

int main(int argc, char **argv)
{
	long n = argc > 3 ? atol(argv[2]) : 0, flight = argc > 3 ? atol(argv[3]) : 0;
	long size = argc > 4 ? atol(argv[4]) : 0, started, done = 0, bad = 0;
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
	char *body = calloc(1, (size_t)size + 1);
	CURLM *m = curl_multi_init();
	double start = now();

	if (n <= 0 || flight <= 0 || !body)
		return 64;
	curl_multi_setopt(m, CURLMOPT_MAX_HOST_CONNECTIONS, flight);
	memset(body, 'x', (size_t)size);
	for (started = 0; started < flight && started < n; started++)
		curl_multi_add_handle(m, prepare(argv[1], headers, body, size));
	while (done < n) {
		int running, left;
		CURLMsg *msg;

		curl_multi_perform(m, &running);
		while ((msg = curl_multi_info_read(m, &left))) {
			CURL *c = msg->easy_handle;
			long status = 0;

			curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
			bad += msg->data.result != CURLE_OK || status / 100 != 2;
			curl_multi_remove_handle(m, c);
			done++;
			if (started < n) {
				curl_multi_add_handle(m, c);
				started++;
			} else {
				curl_easy_cleanup(c);
			}
		}
		if (done < n)
			curl_multi_poll(m, NULL, 0, 1000, NULL);
	}
	printf("%.0f\n", (double)n / (now() - start));
	curl_multi_cleanup(m);
	curl_slist_free_all(headers);
	free(body);
	return bad > 0;
}
