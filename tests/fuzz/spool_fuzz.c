/* SPDX-License-Identifier: MIT */
/* sources: wire/spool.c wire/spool_replay.c wire/spool_format.c wire/crc32c.c wire/name.c */
/*
 * Any bytes as a spool file: records and headers that read well are written again as the same
 * bytes; opening mends or refuses; replaying ends, reads what a plain walk over the records finds
 * (at least), and leaves a file that takes events.
 */
#include "support/fuzz.h"
#include "wire/spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define APP       CLN_SLICE("a")
#define MAX_BYTES (1024 * 1024)

/* In the folder that the target runs in, its own. */
static const char path[] = "spool_fuzz.file";

static size_t walk(struct cln_slice bytes)
{
	struct cln_spool_record record;
	struct cln_slice rest = bytes;
	size_t count = 0;

	while (cln_spool_record_next(&rest, &record) == CLN_OK) {
		const size_t size = cln_spool_record_size(&record);
		char *again = malloc(size);

		claim(again != NULL && bytes.len - rest.len == size);
		cln_spool_record_write(again, &record);
		claim(memcmp(again, bytes.ptr, size) == 0);
		free(again);
		bytes = rest;
		count++;
	}
	return count;
}

static void header_again(struct cln_slice bytes)
{
	char again[CLN_SPOOL_HEADER];
	struct cln_spool_header header, second;
	struct cln_slice app;

	if (bytes.len < CLN_SPOOL_HEADER || cln_spool_header_read(bytes.ptr, &header, &app) != CLN_OK)
		return;
	cln_spool_header_write(again, &header, app);
	claim(cln_spool_header_read(again, &second, &app) == CLN_OK);
	claim(memcmp(&header, &second, sizeof header) == 0);
}

static void put_file(struct cln_slice bytes)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	claim(fd >= 0 && write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
	close(fd);
}

static size_t replay(struct cln_spool *spool, size_t len)
{
	static char bytes[CLN_SPOOL_RECORD_MAX];
	size_t count = 0, got;

	/* Each turn passes over a byte at least. */
	for (size_t turns = 0; !cln_spool_is_empty(spool); turns++) {
		struct cln_spool_progress progress = {0};
		uint64_t offset = 0;
		int result = cln_spool_read(spool, bytes, 256, &got, &offset);

		claim(turns <= len + 2);
		if (result == CLN_ERR_SPACE)
			result = cln_spool_read(spool, bytes, got, &got, &offset);
		if (result == CLN_ERR_PROTOCOL) {
			claim(cln_spool_cut(spool, offset) == CLN_OK);
			continue;
		}
		claim(result == CLN_OK && got > 0);
		count += walk(cln_slice(bytes, got));
		progress.offset = offset + got;
		claim(cln_spool_advance(spool, &progress) == CLN_OK);
	}
	return count;
}

static void as_a_file(struct cln_slice bytes)
{
	const size_t body = bytes.len > CLN_SPOOL_HEADER ? bytes.len - CLN_SPOOL_HEADER : 0;
	struct cln_spool spool;
	struct cln_spool_header header;
	struct stat st;

	put_file(bytes);
	if (cln_spool_open(&spool, path, APP, false) == CLN_OK) {
		claim(cln_spool_claim(&spool));
		claim(cln_spool_stat(&spool, &header) == CLN_OK);
		const bool is_all = header.done == header.base && header.end - header.base >= body;
		const size_t found = replay(&spool, bytes.len);

		if (is_all && body > 0)
			claim(found >= walk(cln_slice_from(bytes, CLN_SPOOL_HEADER)));
		claim(stat(path, &st) == 0 && st.st_size == CLN_SPOOL_HEADER);
		claim(cln_spool_append(&spool, cln_slice("x", 1), 1, MAX_BYTES) == CLN_OK);
	}
	cln_spool_close(&spool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cln_slice bytes = exact(cln_slice(data, size));

	walk(bytes);
	header_again(bytes);
	as_a_file(bytes);
	free((char *)bytes.ptr);
	return 0;
}
