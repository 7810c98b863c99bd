/* SPDX-License-Identifier: MIT */
/* sources: wire/spool.c wire/spool_replay.c wire/spool_format.c wire/crc32c.c wire/name.c */
/*
 * The spool's file in one process: bounds, torn and damaged files at every byte, files that are
 * removed, replaced, linked or somebody else's.
 */
#include "wire/spool.h"

#include "support/spool.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>

#define RECORDS 3

static struct cln_spool spool;
static struct numbers numbers;

static void open_spool(void)
{
	assert_int_equal(cln_spool_open(&spool, spool_file, APP, true), CLN_OK);
}

static int close_spool(void **state)
{
	cln_spool_close(&spool);
	return remove_spool(state);
}

static void append_records(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(append_number(&spool, i), CLN_OK);
}

/* Replays everything and tells how many of the first `count` numbers came, each once at most. */
static size_t replay_claimed(uint32_t count)
{
	size_t found = 0;

	assert_true(cln_spool_claim(&spool));
	replay_all(&spool, &numbers);
	assert_true(numbers.in_order);
	for (uint32_t i = 0; i < count; i++) {
		assert_true(numbers.seen[i] <= 1);
		found += numbers.seen[i];
	}
	assert_int_equal(numbers.count, found);
	assert_true(cln_spool_is_empty(&spool));
	return found;
}

static struct cln_spool_header stat_spool(void)
{
	struct cln_spool_header header;

	assert_int_equal(cln_spool_stat(&spool, &header), CLN_OK);
	return header;
}

/* ---- what works ---- */

static void appends_and_replays(void **state)
{
	struct cln_spool_header header;

	(void)state;
	open_spool();
	assert_true(cln_spool_is_empty(&spool));
	append_records(200);
	assert_false(cln_spool_is_empty(&spool));
	header = stat_spool();
	assert_int_equal(header.end - header.done, 200 * RECORD_LEN);
	assert_int_equal(replay_claimed(200), 200);
	assert_int_equal(size_of_spool(), CLN_SPOOL_HEADER);
	header = stat_spool();
	assert_int_equal(header.appended, 200);
	assert_int_equal(header.replayed, 200);
	append_records(2);
	assert_int_equal(replay_claimed(2), 2);
}

static void counts_are_kept(void **state)
{
	struct cln_spool_progress progress = {.replayed = 2, .repeated = 1, .dropped = {3, 4, 5}};
	struct cln_spool_header header;

	(void)state;
	open_spool();
	append_records(RECORDS);
	assert_true(cln_spool_claim(&spool));
	progress.offset = stat_spool().done + RECORD_LEN;
	assert_int_equal(cln_spool_advance(&spool, &progress), CLN_OK);
	progress.offset = stat_spool().end;
	assert_int_equal(cln_spool_advance(&spool, &progress), CLN_OK);
	cln_spool_close(&spool);
	open_spool();
	header = stat_spool();
	assert_int_equal(header.replayed, 4);
	assert_int_equal(header.repeated, 2);
	assert_int_equal(header.dropped[CLN_SPOOL_DROP_EXPIRED], 6);
	assert_int_equal(header.dropped[CLN_SPOOL_DROP_TORN], 8);
	assert_int_equal(header.dropped[CLN_SPOOL_DROP_REFUSED], 10);
}

static void reads_on_from_an_offset(void **state)
{
	char bytes[4 * RECORD_LEN];
	uint64_t offset = 0;
	size_t len;

	(void)state;
	open_spool();
	append_records(10);
	assert_int_equal(cln_spool_read(&spool, bytes, 2 * RECORD_LEN + 5, &len, &offset), CLN_OK);
	assert_int_equal(len, 2 * RECORD_LEN);
	assert_true(offset == stat_spool().done);
	offset += len;
	memset(&numbers, 0, sizeof numbers);
	assert_int_equal(cln_spool_read(&spool, bytes, sizeof bytes, &len, &offset), CLN_OK);
	note_records(&numbers, cln_slice(bytes, len));
	assert_int_equal(numbers.count, 4);
	assert_int_equal(numbers.last, 5);
	offset = stat_spool().end;
	assert_int_equal(cln_spool_read(&spool, bytes, sizeof bytes, &len, &offset), CLN_OK);
	assert_int_equal(len, 0);
}

static void a_large_record_asks_for_room(void **state)
{
	char small[4096], *large = malloc(CLN_SPOOL_RECORD_MAX);
	char *envelope = calloc(1, 100000);
	const struct cln_spool_record record = {
		.channel = CLN_SLICE("ch"), .envelope = {envelope, 100000}};
	const size_t size = cln_spool_record_size(&record);
	uint64_t offset = 0;
	size_t len;

	(void)state;
	open_spool();
	cln_spool_record_write(large, &record);
	assert_int_equal(cln_spool_append(&spool, cln_slice(large, size), 1, MAX_BYTES), CLN_OK);
	assert_int_equal(cln_spool_read(&spool, small, sizeof small, &len, &offset), CLN_ERR_SPACE);
	assert_int_equal(len, size);
	assert_int_equal(cln_spool_read(&spool, large, len, &len, &offset), CLN_OK);
	assert_int_equal(len, size);
	free(envelope);
	free(large);
}

/* ---- bounds ---- */

static void what_waits_is_bounded(void **state)
{
	char record[RECORD_LEN];
	const uint64_t max = RECORDS * RECORD_LEN;

	(void)state;
	open_spool();
	append_records(RECORDS - 1);
	assert_int_equal(cln_spool_append(&spool, numbered(record, 2), 1, max - 1), CLN_ERR_LIMIT);
	assert_int_equal(cln_spool_append(&spool, numbered(record, 2), 1, max), CLN_OK);
	assert_int_equal(cln_spool_append(&spool, numbered(record, 3), 1, max), CLN_ERR_LIMIT);
	assert_int_equal(cln_spool_append(&spool, numbered(record, 3), 1, 1), CLN_ERR_LIMIT);
	assert_int_equal(size_of_spool(), CLN_SPOOL_HEADER + max);
	assert_int_equal(replay_claimed(RECORDS), RECORDS);
	assert_int_equal(cln_spool_append(&spool, numbered(record, 0), 1, max), CLN_OK);
}

/* Room comes back while somebody replays, up to twice the bound. */
static void done_bytes_make_room_up_to_twice_the_bound(void **state)
{
	char record[RECORD_LEN];
	const uint64_t max = 4 * RECORD_LEN;
	struct cln_spool_progress progress = {0};
	uint32_t appended = 0;

	(void)state;
	open_spool();
	assert_true(cln_spool_claim(&spool));
	while (cln_spool_append(&spool, numbered(record, appended), 1, max) == CLN_OK)
		appended++;
	assert_int_equal(appended, 4);
	for (uint32_t i = 0; i < 10; i++) {
		progress.offset = stat_spool().done + RECORD_LEN;
		assert_int_equal(cln_spool_advance(&spool, &progress), CLN_OK);
		if (cln_spool_append(&spool, numbered(record, appended), 1, max) == CLN_OK)
			appended++;
		assert_in_range(size_of_spool(), CLN_SPOOL_HEADER, CLN_SPOOL_HEADER + 2 * (off_t)max);
	}
	assert_int_equal(appended, 11); /* refused while the file was long, until all 8 were done */
}

/* ---- torn and damaged files ---- */

static void a_torn_append_is_overwritten(void **state)
{
	char record[RECORD_LEN];

	(void)state;
	for (size_t cut = 0; cut <= RECORD_LEN; cut++) {
		open_spool();
		append_records(RECORDS);
		assert_int_equal(
			pwrite(spool.fd, numbered(record, 99).ptr, cut, size_of_spool()), (ssize_t)cut);
		assert_int_equal(append_number(&spool, RECORDS), CLN_OK);
		assert_int_equal(replay_claimed(RECORDS + 1), RECORDS + 1);
		assert_int_equal(stat_spool().dropped[CLN_SPOOL_DROP_TORN], 0);
		close_spool(NULL);
	}
}

static void a_file_cut_at_every_byte(void **state)
{
	const size_t whole = CLN_SPOOL_HEADER + RECORDS * RECORD_LEN;

	(void)state;
	for (size_t cut = 0; cut < whole; cut++) {
		const size_t left = cut < CLN_SPOOL_HEADER ? 0 : (cut - CLN_SPOOL_HEADER) / RECORD_LEN;

		open_spool();
		append_records(RECORDS);
		assert_int_equal(truncate(spool_file, (off_t)cut), 0);
		assert_int_equal(append_number(&spool, RECORDS), CLN_OK);
		assert_int_equal(replay_claimed(RECORDS + 1), left + 1);
		assert_int_equal(numbers.last, RECORDS);
		assert_int_equal(size_of_spool(), CLN_SPOOL_HEADER);
		assert_int_equal(stat_spool().dropped[CLN_SPOOL_DROP_TORN], cut >= CLN_SPOOL_HEADER);
		close_spool(NULL);
	}
}

/* A damaged record is lost, and only that one. */
static void records_damaged_at_every_byte(void **state)
{
	char *bytes;
	size_t len;

	(void)state;
	open_spool();
	append_records(RECORDS);
	bytes = read_file(&len);
	for (size_t at = CLN_SPOOL_HEADER; at < len; at++) {
		bytes[at] = (char)(bytes[at] ^ 0x55);
		write_file(bytes, len);
		bytes[at] = (char)(bytes[at] ^ 0x55);
		assert_int_equal(replay_claimed(RECORDS), RECORDS - 1);
		assert_int_equal(numbers.seen[(at - CLN_SPOOL_HEADER) / RECORD_LEN], 0);
		assert_int_equal(stat_spool().dropped[CLN_SPOOL_DROP_TORN], 1);
	}
	free(bytes);
}

/* Behind the signature and the version everything can be mended: all records wait again. */
static void headers_damaged_at_every_byte(void **state)
{
	char *bytes;
	size_t len;

	(void)state;
	open_spool();
	append_records(RECORDS);
	cln_spool_close(&spool);
	bytes = read_file(&len);
	for (size_t at = 0; at < CLN_SPOOL_HEADER; at++) {
		const int old = bytes[at];
		int result;

		bytes[at] = (char)(old ^ 1);
		write_file(bytes, len);
		bytes[at] = (char)old;
		result = cln_spool_open(&spool, spool_file, APP, false);
		if (at < 8)
			assert_int_equal(result, CLN_ERR_PROTOCOL);
		else if (at < 12)
			assert_int_equal(result, CLN_ERR_VERSION);
		else if (result == CLN_ERR_PROTOCOL)
			assert_in_range(at, 96, 100); /* another application's id */
		else
			assert_int_equal(replay_claimed(RECORDS), RECORDS);
		cln_spool_close(&spool);
	}
	free(bytes);
}

/* Nothing in it is a record: the search ends, in pieces. */
static void garbage_is_passed_over(void **state)
{
	const size_t len = 3 * 1024 * 1024;
	struct cln_spool_header header;
	char *bytes = malloc(len);
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (char)(seed >> 24);
	}
	cln_spool_header_init(&header, 1700000000123, len - CLN_SPOOL_HEADER);
	cln_spool_header_write(bytes, &header, APP);
	write_file(bytes, len);
	open_spool();
	assert_int_equal(append_number(&spool, 0), CLN_OK);
	assert_int_equal(replay_claimed(1), 1);
	assert_in_range(stat_spool().dropped[CLN_SPOOL_DROP_TORN], 1, 4);
	free(bytes);
}

/* Heads of large records at every 18 bytes, none of them one: given up when that costs too much. */
static void a_file_made_to_be_slow_is_given_up(void **state)
{
	const size_t len = 8 * 1024 * 1024;
	struct cln_spool_header header;
	char *bytes = calloc(1, len);

	(void)state;
	for (size_t at = CLN_SPOOL_HEADER; at + 18 <= len; at += 18) {
		cln_put_u32(bytes + at, 2 * 1024 * 1024);
		bytes[at + 17] = 1;
	}
	cln_spool_header_init(&header, 1700000000123, len - CLN_SPOOL_HEADER);
	cln_spool_header_write(bytes, &header, APP);
	write_file(bytes, len);
	open_spool();
	assert_int_equal(replay_claimed(1), 0);
	assert_int_equal(stat_spool().dropped[CLN_SPOOL_DROP_TORN], 1);
	free(bytes);
}

/* A header whose numbers point behind the file. */
static void an_end_behind_the_file(void **state)
{
	char bytes[CLN_SPOOL_HEADER];
	struct cln_spool_header header;

	(void)state;
	cln_spool_header_init(&header, 1700000000123, (uint64_t)1 << 40);
	cln_spool_header_write(bytes, &header, APP);
	write_file(bytes, sizeof bytes);
	open_spool();
	assert_int_equal(append_number(&spool, 0), CLN_ERR_LIMIT);
	assert_int_equal(replay_claimed(1), 0);
	assert_int_equal(append_number(&spool, 0), CLN_OK);
	assert_int_equal(replay_claimed(1), 1);
}

/* ---- other files ---- */

static void a_removed_file_is_made_anew(void **state)
{
	(void)state;
	open_spool();
	append_records(RECORDS);
	unlink(spool_file);
	assert_true(cln_spool_is_empty(&spool));
	assert_int_equal(size_of_spool(), -1);
	assert_int_equal(append_number(&spool, 0), CLN_OK);
	assert_int_equal(replay_claimed(RECORDS), 1);
}

static void a_replaced_file_is_noticed(void **state)
{
	struct cln_spool other;

	(void)state;
	open_spool();
	append_records(RECORDS);
	assert_int_equal(rename(spool_file, spool_lock_file), 0);
	assert_int_equal(cln_spool_open(&other, spool_file, APP, true), CLN_OK);
	assert_int_equal(append_number(&other, 0), CLN_OK);
	cln_spool_close(&other);
	assert_int_equal(append_number(&spool, 1), CLN_OK);
	unlink(spool_lock_file);
	assert_int_equal(replay_claimed(RECORDS), 2);
}

/* What was read from the old file says nothing about the new one. */
static void progress_of_a_replaced_file_is_forgotten(void **state)
{
	char bytes[4096];
	struct cln_spool_progress progress = {.replayed = 1};
	uint64_t offset = 0;
	size_t len;

	(void)state;
	open_spool();
	append_records(RECORDS);
	assert_true(cln_spool_claim(&spool));
	assert_int_equal(cln_spool_read(&spool, bytes, sizeof bytes, &len, &offset), CLN_OK);
	unlink(spool_file);
	progress.offset = offset + len;
	assert_int_equal(cln_spool_advance(&spool, &progress), CLN_OK);
	assert_int_equal(size_of_spool(), -1);
	usleep(2000); /* a file born later: its offsets begin with its time */
	append_records(RECORDS);
	assert_int_equal(cln_spool_advance(&spool, &progress), CLN_OK);
	assert_int_equal(stat_spool().replayed, 0);
	assert_int_equal(replay_claimed(RECORDS), RECORDS);
}

/* Others may append behind it and replay in front of it. */
static void own_records_wait_until_they_are_done(void **state)
{
	struct cln_spool other;
	struct cln_spool_progress progress = {0};
	char bytes[RECORD_LEN];
	size_t len;

	(void)state;
	open_spool();
	assert_int_equal(cln_spool_open(&other, spool_file, APP, true), CLN_OK);
	assert_false(cln_spool_own_waits(&spool));
	assert_int_equal(append_number(&other, 0), CLN_OK);
	assert_false(cln_spool_own_waits(&spool));
	assert_int_equal(append_number(&spool, 1), CLN_OK);
	assert_int_equal(append_number(&other, 2), CLN_OK);
	for (int i = 0; i < 2; i++) {
		assert_true(cln_spool_own_waits(&spool));
		assert_true(cln_spool_claim(&other));
		progress.offset = 0;
		assert_int_equal(
			cln_spool_read(&other, bytes, sizeof bytes, &len, &progress.offset), CLN_OK);
		progress.offset += len;
		assert_int_equal(cln_spool_advance(&other, &progress), CLN_OK);
		cln_spool_unclaim(&other);
	}
	assert_false(cln_spool_own_waits(&spool));
	assert_true(cln_spool_own_waits(&other));
	assert_int_equal(unlink(spool_file), 0);
	assert_false(cln_spool_own_waits(&other));
	cln_spool_close(&other);
}

static void a_missing_file_is_not_made_by_readers(void **state)
{
	uint64_t offset = 0;
	size_t len;
	char bytes[64];

	(void)state;
	assert_int_equal(cln_spool_open(&spool, spool_file, cln_slice(NULL, 0), false), CLN_ERR_SYSTEM);
	assert_int_equal(errno, ENOENT);
	assert_true(cln_spool_is_empty(&spool));
	assert_int_equal(cln_spool_read(&spool, bytes, sizeof bytes, &len, &offset), CLN_OK);
	assert_int_equal(len, 0);
	assert_int_equal(cln_spool_append(&spool, cln_slice("", 0), 0, MAX_BYTES), CLN_ERR_SYSTEM);
	assert_int_equal(size_of_spool(), -1);
}

static void any_application_or_the_one_named(void **state)
{
	struct cln_spool other;

	(void)state;
	open_spool();
	append_records(RECORDS);
	assert_int_equal(cln_spool_open(&other, spool_file, CLN_SLICE("app2"), true), CLN_ERR_PROTOCOL);
	cln_spool_close(&other);
	assert_int_equal(cln_spool_open(&other, spool_file, cln_slice(NULL, 0), false), CLN_OK);
	assert_string_equal(other.app, "app1");
	cln_spool_close(&other);
	assert_int_equal(
		cln_spool_open(&other, spool_file, CLN_SLICE("../.."), true), CLN_ERR_PROTOCOL);
	cln_spool_close(&other);
}

static void what_is_no_spool_is_left_alone(void **state)
{
	static const char text[] = "root:x:0:0:root:/root:/bin/bash\n";
	char *bytes;
	size_t len;

	(void)state;
	write_file(text, sizeof text);
	assert_int_equal(cln_spool_open(&spool, spool_file, APP, true), CLN_ERR_PROTOCOL);
	assert_int_equal(append_number(&spool, 0), CLN_ERR_PROTOCOL);
	assert_true(cln_spool_is_empty(&spool));
	bytes = read_file(&len);
	assert_int_equal(len, sizeof text);
	assert_memory_equal(bytes, text, len);
	free(bytes);
}

static void links_folders_and_pipes_are_refused(void **state)
{
	char target[96];

	(void)state;
	snprintf(target, sizeof target, "%s/target", spool_folder);
	write_file("", 0);
	assert_int_equal(rename(spool_file, target), 0);
	assert_int_equal(symlink(target, spool_file), 0);
	assert_int_equal(cln_spool_open(&spool, spool_file, APP, true), CLN_ERR_SYSTEM);
	assert_int_equal(errno, ELOOP);
	unlink(spool_file);
	assert_int_equal(link(target, spool_file), 0);
	assert_int_equal(cln_spool_open(&spool, spool_file, APP, true), CLN_ERR_PROTOCOL);
	unlink(spool_file);
	assert_int_equal(mkfifo(spool_file, 0600), 0);
	assert_int_equal(cln_spool_open(&spool, spool_file, APP, true), CLN_ERR_PROTOCOL);
	unlink(spool_file);
	assert_int_equal(mkdir(spool_file, 0700), 0);
	assert_int_equal(cln_spool_open(&spool, spool_file, APP, true), CLN_ERR_PROTOCOL);
	rmdir(spool_file);
	unlink(target);
}

static void a_linked_claim_is_refused(void **state)
{
	(void)state;
	open_spool();
	assert_int_equal(symlink(spool_file, spool_lock_file), 0);
	assert_false(cln_spool_claim(&spool));
	unlink(spool_lock_file);
	assert_true(cln_spool_claim(&spool));
}

static void paths_have_a_bound(void **state)
{
	char path[CLN_SPOOL_PATH_MAX + 2];

	(void)state;
	memset(path, 'a', sizeof path);
	path[sizeof path - 1] = '\0';
	assert_int_equal(cln_spool_open(&spool, path, APP, true), CLN_ERR_SYSTEM);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_int_equal(cln_spool_open(&spool, "/nowhere/at/all", APP, true), CLN_ERR_SYSTEM);
	assert_int_equal(errno, ENOENT);
}

static void only_the_replayer_moves_on(void **state)
{
	const struct cln_spool_progress progress = {.offset = 1};

	(void)state;
	open_spool();
	append_records(RECORDS);
	assert_int_equal(cln_spool_advance(&spool, &progress), CLN_ERR_PROTOCOL);
	assert_true(cln_spool_claim(&spool));
	assert_int_equal(cln_spool_advance(&spool, &progress), CLN_OK);
	unlink(spool_lock_file);
	assert_int_equal(cln_spool_advance(&spool, &progress), CLN_ERR_PROTOCOL);
	assert_int_equal(replay_claimed(RECORDS), RECORDS);
}

static void what_was_tried_is_known_to_the_next_one(void **state)
{
	struct cln_spool_progress progress = {0};
	struct cln_spool_header header;

	(void)state;
	open_spool();
	append_records(RECORDS);
	assert_int_equal(cln_spool_try(&spool, stat_spool().end), CLN_ERR_PROTOCOL);
	assert_true(cln_spool_claim(&spool));
	assert_int_equal(cln_spool_try(&spool, stat_spool().done + RECORD_LEN), CLN_OK);
	assert_int_equal(cln_spool_try(&spool, stat_spool().end + 1), CLN_OK); /* nothing there */
	cln_spool_close(&spool);
	open_spool();
	header = stat_spool();
	assert_true(header.tried == header.done + RECORD_LEN);
	progress.offset = header.done + 2 * RECORD_LEN;
	assert_true(cln_spool_claim(&spool));
	assert_int_equal(cln_spool_advance(&spool, &progress), CLN_OK);
	header = stat_spool();
	assert_true(header.tried == header.done);
	assert_int_equal(replay_claimed(RECORDS), 1);
}

static void notes_beside_the_claim(void **state)
{
	struct cln_spool_note note = {.offset = 1};

	(void)state;
	open_spool();
	append_records(RECORDS);
	assert_true(cln_spool_claim(&spool));
	cln_spool_read_note(&spool, &note);
	assert_true(note.offset == 0 && note.until_ms == 0);
	note.offset = stat_spool().done + RECORD_LEN;
	note.until_ms = 1700000000123;
	cln_spool_write_note(&spool, &note);
	cln_spool_unclaim(&spool);
	assert_true(cln_spool_claim(&spool));
	cln_spool_read_note(&spool, &note);
	assert_true(note.offset == stat_spool().done + RECORD_LEN && note.until_ms == 1700000000123);
	assert_int_equal(cln_spool_try(&spool, stat_spool().end), CLN_OK);
	cln_spool_read_note(&spool, &note);
	assert_true(note.offset == stat_spool().end); /* what was tried was sent, too */
	assert_int_equal(replay_claimed(RECORDS), RECORDS);
	assert_int_equal(pwrite(spool.replay_fd, "x", 1, 3), 1);
	cln_spool_read_note(&spool, &note);
	assert_true(note.offset == 0 && note.until_ms == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(appends_and_replays, close_spool),
		cmocka_unit_test_teardown(counts_are_kept, close_spool),
		cmocka_unit_test_teardown(reads_on_from_an_offset, close_spool),
		cmocka_unit_test_teardown(a_large_record_asks_for_room, close_spool),
		cmocka_unit_test_teardown(what_waits_is_bounded, close_spool),
		cmocka_unit_test_teardown(done_bytes_make_room_up_to_twice_the_bound, close_spool),
		cmocka_unit_test_teardown(a_torn_append_is_overwritten, close_spool),
		cmocka_unit_test_teardown(a_file_cut_at_every_byte, close_spool),
		cmocka_unit_test_teardown(records_damaged_at_every_byte, close_spool),
		cmocka_unit_test_teardown(headers_damaged_at_every_byte, close_spool),
		cmocka_unit_test_teardown(garbage_is_passed_over, close_spool),
		cmocka_unit_test_teardown(a_file_made_to_be_slow_is_given_up, close_spool),
		cmocka_unit_test_teardown(an_end_behind_the_file, close_spool),
		cmocka_unit_test_teardown(a_removed_file_is_made_anew, close_spool),
		cmocka_unit_test_teardown(a_replaced_file_is_noticed, close_spool),
		cmocka_unit_test_teardown(progress_of_a_replaced_file_is_forgotten, close_spool),
		cmocka_unit_test_teardown(own_records_wait_until_they_are_done, close_spool),
		cmocka_unit_test_teardown(a_missing_file_is_not_made_by_readers, close_spool),
		cmocka_unit_test_teardown(any_application_or_the_one_named, close_spool),
		cmocka_unit_test_teardown(what_is_no_spool_is_left_alone, close_spool),
		cmocka_unit_test_teardown(links_folders_and_pipes_are_refused, close_spool),
		cmocka_unit_test_teardown(a_linked_claim_is_refused, close_spool),
		cmocka_unit_test_teardown(paths_have_a_bound, close_spool),
		cmocka_unit_test_teardown(only_the_replayer_moves_on, close_spool),
		cmocka_unit_test_teardown(what_was_tried_is_known_to_the_next_one, close_spool),
		cmocka_unit_test_teardown(notes_beside_the_claim, close_spool),
	};

	return cmocka_run_group_tests(tests, make_spool_folder, remove_spool_folder);
}
