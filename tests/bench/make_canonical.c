/* SPDX-License-Identifier: MIT */
/*
 * make_canonical N BAD: N canonical messages of some 1.2 KB as a busy system has them, the same ones
 * each time: texts, media, replies, offers with buttons, templates, contacts, orders, with a route
 * and what the carrier added.  Each BAD-th (0: none) is wrong in one of ten ways.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state = 0x9e3779b97f4a7c15u;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static unsigned below(unsigned n)
{
	return (unsigned)(next() >> 33) % n;
}

static void words(unsigned n)
{
	static const char *const list[] = { "parcel",
					    "delivery",
					    "order",
					    "today",
					    "tomorrow",
					    "thanks",
					    "when",
					    "caf\u00e9",
					    "number",
					    "is",
					    "the",
					    "for",
					    "50/50",
					    "\\n",
					    "\\\"please\\\"",
					    "\u674e\u96f7",
					    "Gr\u00fc\u00dfe",
					    "invoice",
					    "address",
					    "can you" };

	for (unsigned i = 0; i < n; i++)
		printf("%s%s", i ? " " : "", list[below(sizeof(list) / sizeof(*list))]);
}

static void uuid(const char *version)
{
	printf("%08" PRIx32 "-%04x-%s%03x-8%03x-%012" PRIx64, (uint32_t)next(), below(65536),
	       version, below(4096), below(4096), next() >> 16);
}

static void head(unsigned i, unsigned wrong)
{
	printf("{\"id\":\"");
	uuid(wrong == 1 ? "G" : "5");
	printf("\",\"kind\":\"message\",\"at\":\"2026-01-%02uT%02u:%02u:%02u.%s\",", 1 + i % 28,
	       i % 24, i % 60, below(60), wrong == 2 ? "12Z" : "125Z");
	printf("\"direction\":\"%s\",\"carrier\":\"whatsapp\",\"account\":\"20000000000%04u\",",
	       wrong == 3 ? "inn" : "in", below(9999));
	printf("\"channel\":\"whatsapp\",\"external_id\":\"wamid.HBgL%016" PRIx64 "%016" PRIx64 "\",",
	       next(), next());
	printf("\"conversation\":\"");
	uuid("5");
	printf("\",\"from\":{\"address\":%s1555%07u%s,\"name\":\"", wrong == 4 ? "" : "\"+",
	       below(9999999), wrong == 4 ? "" : "\"");
	words(2);
	printf("\"},\"to\":[{\"address\":\"+15550100%03u\"}],", below(1000));
}

static void media(unsigned wrong)
{
	printf("\"type\":\"media\",\"text\":\"");
	words(14);
	printf("\",\"%s\":[", wrong == 5 ? "medium" : "media");
	for (unsigned i = 0; i < 2; i++)
		printf("%s{\"external_id\":\"%" PRIu64 "\",\"mime\":\"image/jpeg\",\"kind\":\"image\","
		       "\"sha256\":\"%016" PRIx64 "%016" PRIx64 "%016" PRIx64 "%016" PRIx64
		       "\",\"size\":%u}",
		       i ? "," : "", next(), next(), next(), next(), next(), 10000 + below(900000));
	printf("],");
}

static void interactive(unsigned wrong)
{
	printf("\"type\":\"interactive\",\"text\":\"");
	words(20);
	printf("\",\"interactive\":{\"kind\":\"%s\",\"buttons\":[", wrong == 6 ? "" : "buttons");
	for (unsigned i = 0; i < 3; i++)
		printf("%s{\"id\":\"b%u\",\"title\":\"Choice %u\"}", i ? "," : "", i, i);
	printf("]},");
}

static void template(unsigned wrong)
{
	printf("\"type\":\"template\",\"template\":{\"name\":\"order_update\",\"language\":%s,"
	       "\"parameters\":{\"body\":[\"",
	       wrong == 7 ? "7" : "\"pt_BR\"");
	words(9);
	printf("\",\"%u\"]}},", below(100000));
}

static void reply(unsigned wrong)
{
	printf("\"type\":\"reply\",\"text\":\"Choice 1\",\"reply\":{\"kind\":\"%s\",\"id\":\"b1\","
	       "\"title\":\"Choice 1\"},\"reply_to\":\"wamid.HBgL%016" PRIx64 "\",",
	       wrong == 8 ? "knob" : "button", next());
}

static void contacts(unsigned wrong)
{
	printf("\"type\":\"contacts\",\"contacts\":[{\"name\":\"");
	words(2);
	printf("\",\"phones\":[%s],\"emails\":[\"a%u@example.com\"],\"organization\":\"Example\"}],",
	       wrong == 9 ? "1" : "\"+15550199\"", below(1000));
}

static void text(unsigned n)
{
	printf("\"type\":\"text\",\"text\":\"");
	words(n);
	printf("\",");
}

static void tail(void)
{
	printf("\"context\":{\"forwarded\":true},\"carrier_data\":{\"phone_number_id\":\"%u\",\"profile\":\"",
	       below(99999999));
	words(20 + below(30));
	printf("\",\"pricing\":{\"billable\":true,\"category\":\"service\",\"model\":\"CBP\"}},");
	printf("\"route\":{\"to\":[\"support\"],\"rule\":\"vip-customers\"},");
	printf("\"trace\":\"00-%016" PRIx64 "%016" PRIx64 "-%016" PRIx64 "-01\"}\n", next(), next(),
	       next());
}

/* Which parts there are, and in which each of the ten ways to be wrong stands: 0 is any. */
static void message(unsigned i, unsigned wrong)
{
	unsigned kind = below(10);

	if (wrong >= 5 && wrong <= 9)
		kind = (unsigned[]){ 4, 6, 7, 8, 9 }[wrong - 5];
	head(i, wrong);
	if (kind == 4 || kind == 5)
		media(wrong);
	else if (kind == 6)
		interactive(wrong);
	else if (kind == 7)
		template(wrong);
	else if (kind == 8)
		reply(wrong);
	else if (kind == 9)
		contacts(wrong);
	else
		text(25 + below(60));
	if (wrong == 10)
		printf("\"type\":\"novel\",");
	tail();
}

int main(int argc, char **argv)
{
	unsigned n, bad;

	if (argc != 3)
		return 64;
	n = (unsigned)strtoul(argv[1], NULL, 10);
	bad = (unsigned)strtoul(argv[2], NULL, 10);
	for (unsigned i = 0; i < n; i++)
		message(i, bad && i % bad == bad - 1 ? 1 + i / bad % 10 : 0);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 74;
}
