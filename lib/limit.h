/* SPDX-License-Identifier: MIT */
/* Every size that bounds something from outside, with its reason.  Bytes unless said otherwise. */
#ifndef OMNI_LIMIT_H
#define OMNI_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)

#define LINE_DEFAULT_BYTES \
	KIB(1024) /* carriers stay well below it, but WhatsApp asks to be ready for 4 MiB */
#define LINE_MOST_BYTES MIB(64) /* a record is held in memory, some times over */
#define LINE_MAX_BYTES \
	limit_line /* a line as it enters the system: the default, or what --max-line says */

extern size_t limit_line; /* set at start, before there are threads */

#define LINE_GROWTH \
	KIB(128) /* what stages may add to such a line: their members, a reject around it */
#define LINE_KEPT \
	KIB(512) /* the start of an overlong line that its reject keeps: fits even as base64 */

#define BLOCK_BYTES \
	KIB(256) /* unit of reading, of writing and of work for one thread: fits in L2 */

#define COMMITTED_BYTES \
	MIB(1) /* of output that one commit of a stage with effects stands for, while there is input */

#define REQUEST_HEAD_MAX KIB(64) /* request line and headers together; carriers send below 4 KiB */
#define REQUEST_BODY_MAX \
	(LINE_MAX_BYTES / 1024 * 900) /* leaves room in LINE_MAX_BYTES for headers and JSON escapes */
#define REQUEST_HEADERS 100           /* headers in one request */

/* What one place in a webhook gives to each of the records made from it (names, ids of accounts): else
 * a webhook of 1 MiB with one long name and thousands of messages would become gigabytes. */
#define SHARED_MAX KIB(1)

#define SEND_KEYS \
	4 /* credentials that the API of one carrier asks for: at most a user and two secrets */
/* What omni-deliver has read of what is not sent yet; parsed it is some times as much. */
#define DELIVER_HELD_BYTES MIB(64)

#define SUBMIT_HEADERS 8  /* headers of one request to a carrier beside the usual ones */
#define SUBMIT_FIELDS  16 /* fields of a form with a file: of one that was signed before, some ten */
#define RETRY_AFTER_MOST \
	INT64_C(86400000) /* milliseconds that an answer can ask us to wait: a quota of a day ends */
#define SUBMIT_ANSWER_MAX \
	KIB(64) /* a carrier's answer to a message: below 4 KiB, error pages of proxies some 10 */

#define RESOLVE_THREADS \
	256 /* names that are looked up at once, those nobody waits for any more included: one is slow for half a minute */
#define RESOLVE_STACK KIB(256) /* getaddrinfo(3) and its modules take some 100 */

#define TLS_READ_BYTES \
	KIB(64) /* of a connection, read at once: four of the largest records of TLS */

/* HTTP/2, beside REQUEST_HEAD_MAX for the head of an answer. */
#define H2_ORIGINS \
	1024 /* servers that there are connections to: browsers name them, each is a descriptor and some 100 KiB */
#define H2_STREAMS 4096  /* requests under way on one connection, whatever the server allows */
#define H2_FRAMES  10000 /* from the server without a whole answer among them: more is a flood */
#define H2_ACKS    100   /* answers to SETTINGS and PING that a server lets us owe it */

#define SANDBOX_KEPT  100000  /* messages that omni-sandbox can still be asked about: some 50 MiB */
#define SANDBOX_SEEN  1000000 /* requests whose attempts it counts */
#define SANDBOX_MEDIA MIB(256) /* files that it keeps: two of the largest that carriers take */

#define FORM_FIELDS_MAX 1000 /* fields of one form; Twilio sends some 40 */
#define SIGN_BASE_MAX \
	KIB(1024) /* URL and sorted fields: no longer than the body that they came in */

#define CONF_MAX_BYTES MIB(4) /* a configuration file: ten thousand rules are about 2 MiB */
#define SECRET_MAX_BYTES \
	KIB(64)              /* a secret file: service-account JSON and PEM chains are below it */
#define SECRETS_PER_KEY 8    /* old and new during rotation, with room */
#define ACCOUNTS_MAX    4096 /* accounts of one carrier */

#define PACK_WINDOW_LOG \
	27 /* memory to decompress: 2^27 = 128 MiB, what zstd reads without being told */
#define ARCHIVE_FRAME_MAX \
	MIB(64) /* content of one frame of an archive: ours have 1 MiB and a line, compacted ones 4 */
#define ARCHIVE_MANIFEST_MAX MIB(256) /* a manifest: a segment a minute for a year is 200 MiB */
#define CAPTURE_MAX_BYTES    MIB(64)  /* a file of raw requests, read whole: some 60,000 of 1 KiB */

#define ZONE_MAX_BYTES KIB(64) /* a file of tzdata: the largest has some 4 KiB */
#define ROUTE_CANDIDATES \
	4096 /* accounts and numbers that one policy chooses from: each is looked at */
#define ROUTE_FALLBACKS   8       /* that a route names: who fails nine times has another problem */
#define PRICES_MAX_BYTES  MIB(64) /* a price list: a million rows are about 50 MiB */
#define CONSENT_MAX_BYTES MIB(512) /* a list of opt-outs: one million events are about 400 MiB */

#define ROUTE_NAME_MAX 64 /* name of a rule or destination; a destination becomes a file name */
#define ROUTE_MAX \
	KIB(96) /* `route` of one record, half of it for --explain: stays below LINE_GROWTH */
#define KEYWORD_MAX 64 /* a keyword of the user's own, in its normal form */

#define JOIN_LEASES \
	65536 /* leases whose shares come in by and by: more than a pipeline has in flight */
#define JOIN_BYTES   MIB(64)  /* of them and of the rejects that they wait with */
#define JOIN_KEEP_MS 86400000 /* in a file: no pipeline takes a day between two shares of a lease */

#define TEMPLATE_MAX_BYTES KIB(1) /* a key of a limit, with its places still open */
#define LIMITS_MAX         32 /* limits in one configuration: each costs a look-up for every record */
#define LIMIT_KEY_MAX      KIB(4) /* such a key filled in: addresses are far below it */

#define REC_ADDED_MAX 8 /* members that stages append to one record in one process */

#define STORE_KEY_MAX \
	KIB(1) /* an address, a conversation, a word of a record in the store: they go into indexes */
#define STORE_RECEIPTS_MAX \
	256 /* parts and recipients of a message whose receipts are told apart: each is written with all */
#define MESSAGE_TO_MAX \
	256 /* recipients of one message: each has a request of its own, and receipts of no more are told apart */
#define MESSAGE_PARTS_MAX \
	64 /* that one text may become: more is a mistake, and costs hundreds of segments */
#define STORE_REACTIONS_MAX 256    /* people whose reaction to a message is kept with it */
#define STORE_ERROR_MAX     KIB(1) /* why a message failed, as kept with it; the timeline has all */
#define STORE_EMOJI_MAX     64     /* of a reaction: the longest sequences have some 40 */

#define PUSH_DEVICES_MAX 1000  /* of one person in the store: who has more is no person */
#define PUSH_LIST_MAX    20000 /* of all people in one record: a line has room for as many */

#define MEDIA_FILE_MAX  MIB(100) /* a file of a message: documents of WhatsApp have up to 100 MB */
#define MEDIA_FILE_MOST MIB(1048576) /* that --max-size may say */

#define SNIFF_BYTES \
	KIB(64) /* of a file that are searched for what it is: the signs are in the first ones */
#define SNIFF_MEMORY_MAX \
	MIB(64) /* beyond the table: the directory of an old Word file takes some */
#define SNIFF_CPU_SECONDS \
	60 /* processor time after which the process is replaced: some 100,000 files */
#define SNIFF_TIME_MS 5000 /* one file on the clock: a text of 64 KiB takes some 7 ms */

#define IMAGE_EDGE_MAX   16384     /* pixels: a panorama of a telephone has 16,382 */
#define IMAGE_PIXELS_MAX 120000000 /* of all frames: cameras of telephones have up to 108 million */
#define IMAGE_FRAMES_MAX 1000      /* of an animation: stickers have some 50, long GIFs 300 */
#define IMAGE_MEMORY_MAX \
	MIB(512) /* that a decoder keeps at once: 48 million pixels as HEIC are 320 */
#define IMAGE_SIMPLE_MAX 24000000 /* pixels that are held at once and not in strips: 72 MB */
#define IMAGE_FILE_MAX   MIB(64)  /* an image: 4000x3000 as 16-bit PNG is below it */

#define IMAGE_TIME_MS     60000 /* one picture on the clock: the largest ones take some 5 s */
#define IMAGE_CPU_SECONDS 600   /* processor time after which a process for images is replaced */

#define TRANSCODE_MS       300000 /* one sound or film on the clock: 16 MB of film take some 30 s */
#define TRANSCODE_PROBE_MS 20000  /* looking at one */
#define TRANSCODE_TEXT_MAX KIB(64) /* what ffmpeg says; a probe some 500 bytes */
#define TRANSCODE_MEMORY_MAX \
	MIB(2048) /* beyond what the program has: 1280x720 takes some 300 MiB */

#define SHEET_ROWS_MAX  500      /* pictures of a contact sheet: some 180,000 lines of 676 pixels */
#define SHEET_BYTES_MAX MIB(384) /* its pixels, three bytes each */

#define REGEX_MATCH_LIMIT 100000 /* backtracking steps of one match: about a millisecond */
#define EXPR_MAX_BYTES    MIB(1) /* a file with a jq program */
#define EXPR_TIME_MS      1000 /* processor time of one run of a user's jq program on one record */
#define EXPR_DEPTH_MAX \
	256 /* levels of a value that goes through libjq, which recurses on the stack */
#define MATCH_DEPTH_MAX 64 /* levels of all, any and not in one condition */

#define SCHEMA_MAX_BYTES MIB(4) /* a file with a schema */
#define SCHEMA_DEPTH_MAX \
	400 /* schemas inside each other, and steps into a value: each is some 500 bytes of stack */
#define SCHEMA_STEPS_MAX \
	10000000 /* schemas met by one value: ten for each of the values that a line can hold */
#define SCHEMA_UNITS_MAX 100 /* failures that are told of one value */
#define JSON_SAME_DEPTH  400 /* levels of values that are compared: as SCHEMA_DEPTH_MAX */

#endif
