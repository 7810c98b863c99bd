/* SPDX-License-Identifier: MIT
 *
 * Values of settings: text to number, bool, list or checked text, each refused with a sentence
 * that names the value (never of a secret) and what would be right.
 */
#include "conf_load.h"
#include "conf_webhook.h"
#include "redis_address.h"

#include "../wire/name.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MAX 65535

const char *conf_shown(const char *value, char out[CONF_SHOWN_MAX])
{
	size_t len = strlen(value);
	const bool is_cut = len > CONF_SHOWN_MAX - 1;
	if (is_cut) {
		len = CONF_SHOWN_MAX - 4;
	}
	for (size_t i = 0; i < len; i++) {
		const unsigned char byte = (unsigned char)value[i];
		out[i] = byte < 0x20 || byte > 0x7e ? '?' : (char)byte;
	}
	memcpy(out + len, is_cut ? "..." : "", is_cut ? 4 : 1);
	return out;
}

/* Decimal digits only: strtoll() alone would take blanks, signs and rests. */
static bool parse_number(const char *value, int64_t min, int64_t max, int64_t *number)
{
	if (value[0] == '\0' || value[strspn(value, "0123456789")] != '\0') {
		return false;
	}
	errno = 0;
	*number = strtoll(value, NULL, 10);
	return errno == 0 && *number >= min && *number <= max;
}

static bool is_made_of(const char *value, const char *extra)
{
	for (const char *at = value; *at != '\0'; at++) {
		const char c = *at;
		const bool is_plain =
			(c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!is_plain && strchr(extra, c) == NULL) {
			return false;
		}
	}
	return true;
}

static bool is_printable(const char *value)
{
	for (const char *at = value; *at != '\0'; at++) {
		if ((unsigned char)*at <= 0x20 || (unsigned char)*at > 0x7e) {
			return false;
		}
	}
	return true;
}

const char *conf_check_id(const char *value)
{
	return cln_app_id_is_valid(cln_slice_of(value)) ? NULL
													: "must be 1 to 64 of A-Z a-z 0-9 _ and -";
}

const char *conf_check_key(const char *value)
{
	return is_made_of(value, "_-.") ? NULL : "may hold A-Z a-z 0-9 _ - and . only";
}

const char *conf_check_secret(const char *value)
{
	return is_printable(value) ? NULL : "may hold printable ASCII without blanks only";
}

const char *conf_check_prefix(const char *value)
{
	return cln_bus_prefix_is_valid(cln_slice_of(value))
			   ? NULL
			   : "must be 1 to 32 of A-Z a-z 0-9 _ . : and -";
}

/* HOST:PORT with a host without colons or in brackets. */
static bool is_host_port(const char *value)
{
	int64_t port;
	const char *colon = strrchr(value, ':');
	if (colon == NULL || colon == value || !is_printable(value) ||
		!parse_number(colon + 1, 0, PORT_MAX, &port)) {
		return false;
	}
	const size_t host = (size_t)(colon - value);
	if (value[0] == '[') {
		return host > 2 && colon[-1] == ']';
	}
	return memchr(value, ':', host) == NULL;
}

const char *conf_check_listen(const char *value)
{
	return is_host_port(value) ? NULL
							   : "must be HOST:PORT or [IPV6]:PORT, for example 127.0.0.1:6001";
}

static const char *check_path(const char *path)
{
	if (path[0] == '\0') {
		return "names no path";
	}
	return strlen(path) <= CLN_UNIX_PATH_MAX
			   ? NULL
			   : "is too long: the system allows 107 bytes for the path of a socket";
}

const char *conf_check_ingest(const char *value)
{
	if (strncmp(value, "unix:", 5) == 0) {
		return check_path(value + 5);
	}
	if (strncmp(value, "tcp:", 4) == 0 && is_host_port(value + 4)) {
		return NULL;
	}
	return "must be unix:PATH or tcp:HOST:PORT";
}

const char *conf_check_path(const char *value)
{
	return value[0] == '/' ? NULL : "must be an absolute path";
}

const char *conf_check_printable(const char *value)
{
	return is_printable(value) ? NULL : "may hold printable ASCII without blanks only";
}

/* ADDRESS or ADDRESS/BITS. */
const char *conf_check_proxy(const char *value)
{
	static const char wrong[] =
		"must be an IP address or a range, for example 127.0.0.1, 10.0.0.0/8 or fd00::/8";
	unsigned char bytes[sizeof(struct in6_addr)];
	char address[INET6_ADDRSTRLEN];
	const char *const slash = strchr(value, '/');
	const size_t len = slash != NULL ? (size_t)(slash - value) : strlen(value);
	if (len >= sizeof(address)) {
		return wrong;
	}
	memcpy(address, value, len);
	address[len] = '\0';
	const bool is_v4 = inet_pton(AF_INET, address, bytes) == 1;
	if (!is_v4 && inet_pton(AF_INET6, address, bytes) != 1) {
		return wrong;
	}
	int64_t bits;
	return slash == NULL || parse_number(slash + 1, 0, is_v4 ? 32 : 128, &bits) ? NULL : wrong;
}

const char *conf_check_origin(const char *value)
{
	return is_printable(value) ? NULL
							   : "must be an origin or a host without blanks, * for any characters";
}

const char *conf_check_webhook(const char *value)
{
	struct conf_webhook webhook;
	return conf_webhook_parse(&webhook, value);
}

const char *conf_check_redis(const char *value)
{
	if (strncmp(value, "unix:", 5) == 0) {
		return check_path(value + 5);
	}
	if (strncmp(value, "rediss://", 9) == 0) {
		return "asks for TLS, which the relay does not speak to Redis; put a TLS tunnel in front "
			   "of "
			   "Redis and name it with redis://";
	}
	struct redis_address address;
	if (is_printable(value) && redis_address_parse(&address, value) == NULL) {
		return NULL;
	}
	return "must be redis://[USER:PASSWORD@]HOST[:PORT][/DB] or unix:PATH";
}

static void refuse(struct conf_loader *loader, struct conf_place place, const struct conf_key *key,
	const char *value, const char *why)
{
	char shown[CONF_SHOWN_MAX];
	/* A URL's user and password, or a token in its query. */
	if (key->is_secret || strpbrk(value, "@?") != NULL) {
		conf_problem(loader, place, "%s: its value (not shown) %s", key->name, why);
	} else {
		conf_problem(loader, place, "%s: \"%s\" %s", key->name, conf_shown(value, shown), why);
	}
}

/* False, and a problem, if it isn't good. */
static bool set_text(struct conf_loader *loader, struct conf_place place,
	const struct conf_key *key, char *text, size_t size, const char *value)
{
	const size_t len = strlen(value);
	const char *wrong = key->check != NULL ? key->check(value) : NULL;
	if (wrong != NULL) {
		refuse(loader, place, key, value, wrong);
	} else if (len >= size) {
		conf_problem(loader, place, "%s: %zu bytes are too many; at most %zu are allowed",
			key->name, len, size - 1);
	} else {
		memcpy(text, value, len + 1);
		return true;
	}
	return false;
}

static void add_item(struct conf_loader *loader, struct conf_place place,
	const struct conf_key *key, struct conf_list *list, const char *item)
{
	char text[CONF_ADDRESS_MAX];
	if (list->count == (size_t)key->max) {
		conf_problem(loader, place, "%s: at most %" PRId64 " are allowed", key->name, key->max);
		return;
	}
	if (!set_text(loader, place, key, text, sizeof(text), item) || text[0] == '\0') {
		return;
	}
	if (list->items == NULL) {
		list->items = conf_keep(loader->conf, NULL, (size_t)key->max * sizeof(*list->items));
	}
	list->items[list->count++] = conf_keep(loader->conf, text, strlen(text) + 1);
}

/* Items are separated by commas; blanks around them don't count. "none" empties the list. */
static void set_list(struct conf_loader *loader, struct conf_place place,
	const struct conf_key *key, struct conf_list *list, const char *value, bool is_first)
{
	char item[CONF_VALUE_MAX];
	if (is_first) {
		*list = (struct conf_list){0};
	}
	if (strcmp(value, "none") == 0) {
		return;
	}
	for (const char *at = value; at != NULL;) {
		const char *comma = strchr(at, ',');
		const char *end = comma != NULL ? comma : at + strlen(at);
		at += strspn(at, " \t");
		while (end > at && (end[-1] == ' ' || end[-1] == '\t')) {
			end--;
		}
		const size_t len = (size_t)(end - at);
		if (len >= sizeof(item)) {
			conf_problem(loader, place, "%s: an item of %zu bytes is too long", key->name, len);
			return;
		}
		memcpy(item, at, len);
		item[len] = '\0';
		add_item(loader, place, key, list, item);
		at = comma != NULL ? comma + 1 : NULL;
	}
}

static void set_number(struct conf_loader *loader, struct conf_place place,
	const struct conf_key *key, void *target, const char *value)
{
	int64_t number;
	char why[80];
	if (!parse_number(value, key->min, key->max, &number)) {
		snprintf(why, sizeof(why), "is not a whole number from %" PRId64 " to %" PRId64, key->min,
			key->max);
		refuse(loader, place, key, value, why);
	} else if (key->type == CONF_UINT) {
		*(unsigned *)target = (unsigned)number; /* the rows' greatest numbers fit */
	} else if (key->type == CONF_SIZE) {
		*(size_t *)target = (size_t)number;
	} else {
		*(int64_t *)target = number;
	}
}

static void set_bool(struct conf_loader *loader, struct conf_place place,
	const struct conf_key *key, bool *target, const char *value)
{
	static const char *const yes[] = {"true", "yes", "on", "1"};
	static const char *const no[] = {"false", "no", "off", "0"};
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcmp(value, yes[i]) == 0 || strcmp(value, no[i]) == 0) {
			*target = strcmp(value, yes[i]) == 0;
			return;
		}
	}
	refuse(loader, place, key, value, "is neither true nor false");
}

static void set_engine(struct conf_loader *loader, struct conf_place place,
	const struct conf_key *key, enum conf_engine *target, const char *value)
{
	if (strcmp(value, "local") == 0) {
		*target = CONF_ENGINE_LOCAL;
	} else if (strcmp(value, "redis") == 0) {
		*target = CONF_ENGINE_REDIS;
	} else {
		refuse(loader, place, key, value, "is neither local nor redis");
	}
}

static void set_level(struct conf_loader *loader, struct conf_place place,
	const struct conf_key *key, char *target, const char *value)
{
	static const char *const levels[] = {"error", "warn", "info", "debug"};
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(value, levels[i]) == 0) {
			memcpy(target, levels[i], strlen(levels[i]) + 1);
			return;
		}
	}
	refuse(loader, place, key, value, "is none of error, warn, info and debug");
}

void conf_value_set(struct conf_loader *loader, struct conf_place place, const struct conf_key *key,
	void *base, const char *value, bool is_first)
{
	char *target = (char *)base + key->offset;
	if (value[0] == '\0') {
		conf_problem(
			loader, place, "%s has no value; give one, or leave it out for the default", key->name);
		return;
	}
	switch (key->type) {
	case CONF_TEXT:
		set_text(loader, place, key, target, key->size, value);
		break;
	case CONF_LIST:
		set_list(loader, place, key, (struct conf_list *)(void *)target, value, is_first);
		break;
	case CONF_UINT:
	case CONF_SIZE:
	case CONF_MS:
		set_number(loader, place, key, target, value);
		break;
	case CONF_BOOL:
		set_bool(loader, place, key, (bool *)target, value);
		break;
	case CONF_ENGINE_NAME:
		set_engine(loader, place, key, (enum conf_engine *)(void *)target, value);
		break;
	case CONF_LEVEL:
		set_level(loader, place, key, target, value);
		break;
	}
}
