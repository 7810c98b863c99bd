/* SPDX-License-Identifier: MIT
 *
 * What the tests of the configuration share: loading with a given command line, environment and
 * file, and looking at the result and at every line that was printed.
 */
#ifndef CONF_TEST_H
#define CONF_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../relay/conf.h"

#define ARGS_MAX 16

struct loaded {
	struct conf conf;
	enum conf_result result;
	char *output;
	char *errors;
	char *argv[ARGS_MAX + 1];
	int argc;
	char file[64]; /* "" if none was written */
};

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOTHING   ((const char *const[]){NULL})

/* Writes a file of `len` bytes and names it in `loaded->file`. */
static inline void write_file(struct loaded *loaded, const void *bytes, size_t len)
{
	snprintf(loaded->file, sizeof(loaded->file), "/tmp/clairon-conf-XXXXXX");
	const int fd = mkstemp(loaded->file);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(close(fd), 0);
}

/* A file written before is named by --config in front of `args`. */
static inline void load(struct loaded *loaded, const char *const *args, const char *const *env)
{
	size_t output_len, errors_len;
	FILE *output = open_memstream(&loaded->output, &output_len);
	FILE *errors = open_memstream(&loaded->errors, &errors_len);
	loaded->argv[loaded->argc++] = strdup("clairon-relay");
	if (loaded->file[0] != '\0') {
		loaded->argv[loaded->argc++] = strdup("--config");
		loaded->argv[loaded->argc++] = strdup(loaded->file);
	}
	for (; *args != NULL; args++) {
		assert_true(loaded->argc < ARGS_MAX);
		loaded->argv[loaded->argc++] = strdup(*args);
	}
	loaded->result =
		conf_load(&loaded->conf, loaded->argc, loaded->argv, (char *const *)env, output, errors);
	fclose(output);
	fclose(errors);
}

static inline void load_file(struct loaded *loaded, const char *text)
{
	write_file(loaded, text, strlen(text));
	load(loaded, NOTHING, NOTHING);
}

static inline void unload(struct loaded *loaded)
{
	for (int i = 0; i < loaded->argc; i++) {
		free(loaded->argv[i]);
	}
	conf_free(&loaded->conf);
	free(loaded->output);
	free(loaded->errors);
	if (loaded->file[0] != '\0') {
		unlink(loaded->file);
	}
	memset(loaded, 0, sizeof(*loaded));
}

/* The printed lines, exactly; `$F` in `expected` stands for the file's name. */
static inline void assert_errors(const struct loaded *loaded, const char *expected)
{
	char *text;
	size_t len;
	FILE *stream = open_memstream(&text, &len);
	for (const char *at = expected; *at != '\0';) {
		if (strncmp(at, "$F", 2) == 0) {
			fputs(loaded->file, stream);
			at += 2;
		} else {
			fputc(*at++, stream);
		}
	}
	fclose(stream);
	assert_string_equal(loaded->errors, text);
	free(text);
}

#define PROBLEM(place, sentence) "clairon-relay: " place ": " sentence "\n"

#endif
