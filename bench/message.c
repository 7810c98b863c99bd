/* SPDX-License-Identifier: MIT
 *
 * See message.h. The fill is text, not noise, so that compression meets what it meets in life.
 */
#include "message.h"

#include <err.h>
#include <stdio.h>
#include <time.h>

#define STAMP_DIGITS  19
#define SERIAL_DIGITS 9
#define MARK_BYTES    (1 + STAMP_DIGITS + 1 + SERIAL_DIGITS)
#define HEAD_MAX      128
#define NS_PER_SECOND INT64_C(1000000000)
#define DECIMAL       10

static const char fill[] =
	"See you at the station at eight, I have the tickets. Platform 4, the train from the north; "
	"Alice and Bob come from work and bring something to eat. If it rains we meet inside, below "
	"the big clock, next to the bookshop that is always closed when one would need it. ";

static const char data_key[] = "\"data\":\"";
static const char tail[] = "\"}";

int64_t message_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

void message_write(
	char *out, size_t bytes, struct cln_slice channel, int64_t stamp, uint32_t serial)
{
	char head[HEAD_MAX];
	const int head_len = snprintf(head, sizeof head,
		"{\"event\":\"" MESSAGE_EVENT "\",\"channel\":\"%.*s\",\"data\":\"@%0*lld#%0*u:",
		(int)channel.len, channel.ptr, STAMP_DIGITS, (long long)stamp, SERIAL_DIGITS, serial);
	const size_t end = bytes - (sizeof tail - 1);

	if (head_len < 0 || (size_t)head_len >= sizeof head || (size_t)head_len > end)
		errx(1, "%zu bytes are too few for a message", bytes);
	memcpy(out, head, (size_t)head_len);
	for (size_t at = (size_t)head_len; at < end; at += sizeof fill - 1)
		memcpy(out + at, fill, end - at < sizeof fill - 1 ? end - at : sizeof fill - 1);
	memcpy(out + end, tail, sizeof tail - 1);
}

struct cln_slice message_data(struct cln_slice text)
{
	const char *const end = text.ptr + text.len;
	const char *at = memmem(text.ptr, text.len, data_key, sizeof data_key - 1);
	const char *quote;

	if (!at)
		return text;
	at += sizeof data_key - 1;
	quote = memchr(at, '"', (size_t)(end - at));
	return cln_slice(at, (size_t)((quote ? quote : end) - at));
}

static bool read_digits(const char *at, size_t count, int64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < count; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		*value = *value * DECIMAL + (at[i] - '0');
	}
	return true;
}

bool message_read(struct cln_slice text, int64_t *stamp, uint32_t *serial)
{
	const char *at = text.len ? memchr(text.ptr, '@', text.len) : NULL;
	int64_t number, time = 0;

	if (!at || text.ptr + text.len - at < MARK_BYTES || at[1 + STAMP_DIGITS] != '#' ||
		!read_digits(at + 1 + STAMP_DIGITS + 1, SERIAL_DIGITS, &number) ||
		(stamp && !read_digits(at + 1, STAMP_DIGITS, &time)))
		return false;
	if (stamp)
		*stamp = time;
	*serial = (uint32_t)number; /* of 9 digits */
	return true;
}
