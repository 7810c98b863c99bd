/* SPDX-License-Identifier: MIT */
/* sources: relay/api_sign.c relay/api_params.c relay/jslice.c relay/base/buf.c */
/* sources: relay/base/xalloc.c relay/base/log.c relay/base/clock.c relay/base/hmac.c */
/* sources: wire/sign.c wire/name.c */
/* libs: libcrypto */
/*
 * Signatures of the HTTP API: vectors with their own clock, every byte of them changed once, the
 * window of time at its edges, two keys at once, and the ways in which libraries differ.
 */
#include "relay/api_sign.h"
#include "wire/sign.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#define NOW 1700000000

static const struct app_pair key_a = {{"278d425bdf160c739803", 20}, {"7ad3773142a6692b25b8", 20}};
static const struct app_pair key_b = {{"key1", 4}, {"secret1", 7}};

struct vector {
	const char *method, *path, *query, *body;
};

#define A_AUTH                                                                                     \
	"auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0"                     \
	"&body_md5=ec365a775a4cd0599faeb73354201b6f"
#define B_AUTH "auth_key=key1&auth_timestamp=1700000000&auth_version=1.0"

static const struct vector a5 = {"POST", "/apps/3/events",
	A_AUTH "&auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c",
	"{\"name\":\"foo\",\"channels\":[\"project-3\"],\"data\":\"{\\\"some\\\":\\\"data\\\"}\"}"};

static const struct vector b[] = {
	{"POST", "/apps/app1/events",
		B_AUTH "&body_md5=6785031ac61e109e81f53e83c0fcb092"
			   "&auth_signature=3984e707be81c0767640e59f1ebc0aba5cf2082f2f28f68fc3585cddddc1df1e",
		"{\"name\":\"order.shipped\",\"data\":\"{\\\"id\\\":42,\\\"note\\\":\\\"caf\\u00e9\\\"}\","
		"\"channel\":\"private-orders.42\",\"socket_id\":\"123456.7890\"}"},
	{"GET", "/apps/app1/channels",
		B_AUTH "&filter_by_prefix=presence-&info=user_count%2Csubscription_count"
			   "&auth_signature=c605276435d3cac86d0a673b37597c492371b6986e2ebb23ec196d5d0e3fc4f7",
		""},
	{"GET", "/apps/app1/channels/presence-room/users",
		B_AUTH "&auth_signature=73b7e770eceba1a5db243bd0453090d1308fc4cd247224972ea2f6dbb4750050",
		""},
	{"POST", "/apps/app1/users/42/terminate_connections",
		B_AUTH "&body_md5=99914b932bd37a50b983c5e7c90ae93b"
			   "&auth_signature=f077a72e4e1ed3ac2c417381baf70e6ae7bfb191e8171da837e9747c68a88f16",
		"{}"},
	{"POST", "/apps/app1/batch_events",
		B_AUTH "&body_md5=83778d053216cd8bb03e1cb5ec6ff41f"
			   "&auth_signature=63097129363a151437d6c3a2f1f7ef2a63712a59bb1d699c95c062b5d05e1b4f",
		"{\"batch\":[{\"name\":\"a\",\"data\":\"1\",\"channel\":\"c1\"},"
		"{\"name\":\"b\",\"data\":\"2\",\"channel\":\"c2\",\"info\":\"subscription_count\"}]}"},
};

#define VECTORS (sizeof(b) / sizeof(b[0]))

static struct buf reason;

static int empty(void **state)
{
	(void)state;
	buf_deinit(&reason);
	return 0;
}

static bool check_with(
	const struct vector *vector, const struct app_pair *keys, size_t count, int64_t now_s)
{
	struct api_params params;
	assert_true(api_params_init(&params, cln_slice_of(vector->query)));
	const struct api_signed request = {
		.method = cln_slice_of(vector->method),
		.path = cln_slice_of(vector->path),
		.params = &params,
		.body = cln_slice_of(vector->body),
	};
	reason.len = 0;
	const bool is_good = api_sign_check(&request, keys, count, now_s, &reason);
	assert_int_equal(is_good, reason.len == 0);
	buf_append_byte(&reason, '\0');
	api_params_deinit(&params);
	return is_good;
}

static bool check(const struct vector *vector)
{
	return check_with(vector, &key_b, 1, NOW);
}

static bool says(const char *text)
{
	return strstr(reason.bytes, text) != NULL;
}

static void vectors_verify(void **state)
{
	(void)state;
	assert_true(check_with(&a5, &key_a, 1, 1353088179));
	for (size_t i = 0; i < VECTORS; i++)
		assert_true(check(&b[i]));
}

/* Copies of the vector in which one byte of one of its texts is another. */
static void changed_bytes_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		for (unsigned part = 0; part < 4; part++) {
			struct vector changed = b[i];
			const char **const text = part == 0   ? &changed.method
									  : part == 1 ? &changed.path
									  : part == 2 ? &changed.query
												  : &changed.body;
			const char *const from = *text;
			for (size_t at = 0; at < strlen(from); at++) {
				char *const copy = strdup(from);
				copy[at] ^= 1;
				*text = copy;
				if (check(&changed))
					fail_msg("vector %zu, part %u, byte %zu", i, part, at);
				assert_null(strstr(reason.bytes, "secret1"));
				free(copy);
			}
		}
	}
}

static void window_of_time(void **state)
{
	(void)state;
	for (int away = -1; away <= 1; away += 2) {
		assert_true(check_with(&b[0], &key_b, 1, NOW + away * 599));
		assert_true(check_with(&b[0], &key_b, 1, NOW + away * 600));
		assert_false(check_with(&b[0], &key_b, 1, NOW + away * 601));
		assert_true(says("Timestamp expired: Given timestamp (2023-11-14T22:13:20Z) not within "
						 "600s of server time (2023-11-14T22:"));
	}
}

static const struct {
	const char *query, *body, *reason;
} refused[] = {
	{"", "", "no auth_key"},
	{"auth_key=", "", "no auth_key"},
	{"auth_key=key2", "", "Unknown auth_key"},
	{"auth_key=key1", "", "auth_version"},
	{"auth_key=key1&auth_version=2.0", "", "auth_version"},
	{"auth_key=key1&auth_version=1.0", "", "auth_timestamp"},
	{"auth_key=key1&auth_version=1.0&auth_timestamp=now", "", "auth_timestamp"},
	{"auth_key=key1&auth_version=1.0&auth_timestamp=-1700000000", "", "auth_timestamp"},
	{"auth_key=key1&auth_version=1.0&auth_timestamp=1700000000.5", "", "auth_timestamp"},
	{"auth_key=key1&auth_version=1.0&auth_timestamp=1700000000000", "", "auth_timestamp"},
	{"auth_key=key1&auth_version=1.0&auth_timestamp=999999999999", "", "Timestamp expired"},
	{B_AUTH, "x", "body_md5 is missing"},
	{B_AUTH "&body_md5=", "x", "body_md5 is missing"},
	{B_AUTH "&body_md5=99914b932bd37a50b983c5e7c90ae93b", "{ }", "body_md5 is not the MD5"},
	{B_AUTH "&body_md5=99914B932BD37A50B983C5E7C90AE93B", "{}", "body_md5 is not the MD5"},
	{B_AUTH "&body_md5=99914b932bd37a50b983c5e7c90ae93b", "", "body_md5 is not the MD5"},
	{B_AUTH, "", "auth_signature is missing"},
	{B_AUTH "&auth_signature=", "", "auth_signature is missing"},
	{B_AUTH "&auth_signature=73b7", "", "Invalid signature"},
};

static void reasons_name_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct vector vector = {"GET", "/apps/app1/x", refused[i].query, refused[i].body};
		assert_false(check(&vector));
		if (!says(refused[i].reason))
			fail_msg("case %zu says: %s", i, reason.bytes);
	}
}

/* The text to sign is shown, the digest is not. */
static void wrong_secret_shows_the_text(void **state)
{
	const struct app_pair other = {{"key1", 4}, {"secret2", 7}};
	(void)state;
	assert_false(check_with(&b[2], &other, 1, NOW));
	assert_true(says("GET\\n/apps/app1/channels/presence-room/users\\nauth_key=key1&"));
	assert_false(says("secret2"));
	assert_false(says("73b7e770"));
}

static char signed_query[4096];

/* Signs `text` and puts the signature behind the query. */
static void sign(struct vector *vector, const char *query, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	const struct cln_slice part = cln_slice_of(text);
	unsigned char digest[CLN_SIGNATURE_BYTES];
	char hex[CLN_SIGNATURE_HEX + 1] = {0};
	cln_hmac_sha256(key_b.secret, &part, 1, digest);
	for (size_t i = 0; i < sizeof(digest); i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	snprintf(signed_query, sizeof(signed_query), "%s&auth_signature=%s", query, hex);
	vector->query = signed_query;
}

static const struct {
	const char *path, *query, *text;
} ways[] = {
	/* arrays as one value with commas, and each for itself */
	{"/apps/1/c", B_AUTH "&info%5B0%5D=a&info%5B1%5D=b", "GET\n/apps/1/c\n" B_AUTH "&info=a,b"},
	{"/apps/1/c", B_AUTH "&info[]=a&info[]=b", "GET\n/apps/1/c\n" B_AUTH "&info=a,b"},
	{"/apps/1/c", B_AUTH "&info[]=a&info[]=b", "GET\n/apps/1/c\n" B_AUTH "&info[]=a&info[]=b"},
	/* paths as they are sent, and before they were encoded */
	{"/apps/1/u%201%2Fx", B_AUTH, "GET\n/apps/1/u%201%2Fx\n" B_AUTH},
	{"/apps/1/u%201%2Fx", B_AUTH, "GET\n/apps/1/u 1/x\n" B_AUTH},
	/* both at once */
	{"/apps/1/u%201", B_AUTH "&info[]=a", "GET\n/apps/1/u 1\n" B_AUTH "&info[]=a"},
	/* names in lower case, sorted; '+' stays; bad escapes stay; empty values */
	{"/apps/1/c", "Z=1&AUTH_KEY=key1&auth_version=1.0&auth_timestamp=1700000000&a=b+c%2Bd",
		"GET\n/apps/1/c\na=b+c+d&" B_AUTH "&z=1"},
	{"/apps/1/c", B_AUTH "&x=%zz%4&y&z=", "GET\n/apps/1/c\n" B_AUTH "&x=%zz%4&y=&z="},
	/* a prefix of a name sorts before it */
	{"/apps/1/c", B_AUTH "&bb=2&b=1", "GET\n/apps/1/c\n" B_AUTH "&b=1&bb=2"},
};

static void ways_of_libraries(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct vector vector = {"GET", ways[i].path, NULL, ""};
		sign(&vector, ways[i].query, ways[i].text);
		if (!check(&vector))
			fail_msg("way %zu: %s", i, reason.bytes);
	}
}

static void keys_while_rotating(void **state)
{
	const struct app_pair rotated_key[] = {{{"key2", 4}, {"secret2", 7}}, key_b};
	const struct app_pair rotated_secret[] = {{{"key1", 4}, {"secret2", 7}}, key_b};
	const struct app_pair mixed[] = {{{"key1", 4}, {"secret2", 7}}, {{"key2", 4}, {"secret1", 7}}};
	(void)state;
	assert_true(check_with(&b[0], rotated_key, 2, NOW));
	assert_true(check_with(&b[0], rotated_secret, 2, NOW));
	/* Its own key's secret, not any. */
	assert_false(check_with(&b[0], mixed, 2, NOW));
}

static void many_parameters(void **state)
{
	struct buf query = {0};
	struct api_params params;
	(void)state;
	for (size_t i = 0; i < API_PARAMS_MAX; i++)
		buf_appendf(&query, "&a%zu=%zu", i, i);
	assert_true(api_params_init(&params, buf_slice(&query)));
	assert_int_equal(params.count, API_PARAMS_MAX);
	assert_true(
		cln_slice_equal(api_params_find(&params, CLN_SLICE("a255"))->value, CLN_SLICE("255")));
	assert_null(api_params_find(&params, CLN_SLICE("a256")));
	api_params_deinit(&params);
	buf_appendf(&query, "&b");
	assert_false(api_params_init(&params, buf_slice(&query)));
	api_params_deinit(&params);
	buf_deinit(&query);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_verify),
		cmocka_unit_test(changed_bytes_fail),
		cmocka_unit_test(window_of_time),
		cmocka_unit_test(reasons_name_what_is_wrong),
		cmocka_unit_test(wrong_secret_shows_the_text),
		cmocka_unit_test(ways_of_libraries),
		cmocka_unit_test(keys_while_rotating),
		cmocka_unit_test(many_parameters),
	};
	return cmocka_run_group_tests(tests, NULL, empty);
}
