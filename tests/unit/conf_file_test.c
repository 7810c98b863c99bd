/* SPDX-License-Identifier: MIT
 *
 * The configuration file: what is understood, every refusal with its line, the traps of INI files
 * (comments in values, long lines, byte order mark, CRLF, doubles, indented lines).
 */
/* sources: relay/conf.c relay/conf_table.c relay/conf_value.c relay/conf_webhook.c */
/* sources: relay/conf_file.c relay/conf_env.c */
/* sources: relay/conf_memory.c relay/base/xalloc.c relay/base/log.c relay/base/clock.c */
/* sources: relay/base/utf8.c */
/* sources: relay/conf_flags.c relay/conf_check.c relay/conf_print.c wire/name.c */
/* sources: relay/redis_address.c */
/* libs: */
#include "conf_test.h"

#define APP "[app:a]\nkey = k\nsecret = s\n"

static void expect(const char *text, const char *errors)
{
	struct loaded loaded = {0};
	load_file(&loaded, text);
	assert_errors(&loaded, errors);
	assert_int_equal(loaded.result, errors[0] == '\0' ? CONF_OK : CONF_INVALID);
	unload(&loaded);
}

static void values_keep_semicolons_and_hashes(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load_file(
		&loaded, "[app:a]\nkey=k\nsecret = a;b#c=d:e\n[relay]\ningest = unix:/tmp/a ; b # c\n");
	assert_errors(&loaded, "");
	assert_string_equal(loaded.conf.apps[0].secret, "a;b#c=d:e");
	assert_string_equal(loaded.conf.ingest[0], "unix:/tmp/a ; b # c");
	unload(&loaded);
}

static void comments_and_blank_lines(void **state)
{
	(void)state;
	expect("# one\n; two\n  # three\n\t\n\n" APP "# workers = x\n", "");
}

static void byte_order_mark_and_crlf(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load_file(
		&loaded, "\xef\xbb\xbf[relay]\r\nworkers = 3\r\n[app:a]\r\nkey = k\r\nsecret = s\r\n");
	assert_errors(&loaded, "");
	assert_int_equal(loaded.conf.workers, 3);
	assert_string_equal(loaded.conf.apps[0].secret, "s");
	unload(&loaded);
}

static void no_last_newline(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load_file(&loaded, "[app:a]\nkey = k\nsecret = last");
	assert_errors(&loaded, "");
	assert_string_equal(loaded.conf.apps[0].secret, "last");
	unload(&loaded);
}

static void an_indented_line_is_a_line(void **state)
{
	(void)state;
	expect("[relay]\nbus_prefix = a\n  workers = x\n" APP,
		PROBLEM("$F:3", "workers: \"x\" is not a whole number from 0 to 64"));
}

/* A comment of `len` bytes on line 1 and a problem on line 2. */
static void expect_length(size_t len, bool is_good)
{
	char *text;
	size_t size;
	struct loaded loaded = {0};
	FILE *stream = open_memstream(&text, &size);
	fputc('#', stream);
	for (size_t i = 1; i < len; i++) {
		fputc('x', stream);
	}
	fputs("\nworkers = 1\n", stream);
	fclose(stream);
	load_file(&loaded, text);
	assert_errors(&loaded,
		is_good ? PROBLEM("$F:2", "a setting before the first section; put [relay] above it")
				: PROBLEM("$F:1", "the line is longer than 1024 bytes; shorten it")
					  PROBLEM("$F:2", "a setting before the first section; put [relay] above it"));
	free(text);
	unload(&loaded);
}

static void lines_at_their_limit(void **state)
{
	(void)state;
	expect_length(1023, true);
	expect_length(1024, true);
	expect_length(1025, false);
	expect_length(5000, false);
}

static void unknown_names_get_the_nearest(void **state)
{
	(void)state;
	expect("[relay]\nworker = 1\n" APP,
		PROBLEM("$F:2", "worker is not a setting of [relay]; did you mean workers?"));
	expect("[relay]\nzzzzzzzzzzz = 1\n" APP,
		PROBLEM("$F:2",
			"zzzzzzzzzzz is not a setting of [relay]; clairon-relay --help-all lists all of them"));
	expect(APP "member = 1\n",
		PROBLEM("$F:4", "member is not a setting of [app:ID]; did you mean members?"));
	expect(APP "workers = 1\n",
		PROBLEM("$F:4", "workers does not belong into [app:ID] but into [relay]"));
	expect("[relay]\nsecret = hidden\n" APP,
		PROBLEM("$F:2", "secret does not belong into [relay] but into [app:ID]"));
	expect("[relay]\nWorkers = 1\n" APP,
		PROBLEM("$F:2", "Workers is not a setting of [relay]; did you mean workers?"));
}

static void doubles_are_refused(void **state)
{
	(void)state;
	expect("[relay]\nworkers = 1\n\nworkers = 2\n" APP,
		PROBLEM("$F:4", "workers stands here and on line 2; remove one"));
	expect("[relay]\n" APP "[relay]\n",
		PROBLEM("$F:5", "[relay] stands here and on line 1; join the two"));
	expect(APP "key = other\n", PROBLEM("$F:4", "key stands twice in [app:a]; remove one"));
}

static void sections(void **state)
{
	(void)state;
	expect("[server]\nworkers = 1\n" APP,
		PROBLEM("$F:1", "[server] is not a section; there are [relay] and [app:ID]"));
	expect("workers = 1\n" APP,
		PROBLEM("$F:1", "a setting before the first section; put [relay] above it"));
	expect("[app:]\nkey = k\n" APP,
		PROBLEM("$F:1", "application id \"\" must be 1 to 64 of A-Z a-z 0-9 _ and -"));
	expect("[app:a b]\n" APP,
		PROBLEM("$F:1", "application id \"a b\" must be 1 to 64 of A-Z a-z 0-9 _ and -"));
	expect("[ relay ]\nworkers = 1\n" APP, "");
}

static void lines_that_are_nothing(void **state)
{
	(void)state;
	expect("[relay]\nworkers 3\n" APP,
		PROBLEM("$F:2", "\"workers...\" is neither [section] nor key = value nor a comment"));
	expect(APP "secret: hidden\n",
		PROBLEM("$F:4", "\"secret...\" is neither [section] nor key = value nor a comment"));
	expect("[relay\n" APP,
		PROBLEM("$F:1", "\"[relay...\" is neither [section] nor key = value nor a comment"));
}

static void values_must_be_there(void **state)
{
	(void)state;
	expect("[relay]\nworkers =\n" APP,
		PROBLEM("$F:2", "workers has no value; give one, or leave it out for the default"));
	expect("[relay]\n= 5\n" APP,
		PROBLEM("$F:2", "\"...\" is neither [section] nor key = value nor a comment"));
}

static void a_nul_byte_is_refused(void **state)
{
	(void)state;
	static const char text[] = "[relay]\nworkers = 1\0002\n" APP;
	struct loaded loaded = {0};
	write_file(&loaded, text, sizeof(text) - 1);
	load(&loaded, NOTHING, NOTHING);
	assert_errors(&loaded, PROBLEM("$F:2", "a NUL byte; this is not a text file"));
	unload(&loaded);
}

static void a_file_that_is_not_there(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST("--config", "/nonexistent/x.conf"), NOTHING);
	assert_errors(
		&loaded, PROBLEM("/nonexistent/x.conf", "cannot be opened: No such file or directory"));
	assert_int_equal(loaded.result, CONF_INVALID);
	unload(&loaded);
}

static void a_folder_is_refused(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	load(&loaded, LIST("--config", "/"), NOTHING);
	assert_errors(&loaded, PROBLEM("/", "cannot be read: Is a directory"));
	unload(&loaded);
}

static void open_files_with_secrets_are_warned_about(void **state)
{
	(void)state;
	struct loaded loaded = {0};
	write_file(&loaded, APP, strlen(APP));
	assert_int_equal(chmod(loaded.file, 0644), 0);
	load(&loaded, NOTHING, NOTHING);
	assert_errors(
		&loaded, PROBLEM("$F", "warning: holds secrets and everybody may read it; chmod o-r $F"));
	assert_int_equal(loaded.result, CONF_OK);
	unload(&loaded);
	const char *text = "[relay]\nworkers = 1\n";
	write_file(&loaded, text, strlen(text));
	assert_int_equal(chmod(loaded.file, 0644), 0);
	load(&loaded, LIST("--app", "a:k:s"), NOTHING);
	assert_errors(&loaded, "");
	unload(&loaded);
}

/* Cut anywhere, a file gives an answer and nothing worse (run under ASan). */
static void truncated_at_every_offset(void **state)
{
	(void)state;
	static const char text[] =
		"\xef\xbb\xbf# c\r\n[relay]\nlisten = h:1, [::1]:2\nworkers = 3\n" APP;
	for (size_t len = 0; len < sizeof(text); len++) {
		struct loaded loaded = {0};
		write_file(&loaded, text, len);
		load(&loaded, NOTHING, NOTHING);
		assert_true(loaded.result == CONF_OK || loaded.errors[0] != '\0');
		unload(&loaded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_keep_semicolons_and_hashes),
		cmocka_unit_test(comments_and_blank_lines),
		cmocka_unit_test(byte_order_mark_and_crlf),
		cmocka_unit_test(no_last_newline),
		cmocka_unit_test(an_indented_line_is_a_line),
		cmocka_unit_test(lines_at_their_limit),
		cmocka_unit_test(unknown_names_get_the_nearest),
		cmocka_unit_test(doubles_are_refused),
		cmocka_unit_test(sections),
		cmocka_unit_test(lines_that_are_nothing),
		cmocka_unit_test(values_must_be_there),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(a_file_that_is_not_there),
		cmocka_unit_test(a_folder_is_refused),
		cmocka_unit_test(open_files_with_secrets_are_warned_about),
		cmocka_unit_test(truncated_at_every_offset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
