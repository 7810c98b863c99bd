/* SPDX-License-Identifier: MIT
 *
 * What the spool's tests share: a folder of their own, numbered records, and a replayer that notes
 * which numbers it read.
 */
#ifndef TEST_SPOOL_H
#define TEST_SPOOL_H

#include "wire/bytes.h"
#include "wire/spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define APP         CLN_SLICE("app1")
#define MAX_BYTES   (64 * 1024 * 1024)
#define RECORD_LEN  (CLN_SPOOL_RECORD_HEAD + 1 + 2 + CLN_ENVELOPE_FIXED + 5)
#define NUMBERS_MAX 65536

static char spool_folder[] = "/tmp/clairon-spool-XXXXXX";
static char spool_file[64], spool_lock_file[80];

static inline int make_spool_folder(void **state)
{
	(void)state;
	if (mkdtemp(spool_folder) == NULL)
		return -1;
	snprintf(spool_file, sizeof spool_file, "%s/spool", spool_folder);
	snprintf(spool_lock_file, sizeof spool_lock_file, "%s.replay", spool_file);
	return 0;
}

static inline int remove_spool(void **state)
{
	(void)state;
	unlink(spool_file);
	unlink(spool_lock_file);
	return 0;
}

static inline int remove_spool_folder(void **state)
{
	remove_spool(state);
	return rmdir(spool_folder);
}

/* A record of RECORD_LEN bytes that carries a number. */
static inline struct cln_slice numbered(char out[RECORD_LEN], uint32_t number)
{
	char envelope[CLN_ENVELOPE_FIXED + 5] = {1};
	const struct cln_spool_record record = {.time_ms = 1700000000123,
		.channel = CLN_SLICE("ch"),
		.envelope = {envelope, sizeof envelope}};

	cln_put_u32(envelope + CLN_ENVELOPE_FIXED, number);
	envelope[CLN_ENVELOPE_FIXED + 4] = '.'; /* a hole in the file can't put it right */
	cln_spool_record_write(out, &record);
	return cln_slice(out, RECORD_LEN);
}

static inline int append_number(struct cln_spool *spool, uint32_t number)
{
	char record[RECORD_LEN];

	return cln_spool_append(spool, numbered(record, number), 1, MAX_BYTES);
}

/* How often each number was read. */
struct numbers {
	unsigned char seen[NUMBERS_MAX];
	size_t count;
	uint32_t last;
	bool in_order;
};

static inline void note_records(struct numbers *numbers, struct cln_slice bytes)
{
	struct cln_spool_record record;

	while (cln_spool_record_next(&bytes, &record) == CLN_OK) {
		const uint32_t number = cln_get_u32(record.envelope.ptr + CLN_ENVELOPE_FIXED);

		if (numbers->count > 0 && number <= numbers->last)
			numbers->in_order = false;
		numbers->last = number;
		numbers->count++;
		if (number < NUMBERS_MAX)
			numbers->seen[number]++;
	}
}

/* Reads once and moves on; false if nothing waited. */
static inline bool replay_some(struct cln_spool *spool, struct numbers *numbers)
{
	static char bytes[CLN_SPOOL_RECORD_MAX];
	size_t len;
	uint64_t offset = 0;
	const size_t before = numbers->count;
	int result = cln_spool_read(spool, bytes, 4096, &len, &offset);

	if (result == CLN_ERR_SPACE)
		result = cln_spool_read(spool, bytes, len, &len, &offset);
	if (result == CLN_ERR_PROTOCOL)
		return cln_spool_cut(spool, offset) == CLN_OK;
	if (result != CLN_OK || len == 0)
		return false;
	note_records(numbers, cln_slice(bytes, len));

	const struct cln_spool_progress progress = {
		.offset = offset + len, .replayed = numbers->count - before};

	do
		result = cln_spool_advance(spool, &progress);
	while (result == CLN_ERR_MORE);
	return result == CLN_OK;
}

static inline void replay_all(struct cln_spool *spool, struct numbers *numbers)
{
	memset(numbers, 0, sizeof *numbers);
	numbers->in_order = true;
	while (replay_some(spool, numbers))
		;
}

static inline off_t size_of_spool(void)
{
	struct stat st;

	return stat(spool_file, &st) == 0 ? st.st_size : -1;
}

/* The file's bytes, for the caller to free. */
static inline char *read_file(size_t *len)
{
	const int fd = open(spool_file, O_RDONLY);
	char *bytes;

	*len = (size_t)size_of_spool();
	bytes = malloc(*len);
	if (bytes == NULL || fd < 0 || read(fd, bytes, *len) != (ssize_t)*len)
		abort();
	close(fd);
	return bytes;
}

static inline void write_file(const char *bytes, size_t len)
{
	const int fd = open(spool_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	close(fd);
}

#endif
