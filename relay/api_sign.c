/* SPDX-License-Identifier: MIT
 *
 * See api_sign.h. Libraries differ in what they sign: some sign the path before they encode it,
 * and arrays as one value joined by commas where others sign each item. So a signature is right if
 * it fits one of these readings; which one makes no difference to what the request means.
 */
#include "api_sign.h"

#include "base/hmac.h"
#include "jslice.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#define QUOTED_MAX       1024 /* of the signed text, in an answer */
#define TIMESTAMP_DIGITS 12   /* enough until the year 33658 */
#define TIME_TEXT_MAX    32

static struct cln_slice value_of(const struct api_signed *request, const char *name)
{
	const struct api_param *const param = api_params_find(request->params, cln_slice_of(name));
	return param == NULL ? cln_slice(NULL, 0) : param->value;
}

static void say(struct buf *reason, const char *sentence)
{
	buf_append_slice(reason, cln_slice_of(sentence));
}

/* --- key, version, time, body --- */

static bool has_key(
	const struct api_signed *request, const struct app_pair *keys, size_t count, struct buf *reason)
{
	const struct cln_slice key = value_of(request, "auth_key");
	for (size_t i = 0; i < count; i++) {
		if (key.len > 0 && cln_slice_equal(keys[i].key, key))
			return true;
	}
	say(reason, key.len == 0 ? "The request is not signed: it has no auth_key in its query. If it "
							   "was sent with one, a proxy on the way drops the query."
							 : "Unknown auth_key: it is not a key of this application. Check key "
							   "and application id.");
	return false;
}

static bool has_version(const struct api_signed *request, struct buf *reason)
{
	if (cln_slice_equal(value_of(request, "auth_version"), CLN_SLICE("1.0")))
		return true;
	say(reason, "auth_version is missing or unknown: send auth_version=1.0.");
	return false;
}

/* -1 if it is no time. */
static int64_t parse_seconds(struct cln_slice text)
{
	int64_t seconds = 0;
	if (text.len == 0 || text.len > TIMESTAMP_DIGITS)
		return -1;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return -1;
		seconds = seconds * 10 + (text.ptr[i] - '0');
	}
	return seconds;
}

static void print_time(int64_t seconds, char out[TIME_TEXT_MAX])
{
	const time_t time = (time_t)seconds;
	struct tm utc;
	if (gmtime_r(&time, &utc) == NULL || strftime(out, TIME_TEXT_MAX, "%FT%TZ", &utc) == 0)
		out[0] = '\0';
}

static bool is_timely(const struct api_signed *request, int64_t now_s, struct buf *reason)
{
	const int64_t then_s = parse_seconds(value_of(request, "auth_timestamp"));
	if (then_s < 0) {
		say(reason, "auth_timestamp is missing or no number: send the Unix time in seconds.");
		return false;
	}
	if (then_s >= now_s - API_SIGN_WINDOW_S && then_s <= now_s + API_SIGN_WINDOW_S)
		return true;
	char then[TIME_TEXT_MAX], now[TIME_TEXT_MAX];
	print_time(then_s, then);
	print_time(now_s, now);
	buf_appendf(reason,
		"Timestamp expired: Given timestamp (%s) not within %ds of server time (%s). Set both "
		"clocks, and sign every attempt anew.",
		then, API_SIGN_WINDOW_S, now);
	return false;
}

static void print_hex(const unsigned char *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
}

static bool has_digest(const struct api_signed *request, struct buf *reason)
{
	const struct cln_slice given = value_of(request, "body_md5");
	unsigned char digest[HMAC_MD5_BYTES];
	char hex[2 * HMAC_MD5_BYTES];
	if (given.len == 0 && request->body.len == 0)
		return true;
	if (given.len == 0) {
		say(reason, "body_md5 is missing: a request with a body needs the MD5 of that body, in "
					"lower-case hexadecimal, in its query.");
		return false;
	}
	if (!hmac_md5(request->body, digest)) {
		say(reason, "This server's OpenSSL has no MD5, so body_md5 can't be checked: allow it in "
					"OpenSSL's configuration.");
		return false;
	}
	print_hex(digest, sizeof(digest), hex);
	if (cln_slice_equal(given, cln_slice(hex, sizeof(hex))))
		return true;
	buf_appendf(reason,
		"body_md5 is not the MD5 of the body that arrived (%zu bytes): sign the bytes exactly as "
		"they are sent.",
		request->body.len);
	return false;
}

/* --- the signature --- */

static int compare_slices(struct cln_slice a, struct cln_slice b)
{
	const int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Items of an array keep the order they came in. */
static int compare_params(const void *left, const void *right)
{
	const struct api_param *const a = *(const struct api_param *const *)left;
	const struct api_param *const b = *(const struct api_param *const *)right;
	const int order = compare_slices(a->name, b->name);
	return order != 0 ? order : (a > b) - (a < b);
}

/* All but auth_signature, by name. */
static size_t sort(const struct api_params *params, const struct api_param *sorted[API_PARAMS_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < params->count; i++) {
		if (!cln_slice_equal(params->list[i].name, CLN_SLICE("auth_signature")))
			sorted[count++] = &params->list[i];
	}
	qsort(sorted, count, sizeof(*sorted), compare_params);
	return count;
}

/* k=v&k=v. If `is_folded`, the items of an array are k=v,v, else each is k[n]=v. */
static void append_query(struct buf *text, const struct api_params *params, bool is_folded)
{
	const struct api_param *sorted[API_PARAMS_MAX];
	const size_t count = sort(params, sorted);
	for (size_t i = 0; i < count; i++) {
		const bool goes_on = is_folded && i > 0 && sorted[i]->brackets.len > 0 &&
							 sorted[i - 1]->brackets.len > 0 &&
							 cln_slice_equal(sorted[i]->name, sorted[i - 1]->name);
		if (goes_on) {
			buf_append_byte(text, ',');
			buf_append_slice(text, sorted[i]->value);
			continue;
		}
		if (i > 0)
			buf_append_byte(text, '&');
		buf_append_slice(text, sorted[i]->name);
		if (!is_folded)
			buf_append_slice(text, sorted[i]->brackets);
		buf_append_byte(text, '=');
		buf_append_slice(text, sorted[i]->value);
	}
}

static bool has_arrays(const struct api_params *params)
{
	for (size_t i = 0; i < params->count; i++) {
		if (params->list[i].brackets.len > 0)
			return true;
	}
	return false;
}

static void build(
	struct buf *text, const struct api_signed *request, struct cln_slice path, bool is_folded)
{
	text->len = 0;
	buf_append_slice(text, request->method);
	buf_append_byte(text, '\n');
	buf_append_slice(text, path);
	buf_append_byte(text, '\n');
	append_query(text, request->params, is_folded);
}

/* Whether the text was signed with a secret that belongs to the request's key. */
static bool fits(const struct api_signed *request, const struct app_pair *keys, size_t count,
	struct cln_slice text)
{
	const struct cln_slice key = value_of(request, "auth_key");
	const struct cln_slice signature = value_of(request, "auth_signature");
	for (size_t i = 0; i < count; i++) {
		unsigned char digest[CLN_SIGNATURE_BYTES];
		char hex[CLN_SIGNATURE_HEX];
		if (!cln_slice_equal(keys[i].key, key))
			continue;
		cln_hmac_sha256(keys[i].secret, &text, 1, digest);
		print_hex(digest, sizeof(digest), hex);
		if (cln_equal_constant_time(signature, cln_slice(hex, sizeof(hex))))
			return true;
	}
	return false;
}

static void say_signature(const struct api_signed *request, struct buf *text, struct buf *reason)
{
	if (value_of(request, "auth_signature").len == 0) {
		say(reason, "auth_signature is missing: send the HMAC-SHA256, in lower-case hexadecimal, "
					"of method, path and sorted query.");
		return;
	}
	build(text, request, request->path, true);
	const bool is_long = text->len > QUOTED_MAX;
	say(reason, "Invalid signature: it should be the HMAC-SHA256, with the application's secret as "
				"key and in lower-case hexadecimal, of \"");
	jslice_escape(reason, cln_slice(text->bytes, is_long ? QUOTED_MAX : text->len));
	say(reason, is_long ? "...\" (cut here). Check the secret." : "\". Check the secret.");
}

static bool is_signed(
	const struct api_signed *request, const struct app_pair *keys, size_t count, struct buf *reason)
{
	struct buf text = {0};
	struct buf path = {0};
	buf_reserve(&path, request->path.len + 1);
	path.len = api_percent_decode(request->path, path.bytes);
	const unsigned foldings = has_arrays(request->params) ? 2 : 1;
	const unsigned paths = path.len != request->path.len ? 2 : 1;
	bool is_right = false;
	for (unsigned i = 0; i < foldings * paths && !is_right; i++) {
		build(&text, request, i < foldings ? request->path : buf_slice(&path), i % foldings == 0);
		is_right = fits(request, keys, count, buf_slice(&text));
	}
	if (!is_right)
		say_signature(request, &text, reason);
	buf_deinit(&text);
	buf_deinit(&path);
	return is_right;
}

bool api_sign_check(const struct api_signed *request, const struct app_pair *keys, size_t key_count,
	int64_t now_s, struct buf *reason)
{
	return has_key(request, keys, key_count, reason) && has_version(request, reason) &&
		   is_timely(request, now_s, reason) && has_digest(request, reason) &&
		   is_signed(request, keys, key_count, reason);
}
