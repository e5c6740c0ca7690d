/* SPDX-License-Identifier: MIT */
/*
 * make_corpus N DIR: write N raw webhook requests, every second one of Twilio, the others of
 * WhatsApp, signed, to DIR/requests-*.http, and the configurations to DIR/omni.json (accounts) and
 * DIR/rules.json (100 rules as well). The same N gives the same bytes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "crypto.h"
#include "diag.h"
#include "form.h"

#define LEN(a) (sizeof(a) / sizeof(*(a)))

#define URL        "https://hooks.example.com"
#define ACCOUNT    "AC0123456789abcdef0123456789abcdef"
#define AUTH_TOKEN "fedcba9876543210fedcba9876543210"
#define APP_SECRET "0123456789abcdef0123456789abcdef"
#define NUMBER_ID  "200000000000002"

enum {
	FILE_BYTES = 8 << 20, /* omni-recv reads a file whole: small ones show that its memory stays flat */
	RULES = 100,
	CATCH_ALL = 92, /* from here on rules match whole kinds of records, before it hardly any */
};

/* A request body: literal text, and "$x" for what varies (put_fact). */
struct shape {
	unsigned weight;
	const char *body;
};

#define TW_IDS(prefix)                                                       \
	"&SmsMessageSid=" prefix "$s&SmsSid=" prefix "$s&MessageSid=" prefix \
	"$s&AccountSid=" ACCOUNT "&ApiVersion=2010-04-01"
#define TW_PLACES \
	"ToCountry=US&ToState=CA&ToCity=&ToZip=&FromCountry=US&FromState=NY&FromCity=NEW+YORK&FromZip=10001"
#define TW_MEDIA \
	"https%3A%2F%2Fapi.twilio.com%2F2010-04-01%2FAccounts%2F" ACCOUNT "%2FMessages%2FMM$s%2FMedia%2FME$h"
#define TW_PEOPLE "&From=%2B$u&To=%2B15550100$o"
#define TW_WA                                                                                             \
	"ProfileName=$n&WaId=$u&SmsStatus=received&NumSegments=1&ReferralNumMedia=0&Forwarded=false"      \
	"&FrequentlyForwarded=false&From=whatsapp%3A%2B$u&To=whatsapp%3A%2B15550100$o"                    \
	"&ChannelMetadata=%7B%22type%22%3A%22whatsapp%22%2C%22data%22%3A%7B%22context%22%3A%7B%22WaId%22" \
	"%3A%22$u%22%7D%7D%7D"
#define TW_REPLY \
	"&OriginalRepliedMessageSender=whatsapp%3A%2B15550100$o&OriginalRepliedMessageSid=SM$h"
#define TW_STATUS(word) "SmsStatus=" word "&MessageStatus=" word TW_IDS("SM")

static const struct shape twilio[] = {
	{ 30, TW_PLACES "&SmsStatus=received&NumMedia=0&NumSegments=2&Body=$t" TW_PEOPLE TW_IDS("SM") },
	{ 2, TW_PLACES
	  "&SmsStatus=received&NumMedia=0&NumSegments=1&Body=Stop&OptOutType=STOP" TW_PEOPLE TW_IDS("SM") },
	{ 8, TW_PLACES "&SmsStatus=received&NumMedia=1&MediaContentType0=image%2Fjpeg&MediaUrl0=" TW_MEDIA
		       "&NumSegments=1&Body=$t" TW_PEOPLE TW_IDS("MM") },
	{ 4, "ToCountry=US&SmsStatus=received&NumMedia=2&MediaContentType0=image%2Fjpeg&MediaUrl0=" TW_MEDIA
	     "&MediaContentType1=video%2Fmp4&MediaUrl1=" TW_MEDIA
	     "1&NumSegments=1&Body=" TW_PEOPLE TW_IDS("MM") },
	{ 20, TW_WA "&MessageType=text&NumMedia=0&Body=$t" TW_IDS("SM") },
	{ 4, TW_WA "&MessageType=image&NumMedia=1&MediaContentType0=image%2Fjpeg&MediaUrl0=" TW_MEDIA
		   "&Body=$t" TW_IDS("MM") },
	{ 2, TW_WA "&MessageType=audio&NumMedia=1&MediaContentType0=audio%2Fogg&MediaUrl0=" TW_MEDIA
		   "&Body=" TW_IDS("MM") },
	{ 2, TW_WA
	  "&MessageType=location&NumMedia=0&Latitude=52.37$g&Longitude=4.89$g&Address=Dam+1&Label=Palace&Body=" TW_IDS(
		  "SM") },
	{ 4, TW_WA TW_REPLY
	  "&MessageType=button&NumMedia=0&Body=Confirm&ButtonText=Confirm&ButtonPayload=confirm_$g" TW_IDS(
		  "SM") },
	{ 2, TW_WA TW_REPLY
	  "&MessageType=interactive&NumMedia=0&Body=Tomorrow&ListTitle=Tomorrow&ListId=row_$g" TW_IDS("SM") },
	{ 6, TW_STATUS("sent") "&From=%2B15550100$o&To=%2B$u" },
	{ 8, TW_STATUS("delivered") "&From=%2B15550100$o&To=%2B$u&RawDlrDoneDate=2601021530" },
	{ 2, TW_STATUS("undelivered") "&ErrorCode=30007&From=%2B15550100$o&To=%2B$u&RawDlrDoneDate=2601021530" },
	{ 6, TW_STATUS("read") "&EventType=READ&ChannelPrefix=whatsapp&ChannelToAddress=%2B$u&From=whatsapp%3A%2B15550100$o"
			       "&To=whatsapp%3A%2B$u&ChannelInstallSid=XE$h" },
};

#define WA_HEAD                                                                                         \
	"{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"100000000000001\",\"changes\":" \
	"[{\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{\"display_phone_number\":"       \
	"\"15550100000\",\"phone_number_id\":\"" NUMBER_ID "\"},"
#define WA_TAIL "]},\"field\":\"messages\"}]}]}"
#define WA_MESSAGE \
	WA_HEAD "\"contacts\":[{\"profile\":{\"name\":\"$n\"},\"wa_id\":\"$u\"}],\"messages\":[{" WA_FROM
#define WA_FROM    "\"from\":\"$u\",\"id\":\"wamid.HBgL$s\",\"timestamp\":\"$d\","
#define WA_CONTEXT "\"context\":{\"from\":\"15550100000\",\"id\":\"wamid.HBgL$h\"},"
#define WA_STATUS(word)                                                     \
	WA_HEAD "\"statuses\":[{\"id\":\"wamid.HBgL$s\",\"status\":\"" word \
		"\",\"timestamp\":\"$d\",\"recipient_id\":\"$u\""
#define WA_PRICING                                                                                            \
	",\"conversation\":{\"id\":\"$h\",\"origin\":{\"type\":\"utility\"}},\"pricing\":{\"billable\":true," \
	"\"pricing_model\":\"PMP\",\"category\":\"utility\",\"type\":\"regular\"}"

static const struct shape whatsapp[] = {
	{ 36, WA_MESSAGE "\"type\":\"text\",\"text\":{\"body\":\"$t\"}}" WA_TAIL },
	{ 8, WA_MESSAGE WA_CONTEXT "\"type\":\"text\",\"text\":{\"body\":\"$t\"}}" WA_TAIL },
	{ 8, WA_MESSAGE "\"type\":\"image\",\"image\":{\"caption\":\"$t\",\"mime_type\":\"image\\/jpeg\",\"sha256\":\"$k\","
			"\"id\":\"3000000000$g\"}}" WA_TAIL },
	{ 4, WA_MESSAGE "\"type\":\"audio\",\"audio\":{\"mime_type\":\"audio\\/ogg; codecs=opus\",\"sha256\":\"$k\","
			"\"id\":\"3000000000$g\",\"voice\":true}}" WA_TAIL },
	{ 3, WA_MESSAGE "\"type\":\"document\",\"document\":{\"filename\":\"bill $g.pdf\",\"mime_type\":\"application\\/pdf\","
			"\"sha256\":\"$k\",\"id\":\"3000000000$g\"}}" WA_TAIL },
	{ 6, WA_MESSAGE WA_CONTEXT
	  "\"type\":\"interactive\",\"interactive\":{\"type\":\"button_reply\",\"button_reply\":"
	  "{\"id\":\"yes_$g\",\"title\":\"Yes, please\"}}}" WA_TAIL },
	{ 5, WA_MESSAGE WA_CONTEXT
	  "\"type\":\"interactive\",\"interactive\":{\"type\":\"list_reply\",\"list_reply\":"
	  "{\"id\":\"row_$g\",\"title\":\"Tomorrow\",\"description\":\"10:00\"}}}" WA_TAIL },
	{ 2, WA_MESSAGE "\"type\":\"location\",\"location\":{\"latitude\":52.37$g,\"longitude\":4.89$g,\"name\":\"Palace\","
			"\"address\":\"Dam 1\"}}" WA_TAIL },
	{ 2, WA_MESSAGE
	  "\"type\":\"reaction\",\"reaction\":{\"message_id\":\"wamid.HBgL$h\",\"emoji\":\"\\ud83d\\udc4d\"}}" WA_TAIL },
	{ 6, WA_STATUS("sent") WA_PRICING "}" WA_TAIL },
	{ 10, WA_STATUS("delivered") WA_PRICING "}" WA_TAIL },
	{ 4, WA_STATUS("read") "},{\"id\":\"wamid.HBgL$h\",\"status\":\"read\",\"timestamp\":\"$d\",\"recipient_id\":\"$u\"}" WA_TAIL },
	{ 4, WA_STATUS("read") "}" WA_TAIL },
	{ 2, WA_STATUS("failed") ",\"errors\":[{\"code\":131047,\"title\":\"Re-engagement message\",\"message\":"
				 "\"Re-engagement message\",\"error_data\":{\"details\":\"Window closed, use a template.\"}}]}" WA_TAIL },
};

static const char *const names[] = {
	"Ana P.", "John Smith", "Zo\xc3\xab", "Mehmet", "\xe6\x9d\x8e\xe9\x9b\xb7", "Jos\xc3\xa9 \xc3\x81lvarez"
};
static const char *const words[] = {
	"the",      "order", "for",         "tomorrow", "please",
	"parcel",   "at",    "caf\xc3\xa9", "50/50",    "\"today\"",
	"is",       "about", "thanks",      "when",     "\xf0\x9f\x91\x8d",
	"can",      "you",   "number",      "#4711",    "it's",
	"delivery", "\n",
};

struct corpus {
	uint64_t random;
	char id[33], other[33], user[12];
	uint64_t number; /* of the request */
	bool form, utf8; /* how text is escaped */
	struct arena *arena;
	struct mac *twilio, *whatsapp;
	struct buf text, body;
};

/* splitmix64 */
static uint64_t next(struct corpus *c)
{
	uint64_t z = c->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint64_t below(struct corpus *c, uint64_t n)
{
	return next(c) % n;
}

/* JSON as Meta writes it: "/" and all beyond ASCII escaped, or not the latter. */
static void put_json(struct buf *b, struct str s, bool utf8)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		unsigned size = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4, point = c & (0x7fu >> size);

		if (c == '/' || c == '"') {
			buf_fmt(b, "\\%c", c);
		} else if (c == '\n') {
			buf_lit(b, "\\n");
		} else if (c < 0x80 || utf8) {
			buf_char(b, (char)c);
		} else {
			for (unsigned k = 1; k < size; k++)
				point = point << 6 | ((unsigned char)s.p[i + k] & 0x3f);
			if (point > 0xffff)
				buf_fmt(b, "\\u%04x\\u%04x", 0xd800 + ((point - 0x10000) >> 10),
					0xdc00 + ((point - 0x10000) & 0x3ff));
			else
				buf_fmt(b, "\\u%04x", point);
			i += size - 1;
		}
	}
}

/* Escaped as it must be where it goes; in forms Twilio writes a space as "+". */
static void put_text(struct corpus *c, struct str s)
{
	while (c->form && s.n > 0) {
		size_t n = str_find(s, ' ');

		form_escape(&c->body, str_sub(s, 0, n));
		if (n < s.n)
			buf_char(&c->body, '+');
		s = str_sub(s, n + 1, s.n);
	}
	put_json(&c->body, s, c->utf8);
}

/* Five to thirty words. */
static struct str sentence(struct corpus *c)
{
	buf_reset(&c->text);
	for (uint64_t n = 5 + below(c, 26); n > 0; n--) {
		buf_str(&c->text, str_c(words[below(c, LEN(words))]));
		if (n > 1)
			buf_char(&c->text, ' ');
	}
	return buf_get(&c->text);
}

static void put_digest(struct corpus *c)
{
	uint64_t bytes[4] = { next(c), next(c), next(c), next(c) };

	put_text(c, base64_of(c->arena, (struct str){ (const char *)bytes, sizeof(bytes) }));
}

static void put_fact(struct corpus *c, char name)
{
	switch (name) {
	case 's': /* the id of the message */
		buf_str(&c->body, str_c(c->id));
		break;
	case 'h': /* another id */
		buf_str(&c->body, str_c(c->other));
		break;
	case 'u': /* the user's number */
		buf_str(&c->body, str_c(c->user));
		break;
	case 'o': /* the end of our number */
		buf_fmt(&c->body, "%03u", (unsigned)below(c, 64));
		break;
	case 'g': /* five digits, the last of them not 0 */
		buf_fmt(&c->body, "%05u", (unsigned)(below(c, 9999) * 10 + 1 + below(c, 9)));
		break;
	case 'd': /* a time */
		buf_u64(&c->body, 1767225600 + c->number / 16);
		break;
	case 'n':
		put_text(c, str_c(names[below(c, LEN(names))]));
		break;
	case 't':
		put_text(c, sentence(c));
		break;
	default: /* 'k' */
		put_digest(c);
	}
}

static void make_body(struct corpus *c, const struct shape *shapes)
{
	uint64_t pick = below(c, 100);
	const char *p;

	snprintf(c->id, sizeof(c->id), "%016llx%016llx", (unsigned long long)next(c),
		 (unsigned long long)next(c));
	snprintf(c->other, sizeof(c->other), "%016llx%016llx", (unsigned long long)next(c),
		 (unsigned long long)next(c));
	snprintf(c->user, sizeof(c->user), "1555%07u", (unsigned)below(c, 10000000));
	c->utf8 = below(c, 8) == 0;
	for (; pick >= shapes->weight; shapes++)
		pick -= shapes->weight;
	buf_reset(&c->body);
	for (p = shapes->body; *p; p++) {
		if (*p == '$')
			put_fact(c, *++p);
		else
			buf_char(&c->body, *p);
	}
}

static int by_name(const void *x, const void *y)
{
	return str_cmp(((const struct field *)x)->name, ((const struct field *)y)->name);
}

static struct str sign_twilio(struct corpus *c)
{
	unsigned char digest[HASH_MAX];
	struct str parts[2];
	struct form form;
	struct err e;
	size_t n;

	if (form_decode(buf_get(&c->body), c->arena, &form, &e) < 0)
		return STR_NONE;
	qsort(form.fields, form.n, sizeof(*form.fields), by_name);
	buf_reset(&c->text);
	for (size_t i = 0; i < form.n; i++) {
		buf_str(&c->text, form.fields[i].name);
		buf_str(&c->text, form.fields[i].value);
	}
	parts[0] = STR(URL "/webhooks/twilio");
	parts[1] = buf_get(&c->text);
	n = mac_of(c->twilio, parts, 2, digest);
	return base64_of(c->arena, (struct str){ (const char *)digest, n });
}

static struct str sign_whatsapp(struct corpus *c)
{
	unsigned char digest[HASH_MAX];
	struct str body = buf_get(&c->body);
	size_t n = mac_of(c->whatsapp, &body, 1, digest);

	return hex_of(c->arena, (struct str){ (const char *)digest, n });
}

static void write_request(struct corpus *c, FILE *f)
{
	c->form = c->number % 2 == 0;
	make_body(c, c->form ? twilio : whatsapp);
	arena_reset(c->arena);
	if (c->form)
		fprintf(f,
			"POST /webhooks/twilio HTTP/1.1\r\nHost: hooks.example.com\r\nUser-Agent: TwilioProxy/1.1\r\n"
			"Content-Length: %zu\r\nContent-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
			"I-Twilio-Idempotency-Token: %.8s-%.4s-4%.3s-8%.3s-%.12s\r\nX-Twilio-Signature: %.*s\r\n\r\n",
			c->body.n, c->id, c->id + 8, c->id + 12, c->id + 15, c->id + 18,
			STR_FMT(sign_twilio(c)));
	else
		fprintf(f,
			"POST /webhooks/whatsapp HTTP/1.1\r\nHost: hooks.example.com\r\nUser-Agent: facebookexternalua\r\n"
			"Content-Length: %zu\r\nContent-Type: application/json\r\nX-Hub-Signature-256: sha256=%.*s\r\n\r\n",
			c->body.n, STR_FMT(sign_whatsapp(c)));
	fwrite(c->body.p, 1, c->body.n, f);
}

static FILE *create(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f) {
		diag_error("%s: %s", path, strerror(errno));
		exit(EXIT_IO);
	}
	return f;
}

static void finish(FILE *f)
{
	if (ferror(f) | (fclose(f) != 0)) {
		diag_error("writing failed: %s", strerror(errno));
		exit(EXIT_IO);
	}
}

/*
 * Rules of all kinds that match one record in some hundred together, then those that match what is
 * left.
 */
static void write_rule(FILE *f, unsigned i)
{
	static const char *const rare[] = {
		"{\"eq\":{\"channel\":\"sms\",\"/to/0/address\":\"+1999000%04u\"}}",
		"{\"in\":{\"account\":[\"acme\",\"shop-%u\",\"" NUMBER_ID
		"9\"],\"direction\":[\"in\",\"out\"]}}",
		"{\"prefix\":{\"/from/address\":[\"+44%02u\",\"+3%02u\"]}}",
		"{\"suffix\":{\"/from/address\":\"0%03u\"}}",
		"{\"all\":[{\"exists\":[\"/reply/id\",\"text\"]},{\"prefix\":{\"/reply/id\":\"row_000%02u\"}}]}",
		"{\"range\":{\"/rank\":{\"above\":4,\"below\":6}},\"suffix\":{\"recipient\":\"%04u\"}}",
		"{\"any\":[{\"eq\":{\"/location/name\":\"Shop %u\"}},{\"not\":{\"exists\":\"kind\"}}]}",
		"{\"regex\":{\"text\":\"^(re|fwd): .* #%u$\"}}",
		"{\"eq\":{\"kind\":\"event\"},\"in\":{\"event\":[\"typing\",\"read-%u\"]}}",
		"{\"all\":[{\"eq\":{\"type\":\"media\"}},{\"suffix\":{\"/media/0/name\":\"%u.exe\"}}]}",
	};
	static const char *const common[] = {
		"{\"eq\":{\"kind\":\"status\"},\"in\":{\"status\":[\"failed\",\"undelivered\"]}}",
		"{\"eq\":{\"kind\":\"status\"}}",
		"{\"exists\":\"/reply/id\"}",
		"{\"eq\":{\"type\":\"media\"},\"in\":{\"/media/0/kind\":[\"voice\",\"audio\"]}}",
		"{\"eq\":{\"type\":\"media\"}}",
		"{\"regex\":{\"text\":\"(?i)\\\\border\\\\b\"}}",
		"{\"in\":{\"channel\":[\"sms\",\"mms\"]}}",
		"{\"exists\":\"kind\"}",
	};

	fprintf(f, "%s\n\t\t{ \"when\": ", i > 0 ? "," : "");
	if (i >= CATCH_ALL) {
		fputs(common[i - CATCH_ALL], f);
	} else {
		for (const char *p = rare[i % LEN(rare)]; *p; p++) { /* the one format is "%0Nu" or "%u" */
			if (*p != '%') {
				fputc(*p, f);
				continue;
			}
			fprintf(f, "%0*u", p[1] == '0' ? p[2] - '0' : 1, i);
			p += p[1] == '0' ? 3 : 1;
		}
	}
	fprintf(f, ", \"to\": \"desk-%u\" }", i % 16);
}

static void write_conf(const char *dir, const char *name, unsigned rules)
{
	FILE *f = create(dir, name);

	fprintf(f, "{\n\t\"public_url\": \"" URL "\",\n\t\"carriers\": {\n"
		   "\t\t\"twilio\": { \"account_sid\": \"" ACCOUNT "\", \"auth_token\": \"" AUTH_TOKEN "\" },\n"
		   "\t\t\"whatsapp\": { \"phone_number_id\": \"" NUMBER_ID
		   "\", \"app_secret\": \"" APP_SECRET "\" }\n\t}");
	if (rules > 0)
		fputs(",\n\t\"routes\": [", f);
	for (unsigned i = 0; i < rules; i++)
		write_rule(f, i);
	fputs(rules > 0 ? "\n\t]\n}\n" : "\n}\n", f);
	finish(f);
}

int main(int argc, char **argv)
{
	struct corpus c = { .text = { .max = SIZE_MAX }, .body = { .max = SIZE_MAX } };
	unsigned file = 0;
	uint64_t n;
	FILE *f = NULL;
	char name[40];

	diag_init("make_corpus");
	umask(077); /* the configurations hold secrets, such as they are */
	if (argc != 3 || str_u64(str_c(argv[1]), &n) < 0) {
		fprintf(stderr, "usage: make_corpus N DIR\n");
		return EXIT_USAGE;
	}
	c.arena = arena_new();
	c.twilio = mac_new(HASH_SHA1, STR(AUTH_TOKEN));
	c.whatsapp = mac_new(HASH_SHA256, STR(APP_SECRET));
	for (; c.number < n; c.number++) {
		if (!f) {
			snprintf(name, sizeof(name), "requests-%03u.http", file++);
			f = create(argv[2], name);
		}
		write_request(&c, f);
		if (ftell(f) >= FILE_BYTES || c.number + 1 == n) {
			finish(f);
			f = NULL;
		}
	}
	write_conf(argv[2], "omni.json", 0);
	write_conf(argv[2], "rules.json", RULES);
	mac_free(c.twilio);
	mac_free(c.whatsapp);
	arena_free(c.arena);
	buf_free(&c.text);
	buf_free(&c.body);
	return EXIT_OK;
}
