/* SPDX-License-Identifier: MIT
 *
 * The address, read from left to right.
 */
#include "redis_address.h"

#define PORT_DEFAULT "6379"
#define PORT_MAX     65535
#define DB_MAX       1023

static bool copy(char *out, size_t cap, struct cln_slice text)
{
	if (text.len >= cap)
		return false;
	if (text.len > 0)
		memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	return true;
}

static int hex_value(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char lower = digit >= 'A' && digit <= 'F' ? (char)(digit + ('a' - 'A')) : digit;
	const char *const found = lower == '\0' ? NULL : strchr(digits, lower);
	return found == NULL ? -1 : (int)(found - digits);
}

#define ESCAPE_LEN 3 /* %41 */

static bool decode(char *out, size_t cap, struct cln_slice text)
{
	size_t used = 0;
	for (size_t i = 0; i < text.len; i++) {
		char byte = text.ptr[i];
		if (byte == '%') {
			const int high = text.len - i < ESCAPE_LEN ? -1 : hex_value(text.ptr[i + 1]);
			const int low = text.len - i < ESCAPE_LEN ? -1 : hex_value(text.ptr[i + 2]);
			if (high < 0 || low < 0 || (high == 0 && low == 0))
				return false;
			byte = (char)(high << 4 | low);
			i += ESCAPE_LEN - 1;
		}
		if (used + 1 >= cap)
			return false;
		out[used++] = byte;
	}
	out[used] = '\0';
	return true;
}

static bool parse_number(struct cln_slice text, unsigned max, unsigned *number)
{
	unsigned value = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		value = value * 10 + (unsigned)(text.ptr[i] - '0');
		if (value > max)
			return false;
	}
	*number = value;
	return text.len > 0;
}

/* What stands in front of the first `stop`; *rest is what follows it, ptr NULL without one. */
static struct cln_slice cut(struct cln_slice text, char stop, struct cln_slice *rest)
{
	const char *const found = text.len == 0 ? NULL : memchr(text.ptr, stop, text.len);
	*rest = (struct cln_slice){0};
	if (found == NULL)
		return text;
	const size_t len = (size_t)(found - text.ptr);
	*rest = cln_slice_from(text, len + 1);
	return cln_slice(text.ptr, len);
}

static bool parse_login(struct redis_address *address, struct cln_slice login)
{
	struct cln_slice password;
	const struct cln_slice user = cut(login, ':', &password);
	if (password.ptr == NULL)
		return false; /* a password alone is written :PASSWORD@ */
	return decode(address->user, sizeof(address->user), user) &&
		   decode(address->password, sizeof(address->password), password);
}

static const char *parse_place(struct redis_address *address, struct cln_slice place)
{
	struct cln_slice port;
	struct cln_slice host;
	unsigned number = 0;
	if (place.len > 0 && place.ptr[0] == '[') {
		struct cln_slice rest;
		host = cut(cln_slice_from(place, 1), ']', &rest);
		if (rest.ptr == NULL)
			return "the address lacks the ] behind an IPv6 address";
		(void)cut(rest, ':', &port);
	} else {
		host = cut(place, ':', &port);
	}
	if (host.len == 0 || !copy(address->host, sizeof(address->host), host))
		return "the address lacks the host";
	if (port.ptr == NULL)
		port = CLN_SLICE(PORT_DEFAULT);
	if (!parse_number(port, PORT_MAX, &number) || number == 0 ||
		!copy(address->port, sizeof(address->port), port))
		return "the port must be a number from 1 to 65535";
	return NULL;
}

static const char *parse_url(struct redis_address *address, struct cln_slice text)
{
	struct cln_slice db;
	struct cln_slice place = cut(text, '/', &db);
	/* The last @ ends the login: passwords may hold one. */
	for (size_t i = place.len; i > 0; i--) {
		if (place.ptr[i - 1] != '@')
			continue;
		if (!parse_login(address, cln_slice(place.ptr, i - 1)))
			return "the login must be USER:PASSWORD@ or :PASSWORD@";
		place = cln_slice_from(place, i);
		break;
	}
	if (db.len > 0 && !parse_number(db, DB_MAX, &address->db))
		return "the database must be a number";
	return parse_place(address, place);
}

const char *redis_address_parse(struct redis_address *address, const char *text)
{
	const struct cln_slice whole = cln_slice_of(text);
	const struct cln_slice unix_prefix = CLN_SLICE("unix:");
	const struct cln_slice url_prefix = CLN_SLICE("redis://");
	*address = (struct redis_address){0};
	if (cln_slice_starts(whole, unix_prefix)) {
		const struct cln_slice path = cln_slice_from(whole, unix_prefix.len);
		address->is_unix = true;
		if (path.len == 0 || path.len > CLN_UNIX_PATH_MAX)
			return "the path of a Unix socket has 1 to 107 bytes";
		return copy(address->host, sizeof(address->host), path) ? NULL : "the path is too long";
	}
	if (cln_slice_starts(whole, url_prefix))
		return parse_url(address, cln_slice_from(whole, url_prefix.len));
	return "the address must be redis://[USER:PASSWORD@]HOST[:PORT][/DB] or unix:PATH";
}
