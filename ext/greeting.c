/* SPDX-License-Identifier: MIT
 *
 * See greeting.h. The bytes hold the secret or password: they are erased once they are written.
 */
#include "greeting.h"

#include "../wire/version.h"
#include "php.h"

#include <stdio.h>

#define HELLO_PROTOCOL "2"
#define STRINGIFY(x)   #x
#define NUMBER(x)      STRINGIFY(x)

static void expect(struct cln_greeting *greeting, enum cln_greeting_expects what)
{
	ZEND_ASSERT(greeting->expects_count < CLN_GREETING_REPLIES_MAX);
	greeting->expects[greeting->expects_count++] = what;
}

static void put_command(struct cln_out *out, const struct cln_slice *words, size_t count)
{
	cln_resp_array(out, count);
	for (size_t i = 0; i < count; i++) {
		cln_resp_bulk(out, words[i]);
	}
}

static void put_app_auth(
	struct cln_greeting *greeting, struct cln_out *out, const struct cln_target *target)
{
	const struct cln_slice words[] = {
		CLN_SLICE("AUTH"), cln_target_app(target), cln_target_secret(target)};
	put_command(out, words, sizeof(words) / sizeof(words[0]));
	expect(greeting, CLN_EXPECTS_AUTH);
}

static void put_password_auth(
	struct cln_greeting *greeting, struct cln_out *out, const struct cln_target *target)
{
	if (target->password_len == 0) {
		return;
	}
	struct cln_slice words[3] = {CLN_SLICE("AUTH")};
	size_t count = 1;
	if (target->user_len > 0) {
		words[count++] = cln_slice(target->user, target->user_len);
	}
	words[count++] = cln_slice(target->password, target->password_len);
	put_command(out, words, count);
	expect(greeting, CLN_EXPECTS_AUTH);
}

static void put_hello(struct cln_greeting *greeting, struct cln_out *out)
{
	const struct cln_slice words[] = {CLN_SLICE("HELLO"), CLN_SLICE(HELLO_PROTOCOL),
		CLN_SLICE("ENVELOPE"), CLN_SLICE(NUMBER(CLN_ENVELOPE_VERSION))};
	put_command(out, words, sizeof(words) / sizeof(words[0]));
	expect(greeting, CLN_EXPECTS_HELLO);
}

#define DROPPED_WORDS_MAX (1 + 2 * CLN_DROP_REASONS)

struct dropped {
	struct cln_slice words[DROPPED_WORDS_MAX];
	size_t count; /* 1: there is nothing to tell */
	char counts[CLN_DROP_REASONS][MAX_LENGTH_OF_LONG];
};

static void say_dropped(struct dropped *dropped, const uint64_t untold[CLN_DROP_REASONS])
{
	dropped->words[0] = CLN_SLICE("DROPPED");
	dropped->count = 1;
	for (size_t i = 0; i < CLN_DROP_REASONS; i++) {
		if (untold[i] > 0) {
			snprintf(dropped->counts[i], sizeof(dropped->counts[i]), "%" PRIu64, untold[i]);
			dropped->words[dropped->count++] = cln_slice_of(cln_drop_names[i]);
			dropped->words[dropped->count++] = cln_slice_of(dropped->counts[i]);
		}
	}
}

/* DROPPED reason count ...; a relay that does not know it answers with an error, which is fine. */
static void put_dropped(
	struct cln_greeting *greeting, struct cln_out *out, const uint64_t untold[CLN_DROP_REASONS])
{
	struct dropped dropped;
	say_dropped(&dropped, untold);
	if (dropped.count > 1) {
		put_command(out, dropped.words, dropped.count);
		expect(greeting, CLN_EXPECTS_ANYTHING);
		greeting->tells_drops = true;
	}
}

static void put_client_name(struct cln_greeting *greeting, struct cln_out *out)
{
	const struct cln_slice words[] = {
		CLN_SLICE("CLIENT"), CLN_SLICE("SETNAME"), CLN_SLICE("clairon-php")};
	put_command(out, words, sizeof(words) / sizeof(words[0]));
	expect(greeting, CLN_EXPECTS_ANYTHING);
}

/* PREFIX:1:relays */
static struct cln_slice relays_channel(
	const struct cln_target *target, char name[CLN_BUS_PREFIX_MAX + sizeof(":1:relays")])
{
	memcpy(name, target->prefix, target->prefix_len);
	memcpy(name + target->prefix_len, ":1:relays", sizeof(":1:relays"));
	return cln_slice_of(name);
}

/* Redis takes a message for nobody without a word: with a spool it is worth knowing whether the
 * relays are back. */
static void put_relays(
	struct cln_greeting *greeting, struct cln_out *out, const struct cln_target *target)
{
	char name[CLN_BUS_PREFIX_MAX + sizeof(":1:relays")];
	if (!cln_target_has_spool(target)) {
		return;
	}
	const struct cln_slice words[] = {
		CLN_SLICE("PUBSUB"), CLN_SLICE("NUMSUB"), relays_channel(target, name)};
	put_command(out, words, sizeof(words) / sizeof(words[0]));
	expect(greeting, CLN_EXPECTS_RELAYS);
}

/* The words of DROPPED as a message to all relays. */
static void put_dropped_to_all(struct cln_greeting *greeting, struct cln_out *out,
	const struct cln_target *target, const uint64_t untold[CLN_DROP_REASONS])
{
	char name[CLN_BUS_PREFIX_MAX + sizeof(":1:relays")];
	char text[CLN_DROP_REASONS * (CLN_DROP_NAME_MAX + MAX_LENGTH_OF_LONG + 2) + sizeof("DROPPED")];
	struct dropped dropped;
	size_t len = 0;
	say_dropped(&dropped, untold);
	if (dropped.count == 1) {
		return;
	}
	for (size_t i = 0; i < dropped.count; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s", i == 0 ? "" : " ",
			(int)dropped.words[i].len, dropped.words[i].ptr);
	}
	ZEND_ASSERT(len < sizeof(text));
	const struct cln_slice words[] = {
		CLN_SLICE("PUBLISH"), relays_channel(target, name), cln_slice(text, len)};
	put_command(out, words, sizeof(words) / sizeof(words[0]));
	expect(greeting, CLN_EXPECTS_HEARERS);
	greeting->tells_drops = true;
}

void cln_greeting_compose(struct cln_greeting *greeting, const struct cln_target *target)
{
	memset(greeting, 0, sizeof(*greeting));
	greeting->relays = -1;
	struct cln_out out = {.ptr = greeting->bytes, .cap = sizeof(greeting->bytes)};
	switch (target->transport) {
	case CLN_TRANSPORT_RELAY_UNIX:
		put_app_auth(greeting, &out, target);
		put_hello(greeting, &out);
		break;
	case CLN_TRANSPORT_RELAY_TCP:
		put_password_auth(greeting, &out, target);
		put_hello(greeting, &out);
		break;
	case CLN_TRANSPORT_REDIS_TCP:
	case CLN_TRANSPORT_REDIS_UNIX:
		put_password_auth(greeting, &out, target);
		put_client_name(greeting, &out);
		put_relays(greeting, &out, target);
		break;
	}
	ZEND_ASSERT(!out.is_full); /* CLN_GREETING_BYTES holds the longest user and password */
	greeting->len = out.len;
}

void cln_greeting_compose_news(struct cln_greeting *greeting, const struct cln_target *target,
	const uint64_t untold[CLN_DROP_REASONS])
{
	memset(greeting, 0, sizeof(*greeting));
	greeting->relays = -1;
	greeting->is_news = true;
	struct cln_out out = {.ptr = greeting->bytes, .cap = sizeof(greeting->bytes)};
	if (cln_target_is_redis(target)) {
		put_dropped_to_all(greeting, &out, target, untold);
		put_relays(greeting, &out, target);
	} else {
		put_dropped(greeting, &out, untold);
	}
	ZEND_ASSERT(!out.is_full);
	greeting->len = out.len;
}

/* A number that the relay told as integer or as text; -1 if it is neither. */
static long long number_of(const struct cln_reply_item *item)
{
	if (item->type == CLN_REPLY_INTEGER) {
		return item->integer;
	}
	long long number = 0;
	if (item->text.len == 0 || item->text.len > 9) {
		return -1;
	}
	for (size_t i = 0; i < item->text.len; i++) {
		const char c = item->text.ptr[i];
		if (c < '0' || c > '9') {
			return -1;
		}
		number = number * 10 + (c - '0');
	}
	return number;
}

static long long find_number(const struct cln_reply *reply, struct cln_slice name)
{
	for (size_t i = 0; i + 1 < reply->count; i += 2) {
		if (cln_slice_equal(reply->item[i].text, name)) {
			return number_of(&reply->item[i + 1]);
		}
	}
	return -1;
}

static size_t find_limit(const struct cln_reply *reply, struct cln_slice name)
{
	const long long limit = find_number(reply, name);
	return limit > 0 ? (size_t)limit : 0;
}

static bool read_hello(
	const struct cln_reply *reply, struct cln_peer_limits *limits, char error[CLN_ERROR_MAX])
{
	if (reply->type != CLN_REPLY_ARRAY) {
		snprintf(error, CLN_ERROR_MAX, "the peer does not answer HELLO as clairon-relay does");
		return false;
	}
	const long long min = find_number(reply, CLN_SLICE("envelope_min"));
	const long long max = find_number(reply, CLN_SLICE("envelope_max"));
	if (min < 0 || max < 0) {
		snprintf(error, CLN_ERROR_MAX,
			"the peer is not clairon-relay: HELLO names no envelope "
			"versions");
		return false;
	}
	if (CLN_ENVELOPE_VERSION < min || CLN_ENVELOPE_VERSION > max) {
		snprintf(error, CLN_ERROR_MAX,
			"clairon-relay takes envelope versions %lld to %lld and "
			"this extension (" CLN_VERSION ") writes %d: install both from one release",
			min, max, CLN_ENVELOPE_VERSION);
		return false;
	}
	limits->payload_max = find_limit(reply, CLN_SLICE("payload_max"));
	limits->channel_max = find_limit(reply, CLN_SLICE("channel_max"));
	limits->event_max = find_limit(reply, CLN_SLICE("event_max"));
	return true;
}

/* The name and its count. */
static void read_relays(struct cln_greeting *greeting, const struct cln_reply *reply)
{
	if (reply->type == CLN_REPLY_ARRAY && reply->count == 2) {
		greeting->relays = number_of(&reply->item[1]);
	}
}

bool cln_greeting_answer(struct cln_greeting *greeting, const struct cln_reply *reply,
	struct cln_peer_limits *limits, char error[CLN_ERROR_MAX])
{
	const enum cln_greeting_expects what = greeting->expects[greeting->answered];
	greeting->answered++;
	if (what == CLN_EXPECTS_ANYTHING) {
		return true;
	}
	if (what == CLN_EXPECTS_HEARERS) {
		if (reply->type == CLN_REPLY_INTEGER && reply->item[0].integer == 0) {
			greeting->tells_drops = false;
		}
		return true;
	}
	if (what == CLN_EXPECTS_RELAYS) {
		read_relays(greeting, reply);
		return true;
	}
	if (reply->type == CLN_REPLY_ERROR) {
		cln_error_join(error, what == CLN_EXPECTS_AUTH ? "refused at AUTH: " : "refused at HELLO: ",
			reply->item[0].text);
		return false;
	}
	return what == CLN_EXPECTS_AUTH || read_hello(reply, limits, error);
}
