/* SPDX-License-Identifier: MIT */
/*
 * Usage: make_outbound RECORDS PEOPLE each|any messages|keys [ACCOUNTS [NUMBERS]]
 *
 * Writes outbound messages with four keys, carrier/account, from, to, from>to, each of which has PEOPLE
 * values, if there are not fewer ACCOUNTS or NUMBERS to send from.  "each" takes the people in turn, "any" at random,
 * but the same ones each time.  "keys" writes the four keys of the same records instead, with tabs
 * between them.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void message(uint64_t i, unsigned long long p, unsigned long long account, unsigned long long number)
{
	printf("{\"id\":\"0190163d-8694-739b-aea5-%012llx\",\"kind\":\"message\",\"at\":\"2026-01-14T09:00:00.000Z\","
	       "\"direction\":\"out\",\"carrier\":\"twilio\",\"account\":\"acme-%llu\",\"channel\":\"sms\","
	       "\"conversation\":\"7f0e3c1a-2f6b-5a51-9a1c-%012llx\",\"from\":{\"address\":\"+1555%07llu\"},"
	       "\"to\":[{\"address\":\"+1666%07llu\"}],\"type\":\"text\",\"category\":\"marketing\","
	       "\"text\":\"Your parcel %llu is on its way and will be with you between two and four in the "
	       "afternoon. Reply STOP to opt out.\"}\n",
	       (unsigned long long)i, account, p, number, p, (unsigned long long)i);
}

static void keys(unsigned long long p, unsigned long long account, unsigned long long number)
{
	printf("twilio/acme-%llu\t+1555%07llu\t+1666%07llu\t+1555%07llu>+1666%07llu\n", account,
	       number, p, number, p);
}

int main(int argc, char **argv)
{
	uint64_t records, people, accounts, numbers;

	if (argc < 5 || argc > 7)
		return 64;
	records = strtoull(argv[1], NULL, 10);
	people = strtoull(argv[2], NULL, 10);
	accounts = argc > 5 ? strtoull(argv[5], NULL, 10) : people;
	numbers = argc > 6 ? strtoull(argv[6], NULL, 10) : people;
	for (uint64_t i = 0; i < records; i++) {
		uint64_t p = (strcmp(argv[3], "any") == 0 ? draw() : i) % people;

		if (strcmp(argv[4], "keys") == 0)
			keys(p, p % accounts, p % numbers);
		else
			message(i, p, p % accounts, p % numbers);
	}
	return fflush(stdout) == 0 ? 0 : 74;
}
