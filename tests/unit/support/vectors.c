/* SPDX-License-Identifier: MIT
 *
 * The reader of vector files. Bare words are taken as they are; quoted fields know the escapes of
 * stripcslashes() that the files use, and "..."*N repeats a field.
 */
#include "vectors.h"

#include "wire/err.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#define LINE_MAX_BYTES  65536
#define FIELD_MAX_BYTES 65536

static void broken(const struct vectors *vectors, const char *what)
{
	fail_msg("wire/vectors/%s.txt:%u: %s", vectors->name, vectors->line, what);
}

struct cln_slice exact(struct cln_slice bytes)
{
	char *copy = malloc(bytes.len ? bytes.len : 1);

	assert_non_null(copy);
	if (bytes.len)
		memcpy(copy, bytes.ptr, bytes.len);
	return cln_slice(copy, bytes.len);
}

void release(struct cln_slice bytes)
{
	free((char *)bytes.ptr);
}

void vectors_open(struct vectors *vectors, const char *name)
{
	char path[128];

	*vectors = (struct vectors){.name = name};
	snprintf(path, sizeof path, "wire/vectors/%s.txt", name);
	vectors->file = fopen(path, "r");
	if (!vectors->file)
		fail_msg("%s can't be opened: run the test in the root of the repository", path);
}

static int hex_digit(int byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return -1;
}

/* One character of a quoted field; `*at` stands behind it afterwards. */
static char unescape(struct vectors *vectors, const char **at)
{
	const char escaped = **at;

	(*at)++;
	if (escaped != '\\')
		return escaped;
	switch (*(*at)++) {
	case 'r':
		return '\r';
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case '"':
		return '"';
	case '\\':
		return '\\';
	case 'x': {
		int high = hex_digit((*at)[0]), low = high < 0 ? -1 : hex_digit((*at)[1]);

		if (low < 0)
			broken(vectors, "\\x needs two lower-case hexadecimal digits");
		*at += 2;
		return (char)(high * 16 + low);
	}
	default:
		broken(vectors, "unknown escape");
		return 0;
	}
}

static size_t read_field(struct vectors *vectors, const char **at, char *out)
{
	const char *stop;
	size_t len = 0, once, times;

	if (**at != '"') {
		for (; **at && **at != ' '; (*at)++)
			out[len++] = **at;
		return len;
	}
	for ((*at)++; **at != '"';) {
		if (**at == '\0')
			broken(vectors, "quote without end");
		out[len++] = unescape(vectors, at);
	}
	(*at)++;
	if (**at != '*')
		return len;
	once = len;
	times = strtoul(*at + 1, (char **)&stop, 10);
	*at = stop;
	if (once && times > FIELD_MAX_BYTES / once)
		broken(vectors, "field too long");
	for (len = 0; len < once * times; len++)
		out[len] = out[len % once];
	return len;
}

static void split(struct vectors *vectors, const char *at)
{
	static char field[LINE_MAX_BYTES + FIELD_MAX_BYTES];

	while (*at) {
		if (*at == ' ') {
			at++;
			continue;
		}
		if (vectors->count == VECTOR_FIELDS_MAX)
			broken(vectors, "too many fields");
		size_t len = read_field(vectors, &at, field);
		vectors->field[vectors->count++] = exact(cln_slice(field, len));
	}
}

bool vectors_next(struct vectors *vectors)
{
	static char line[LINE_MAX_BYTES];

	for (size_t i = 0; i < vectors->count; i++)
		release(vectors->field[i]);
	vectors->count = 0;
	while (fgets(line, sizeof line, vectors->file)) {
		vectors->line++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		split(vectors, line);
		return true;
	}
	fclose(vectors->file);
	return false;
}

struct cln_slice vector_text(const struct vectors *vectors, size_t i)
{
	if (i >= vectors->count)
		broken(vectors, "a field is missing");
	return vectors->field[i];
}

bool vector_is(const struct vectors *vectors, size_t i, const char *word)
{
	return cln_slice_equal(vector_text(vectors, i), cln_slice_of(word));
}

long long vector_number(const struct vectors *vectors, size_t i)
{
	struct cln_slice text = vector_text(vectors, i);
	char digits[32] = "", *end;
	long long number;

	memcpy(digits, text.ptr, text.len < sizeof digits - 1 ? text.len : sizeof digits - 1);
	number = strtoll(digits, &end, 10);
	if (end == digits || *end)
		broken(vectors, "expected a number");
	return number;
}

uint64_t vector_hex(const struct vectors *vectors, size_t i)
{
	struct cln_slice text = vector_text(vectors, i);
	uint64_t number = 0;

	if (text.len == 0 || text.len > 16)
		broken(vectors, "expected up to 16 hexadecimal digits");
	for (size_t at = 0; at < text.len; at++) {
		int digit = hex_digit(text.ptr[at]);

		if (digit < 0)
			broken(vectors, "expected lower-case hexadecimal digits");
		number = number << 4 | (uint64_t)digit;
	}
	return number;
}

int vector_result(const struct vectors *vectors, size_t i)
{
	static const struct {
		const char *name;
		int result;
	} results[] = {
		{"ok", CLN_OK},
		{"more", CLN_ERR_MORE},
		{"protocol", CLN_ERR_PROTOCOL},
		{"limit", CLN_ERR_LIMIT},
		{"space", CLN_ERR_SPACE},
		{"version", CLN_ERR_VERSION},
		{"signature", CLN_ERR_SIGNATURE},
	};

	for (size_t r = 0; r < sizeof results / sizeof *results; r++) {
		if (vector_is(vectors, i, results[r].name))
			return results[r].result;
	}
	broken(vectors, "unknown result");
	return 0;
}

size_t unhex(struct cln_slice hex, unsigned char *out, size_t cap)
{
	assert_true(hex.len % 2 == 0 && hex.len / 2 <= cap);
	for (size_t i = 0; i < hex.len / 2; i++) {
		int high = hex_digit(hex.ptr[2 * i]), low = hex_digit(hex.ptr[2 * i + 1]);

		assert_true(high >= 0 && low >= 0);
		out[i] = (unsigned char)(high * 16 + low);
	}
	return hex.len / 2;
}
