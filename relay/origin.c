/* SPDX-License-Identifier: MIT
 *
 * Comparing origins with patterns. What is no origin by its form matches nothing but "*".
 */
#include "origin.h"

#include <stdint.h>
#include <string.h>

#define ORIGIN_MAX 512 /* a host has at most 253 bytes */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Remembers the last '*' only: what an earlier one took can't help. */
static bool matches(struct cln_slice pattern, struct cln_slice text)
{
	size_t at = 0;
	size_t star = SIZE_MAX;
	size_t star_text = 0;
	for (size_t i = 0; i < text.len;) {
		if (at < pattern.len && pattern.ptr[at] == '*') {
			star = at++;
			star_text = i;
		} else if (at < pattern.len && lower(pattern.ptr[at]) == lower(text.ptr[i])) {
			at++;
			i++;
		} else if (star != SIZE_MAX) {
			at = star + 1;
			i = ++star_text;
		} else {
			return false;
		}
	}
	while (at < pattern.len && pattern.ptr[at] == '*')
		at++;
	return at == pattern.len;
}

struct origin {
	struct cln_slice whole;
	struct cln_slice host; /* with brackets if it is an IPv6 address */
	struct cln_slice host_port;
};

/* SCHEME://HOST[:PORT] */
static bool parse(struct cln_slice text, struct origin *origin)
{
	const char *const colon = text.len <= ORIGIN_MAX ? memchr(text.ptr, ':', text.len) : NULL;
	const size_t scheme = colon == NULL ? 0 : (size_t)(colon - text.ptr);
	if (scheme == 0 || !cln_slice_starts(cln_slice_from(text, scheme), CLN_SLICE("://")))
		return false;
	origin->whole = text;
	origin->host_port = cln_slice_from(text, scheme + 3);
	origin->host = origin->host_port;
	for (size_t i = 0; i < origin->host.len; i++) {
		if (strchr("/?#@*", origin->host.ptr[i]) != NULL)
			return false; /* NUL, too */
	}
	size_t len = origin->host.len;
	while (len > 0 && origin->host.ptr[len - 1] >= '0' && origin->host.ptr[len - 1] <= '9')
		len--;
	if (len > 0 && origin->host.ptr[len - 1] == ':')
		origin->host.len = len - 1;
	return origin->host.len > 0;
}

static bool has_port(struct cln_slice pattern)
{
	const char *const colon = memrchr(pattern.ptr, ':', pattern.len);
	return colon != NULL && memchr(colon, ']', (size_t)(pattern.ptr + pattern.len - colon)) == NULL;
}

static bool is_match(struct cln_slice pattern, const struct origin *origin)
{
	if (memmem(pattern.ptr, pattern.len, "://", 3) != NULL)
		return matches(pattern, origin->whole);
	return matches(pattern, has_port(pattern) ? origin->host_port : origin->host);
}

bool origin_is_allowed(const char *const *patterns, size_t count, struct cln_slice text)
{
	struct origin origin;
	if (text.len == 0)
		return true;
	const bool is_origin = parse(text, &origin);
	for (size_t i = 0; i < count; i++) {
		const struct cln_slice pattern = cln_slice_of(patterns[i]);
		if (cln_slice_equal(pattern, CLN_SLICE("*")) || (is_origin && is_match(pattern, &origin)))
			return true;
	}
	return false;
}
