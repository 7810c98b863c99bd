/* SPDX-License-Identifier: MIT
 *
 * Writing and reading the header and the records of a spool; the layout is the table in
 * spool_format.h. Works on borrowed bytes and keeps nothing.
 */
#include "spool_format.h"

#include "bytes.h"
#include "name.h"

#include <assert.h>

#define MAGIC         CLN_SLICE("CLNSPOOL")
#define VERSION       1
#define FLAG_WAS_SENT 1
#define BIRTH_SHIFT   20 /* of the milliseconds in a new file's base */

enum header_offset {
	AT_VERSION = 8,
	AT_CRC = 12,
	AT_COVERED = 16, /* by the CRC, from here to the end */
	AT_BASE = 16,
	AT_DONE = 24,
	AT_TRIED = 32,
	AT_END = 40,
	AT_APPENDED = 48,
	AT_REPLAYED = 56,
	AT_REPEATED = 64,
	AT_DROPPED = 72,
	AT_APP_LEN = AT_DROPPED + 8 * CLN_SPOOL_DROPS,
	AT_APP,
};

enum record_offset {
	AT_BODY_LEN = 0,
	AT_RECORD_CRC = 4,
	AT_TIME = CLN_SPOOL_RECORD_COVERED,
	AT_FLAGS = 16,
	AT_CHANNEL_LEN = CLN_SPOOL_RECORD_HEAD,
};

_Static_assert(AT_APP + CLN_APP_ID_MAX <= CLN_SPOOL_HEADER, "the longest id has room");

const char *const cln_spool_drop_names[CLN_SPOOL_DROPS] = {
	[CLN_SPOOL_DROP_EXPIRED] = "expired",
	[CLN_SPOOL_DROP_TORN] = "torn",
	[CLN_SPOOL_DROP_REFUSED] = "refused",
};

/* ---- records ---- */

size_t cln_spool_record_size(const struct cln_spool_record *record)
{
	return CLN_SPOOL_RECORD_HEAD + 1 + record->channel.len + record->envelope.len;
}

void cln_spool_record_write(char *out, const struct cln_spool_record *record)
{
	const size_t size = cln_spool_record_size(record);

	assert(record->channel.len >= 1 && record->channel.len <= UINT8_MAX);
	assert(record->envelope.len >= 1 && size - CLN_SPOOL_RECORD_HEAD <= UINT32_MAX);
	cln_put_u32(out + AT_BODY_LEN, (uint32_t)(size - CLN_SPOOL_RECORD_HEAD)); /* asserted */
	cln_put_u64(out + AT_TIME, record->time_ms);
	out[AT_FLAGS] = record->was_sent ? FLAG_WAS_SENT : 0;
	out[AT_CHANNEL_LEN] = (char)(unsigned char)record->channel.len; /* asserted */
	out += AT_CHANNEL_LEN + 1;
	memcpy(out, record->channel.ptr, record->channel.len);
	memcpy(out + record->channel.len, record->envelope.ptr, record->envelope.len);
	out -= AT_CHANNEL_LEN + 1;
	cln_put_u32(
		out + AT_RECORD_CRC, cln_crc32c(0, cln_slice(out + AT_TIME, size - (size_t)AT_TIME)));
}

size_t cln_spool_record_peek(const char *bytes)
{
	const uint32_t body = cln_get_u32(bytes + AT_BODY_LEN);
	const size_t channel = (unsigned char)bytes[AT_CHANNEL_LEN];

	if (body > CLN_SPOOL_BODY_MAX || channel == 0 || body < 1 + channel + CLN_ENVELOPE_FIXED)
		return 0;
	if ((bytes[AT_FLAGS] & ~FLAG_WAS_SENT) != 0)
		return 0;
	return CLN_SPOOL_RECORD_HEAD + body;
}

uint32_t cln_spool_record_crc(const char *bytes)
{
	return cln_get_u32(bytes + AT_RECORD_CRC);
}

int cln_spool_record_next(struct cln_slice *bytes, struct cln_spool_record *record)
{
	const char *in = bytes->ptr;
	size_t size, channel_len;

	if (bytes->len <= CLN_SPOOL_RECORD_HEAD)
		return CLN_ERR_MORE;
	size = cln_spool_record_peek(in);
	if (size == 0)
		return CLN_ERR_PROTOCOL;
	if (size > bytes->len)
		return CLN_ERR_MORE;
	if (cln_spool_record_crc(in) != cln_crc32c(0, cln_slice(in + AT_TIME, size - (size_t)AT_TIME)))
		return CLN_ERR_PROTOCOL;

	channel_len = (unsigned char)in[AT_CHANNEL_LEN];
	record->time_ms = cln_get_u64(in + AT_TIME);
	record->was_sent = in[AT_FLAGS] != 0;
	record->channel = cln_slice(in + AT_CHANNEL_LEN + 1, channel_len);
	record->envelope = cln_slice(record->channel.ptr + channel_len,
		size - CLN_SPOOL_RECORD_HEAD - 1 - channel_len); /* peek saw that there is an envelope */
	*bytes = cln_slice_from(*bytes, size);
	return CLN_OK;
}

/* ---- the header ---- */

static uint32_t header_crc(const char *bytes)
{
	return cln_crc32c(0, cln_slice(bytes + AT_COVERED, CLN_SPOOL_HEADER - AT_COVERED));
}

void cln_spool_header_init(struct cln_spool_header *header, int64_t now_ms, uint64_t body_len)
{
	*header = (struct cln_spool_header){.base = (uint64_t)now_ms << BIRTH_SHIFT};
	header->done = header->tried = header->base;
	header->end = header->base + body_len;
}

void cln_spool_header_write(
	char out[CLN_SPOOL_HEADER], const struct cln_spool_header *header, struct cln_slice app)
{
	assert(app.len <= CLN_APP_ID_MAX);
	memset(out, 0, CLN_SPOOL_HEADER);
	memcpy(out, MAGIC.ptr, MAGIC.len);
	cln_put_u32(out + AT_VERSION, VERSION);
	cln_put_u64(out + AT_BASE, header->base);
	cln_put_u64(out + AT_DONE, header->done);
	cln_put_u64(out + AT_TRIED, header->tried);
	cln_put_u64(out + AT_END, header->end);
	cln_put_u64(out + AT_APPENDED, header->appended);
	cln_put_u64(out + AT_REPLAYED, header->replayed);
	cln_put_u64(out + AT_REPEATED, header->repeated);
	for (size_t i = 0; i < CLN_SPOOL_DROPS; i++)
		cln_put_u64(out + AT_DROPPED + 8 * i, header->dropped[i]);
	out[AT_APP_LEN] = (char)app.len; /* asserted above */
	if (app.len > 0)
		memcpy(out + AT_APP, app.ptr, app.len);
	cln_put_u32(out + AT_CRC, header_crc(out));
}

static struct cln_slice read_app(const char *bytes)
{
	const struct cln_slice app = {bytes + AT_APP, (unsigned char)bytes[AT_APP_LEN]};

	return app.len <= CLN_APP_ID_MAX && cln_app_id_is_valid(app) ? app : cln_slice(NULL, 0);
}

int cln_spool_header_read(
	const char bytes[CLN_SPOOL_HEADER], struct cln_spool_header *header, struct cln_slice *app)
{
	*app = cln_slice(NULL, 0);
	if (!cln_slice_equal(cln_slice(bytes, MAGIC.len), MAGIC))
		return CLN_ERR_PROTOCOL;
	if (cln_get_u32(bytes + AT_VERSION) != VERSION)
		return CLN_ERR_VERSION;
	*app = read_app(bytes);
	header->base = cln_get_u64(bytes + AT_BASE);
	header->done = cln_get_u64(bytes + AT_DONE);
	header->tried = cln_get_u64(bytes + AT_TRIED);
	header->end = cln_get_u64(bytes + AT_END);
	header->appended = cln_get_u64(bytes + AT_APPENDED);
	header->replayed = cln_get_u64(bytes + AT_REPLAYED);
	header->repeated = cln_get_u64(bytes + AT_REPEATED);
	for (size_t i = 0; i < CLN_SPOOL_DROPS; i++)
		header->dropped[i] = cln_get_u64(bytes + AT_DROPPED + 8 * i);
	if (cln_get_u32(bytes + AT_CRC) != header_crc(bytes) || app->len == 0)
		return CLN_ERR_SIGNATURE;
	/* INT32_MAX of kilobytes: positions in the file stay far below what off_t holds. */
	if (header->base > header->done || header->done > header->tried ||
		header->tried > header->end || header->end - header->base > (uint64_t)INT32_MAX << 10)
		return CLN_ERR_SIGNATURE;
	return CLN_OK;
}
