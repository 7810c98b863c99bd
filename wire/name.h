/* SPDX-License-Identifier: MIT
 *
 * Rules for the names that travel: channels, events, application ids, socket ids and the names of
 * bus channels. Pure functions over borrowed bytes.
 */
#ifndef CLN_NAME_H
#define CLN_NAME_H

#include "err.h"
#include "slice.h"

#include <stdint.h>

/* What a channel's prefix promises (Pusher docs, "Channel types"). */
struct cln_channel_type {
	bool is_private;   /* needs a signature; true for presence- and private-encrypted- too */
	bool is_presence;  /* has members */
	bool is_encrypted; /* private-encrypted-: payload is opaque to us */
	bool is_cache;     /* keeps its last event */
	bool is_user;      /* #server-to-user-ID */
};

/* Checks alphabet and length of a channel name and tells its type.
 * Alphabet: A-Z a-z 0-9 _ - = @ , . ; (Pusher docs); '#' only in front of server-to-user-.
 * Returns 0, CLN_ERR_LIMIT (longer than CLN_CHANNEL_NAME_MAX) or CLN_ERR_PROTOCOL. `type` may be
 * NULL. */
int cln_channel_check(struct cln_slice name, struct cln_channel_type *type);

/* 1 to CLN_EVENT_NAME_MAX bytes of valid UTF-8 and not beginning with pusher: or
 * pusher_internal:. Returns 0, CLN_ERR_LIMIT or CLN_ERR_PROTOCOL. */
int cln_event_check(struct cln_slice name);

/* [A-Za-z0-9_-]{1,64} */
bool cln_app_id_is_valid(struct cln_slice id);

/* \A\d+\.\d+\z, at most CLN_SOCKET_ID_MAX bytes */
bool cln_socket_id_is_valid(struct cln_slice id);

/* [A-Za-z0-9_.:-]{1,32}, no braces: they would move Redis Cluster's hash tag. */
bool cln_bus_prefix_is_valid(struct cln_slice prefix);

/* CRC-16/XMODEM of "APPID:CHANNEL" modulo CLN_BUS_PARTS (the CRC of Redis Cluster). */
unsigned cln_bus_part(struct cln_slice app, struct cln_slice channel);

/* Writes PREFIX:1:{PART}:APPID:CHANNEL to `out` (at least CLN_BUS_CHANNEL_MAX bytes, no NUL is
 * added) and returns its length. The names must have passed their checks. */
size_t cln_bus_channel(
	char *out, struct cln_slice prefix, struct cln_slice app, struct cln_slice channel);

/* The reverse: checks prefix, version, part, application id and channel name; the slices point
 * into `bus`. Returns 0, CLN_ERR_PROTOCOL or CLN_ERR_VERSION. */
int cln_bus_channel_parse(struct cln_slice bus, struct cln_slice prefix, struct cln_slice *app,
	struct cln_slice *channel);

/* Strict UTF-8 (no overlong forms, no surrogates, at most U+10FFFF). */
bool cln_utf8_is_valid(struct cln_slice text);

#endif
