/* SPDX-License-Identifier: MIT */
#include "push_list.h"

#include "limit.h"

static void add(struct push_list *l, struct arena *a, struct push_aim aim)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 4;

		l->aims = arena_resize(a, l->aims, l->cap * sizeof(*l->aims), cap * sizeof(*l->aims));
		l->cap = cap;
	}
	l->aims[l->n++] = aim;
}

static struct str address_of(const struct json *party)
{
	return json_is(party, JSON_OBJECT) ? json_get_str(party, "address") : json_str(party);
}

/* Whether ${party} names a device itself. */
static bool is_device(const struct json *party)
{
	struct str address = address_of(party);

	return json_get(party, "platform") || json_get(party, "endpoint") ||
	       push_device_platform(str_sub(address, 0, str_find(address, ':'))) >= 0;
}

/* An address of which the store knows nothing may be a token, where a carrier says whose. */
static bool is_token(const struct json *party, const struct rec *r)
{
	int platform = push_device_platform(push_carrier(r));

	return platform >= 0 && push_device_plain((enum push_platform)platform, address_of(party));
}

static int add_person(struct push_list *l, const struct json *party, const struct rec *r,
		      struct store *store, struct err *e)
{
	struct str address = address_of(party), *devices;
	struct err why;
	size_t n;

	if (store_devices(store, address, PUSH_DEVICES_MAX + 1, r->arena, &devices, &n, e) < 0)
		return -1;
	if (n > PUSH_DEVICES_MAX)
		return err_set(e, FAULT_DATA, "too-many-devices",
			       "\"%.*s\" has more than %d devices: for so many there are topics",
			       STR_FMT(str_utf8_cut(address, 64)), PUSH_DEVICES_MAX);
	if (l->n + n > PUSH_LIST_MAX)
		return err_set(e, FAULT_DATA, "too-many-devices",
			       "its recipients have more than %d devices: split it", PUSH_LIST_MAX);
	for (size_t i = 0; i < n; i++)
		add(l, r->arena, (struct push_aim){ party, json_parse(devices[i], r->arena, &why) });
	if (n == 0)
		add(l, r->arena, (struct push_aim){ party, is_token(party, r) ? party : NULL });
	return 0;
}

int push_list_read(struct push_list *l, const struct rec *r, struct store *store, struct err *e)
{
	bool people = store && !rec_get(r, "devices"), any = false;

	*l = (struct push_list){ .n = 0 };
	for (struct json_iter it = json_iter(push_devices(r)); json_next(&it);) {
		if (!people || is_device(it.value))
			add(l, r->arena, (struct push_aim){ it.value, it.value });
		else if (add_person(l, it.value, r, store, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < l->n && !any; i++)
		any = l->aims[i].device != NULL;
	if (any)
		return 0;
	return err_set(e, FAULT_DATA, "no-devices",
		       l->n > 0 ? "the store knows no device of its recipients" :
				  "it names no device: `devices` or `to` must have at least one");
}

int push_list_device(struct push_device *d, const struct push_aim *aim, const struct rec *r,
		     struct err *e)
{
	if (aim->device && aim->device != aim->party) {
		int rc = push_device_read(d, aim->device, r->arena, e);

		d->text = json_compact(r->arena, aim->party); /* what is told of it has no keys */
		return rc;
	}
	if (aim->device)
		return push_device_named(d, aim->device, r, e);
	*d = (struct push_device){ .platform = PUSH_PLATFORMS,
				   .token = address_of(aim->party),
				   .text = json_compact(r->arena, aim->party) };
	return err_set(e, FAULT_DATA, "no-devices", "the store knows no device of this recipient");
}
