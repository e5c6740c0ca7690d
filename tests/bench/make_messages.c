/* SPDX-License-Identifier: MIT */
/*
 * Usage: make_messages RECORDS CONVERSATIONS [RECEIPTS]
 *
 * Writes canonical messages of some 1 KB, the same ones each time: CONVERSATIONS people write to one
 * number and are answered, in a random order; texts are drawn from 20,000 words of which few are
 * frequent, as in any language.  RECEIPTS percent of the records are receipts for earlier answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "id.h"

enum { WORDS = 20000, BACK = 4096 };

static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* A word by its rank: most draws give low ones. */
static void word(char *out, size_t size)
{
	static const char *const parts[] = { "ka", "re",  "lo",  "mi", "tan", "so",  "ver", "del",
					     "in", "por", "est", "ag", "um",  "ori", "ne",  "ys" };
	unsigned rank = (unsigned)(WORDS / (1 + draw() % WORDS)) + (unsigned)(draw() % 8);
	size_t n = 0;

	if (draw() % 4 == 0)
		rank = (unsigned)(draw() % WORDS);
	do {
		n += (size_t)snprintf(out + n, size - n, "%s", parts[rank % 16]);
		rank /= 16;
	} while (rank && n + 4 < size);
}

static void text(char *out, size_t size)
{
	unsigned words = 6 + (unsigned)(draw() % 24);
	size_t n = 0;

	for (unsigned i = 0; i < words && n + 24 < size; i++) {
		if (i)
			out[n++] = ' ';
		word(out + n, 20);
		n += strlen(out + n);
	}
	out[n] = '\0';
}

static void time_text(char out[32], uint64_t i)
{
	uint64_t s = i / 50; /* fifty a second from midnight on */

	snprintf(out, 32, "2026-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)(1 + s / 2419200 % 12),
		 (unsigned)(1 + s / 86400 % 28), (unsigned)(s / 3600 % 24), (unsigned)(s / 60 % 60),
		 (unsigned)(s % 60), (unsigned)(i % 50 * 20));
}

static void message(uint64_t i, uint64_t person, bool out)
{
	char external[48], peer[32], at[32], words[512], sink[1024];
	struct id id, talk;
	const char *us = "+15550100000";
	int n;

	snprintf(external, sizeof(external), "SM%032llx", (unsigned long long)i);
	snprintf(peer, sizeof(peer), "+1555%07llu", (unsigned long long)person);
	id = id_derive((struct str[]){ STR("twilio"), STR("AC1"), str_c(external) }, 3);
	talk = id_derive((struct str[]){ STR("sms"), str_c(us), str_c(peer) }, 3);
	time_text(at, i);
	text(words, sizeof(words));
	n = snprintf(sink, sizeof(sink),
		     "{\"id\":\"%s\",\"kind\":\"message\",\"at\":\"%s\",\"direction\":\"%s\",\"carrier\":\"twilio\","
		     "\"account\":\"AC1\",\"channel\":\"sms\",\"external_id\":\"%s\",\"conversation\":\"%s\","
		     "\"from\":{\"address\":\"%s\"},\"to\":[{\"address\":\"%s\"}],\"type\":\"text\",\"text\":\"%s\"",
		     id.text, at, out ? "out" : "in", external, talk.text, out ? us : peer,
		     out ? peer : us, words);
	printf("%s,\"carrier_data\":{\"pad\":\"%.*s\"},\"trace\":\"00-019bbbbb00007000%016llx-8000000000000001-01\","
	       "\"route\":{\"rule\":\"all\",\"to\":[\"support\"]}}\n",
	       sink, n < 840 ? 840 - n : 0,
	       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	       (unsigned long long)i);
}

static void receipt(uint64_t i, uint64_t of, uint64_t person, const char *word, int rank)
{
	char external[48], at[32];
	struct id id;

	snprintf(external, sizeof(external), "SM%032llx", (unsigned long long)of);
	id = id_derive((struct str[]){ STR("twilio"), STR("AC1"), str_c(external), STR("status"),
				       str_c(word) },
		       5);
	time_text(at, i);
	printf("{\"id\":\"%s\",\"kind\":\"status\",\"at\":\"%s\",\"direction\":\"out\",\"carrier\":\"twilio\","
	       "\"account\":\"AC1\",\"channel\":\"sms\",\"external_id\":\"%s\",\"status\":\"%s\",\"rank\":%d,"
	       "\"recipient\":\"+1555%07llu\"}\n",
	       id.text, at, external, word, rank, (unsigned long long)person);
}

int main(int argc, char **argv)
{
	static struct {
		uint64_t i, person, told;
	} sent[BACK];
	uint64_t records, people, receipts, n_sent = 0;

	if (argc < 3)
		return 64;
	records = strtoull(argv[1], NULL, 10);
	people = strtoull(argv[2], NULL, 10);
	receipts = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	for (uint64_t i = 0; i < records; i++) {
		uint64_t k = draw() % BACK, person = draw() % people;
		bool out = draw() % 2 == 0;

		if (draw() % 100 < receipts && k < n_sent && sent[k].told < 2) {
			receipt(i, sent[k].i, sent[k].person, sent[k].told ? "delivered" : "sent",
				sent[k].told ? 5 : 4);
			sent[k].told++;
			continue;
		}
		message(i, person, out);
		if (!out)
			continue;
		sent[n_sent % BACK].i = i;
		sent[n_sent % BACK].person = person;
		sent[n_sent % BACK].told = 0;
		n_sent++;
	}
	return 0;
}
