/* SPDX-License-Identifier: MIT
 *
 * See inflater.h. Ends the program if the bytes are no such message.
 */
#include "inflater.h"

#include "message.h"

#include <err.h>
#include <stdlib.h>
#include <zlib.h>

#define RAW_WINDOW (-15)
#define TAIL_BYTES 4

struct inflater {
	z_stream stream;
	unsigned char text[MESSAGE_TEXT_MAX];
};

struct inflater *inflater_new(void)
{
	struct inflater *inflater = calloc(1, sizeof *inflater);

	if (!inflater || inflateInit2(&inflater->stream, RAW_WINDOW) != Z_OK)
		errx(1, "zlib");
	return inflater;
}

static void feed(struct inflater *inflater, const void *bytes, size_t len)
{
	z_stream *stream = &inflater->stream;
	int status;

	stream->next_in = (z_const Bytef *)bytes;
	stream->avail_in = (uInt)len;
	status = inflate(stream, Z_SYNC_FLUSH);
	if ((status != Z_OK && status != Z_BUF_ERROR) || stream->avail_in)
		errx(1, "a compressed message that zlib does not understand, or longer than any sent");
}

struct cln_slice inflater_text(struct inflater *inflater, struct cln_slice compressed)
{
	static const unsigned char tail[TAIL_BYTES] = {0, 0, 0xff, 0xff};

	inflateReset(&inflater->stream);
	inflater->stream.next_out = inflater->text;
	inflater->stream.avail_out = sizeof inflater->text;
	feed(inflater, compressed.ptr, compressed.len);
	feed(inflater, tail, sizeof tail); /* which the sender left out */
	return cln_slice(inflater->text, sizeof inflater->text - inflater->stream.avail_out);
}
