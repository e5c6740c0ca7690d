/* SPDX-License-Identifier: MIT */
/* The formats of JSON Schema (validation vocabulary, 7.3), and our own: "e164" and "bcp47". */
#ifndef OMNI_FORMAT_H
#define OMNI_FORMAT_H

#include "bytes.h"

struct format {
	struct str name;
	bool (*valid)(struct str s); /* ${s} is UTF-8 */
};

/* The format ${name}, or NULL. */
const struct format *format_find(struct str name);

/* The checks by themselves. */
bool format_date_time(struct str s); /* RFC 3339 */
bool format_date(struct str s);
bool format_time(struct str s);
bool format_duration(struct str s); /* RFC 3339, appendix A */
bool format_email(struct str s);    /* RFC 5321, 4.1.2 */
bool format_idn_email(struct str s);
bool format_hostname(struct str s); /* RFC 1123 */
bool format_idn_hostname(struct str s);
bool format_ipv4(struct str s);
bool format_ipv6(struct str s);

#endif
