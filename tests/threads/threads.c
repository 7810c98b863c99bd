/* SPDX-License-Identifier: MIT
 *
 * A host with threads, as FrankenPHP is one: each thread serves requests with a PHP script of its
 * own. For a PHP with threads and the embed library only; tools/sanitize-php builds it.
 *
 *   threads PHP_INI SCRIPT THREADS REQUESTS ARGUMENT
 *
 * The script finds $thread, $request and $argument. Exits with 1 if a script failed.
 */
#include <sapi/embed/php_embed.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef ZTS
#error "this needs a PHP that was configured with --enable-zts"
#endif

#define THREADS_MAX 64

struct worker {
	pthread_t thread;
	long number;
	long requests;
	const char *script;
	const char *argument;
	long failed;
};

static void set_global_long(const char *name, long value)
{
	zval number;
	ZVAL_LONG(&number, value);
	zend_hash_str_update(&EG(symbol_table), name, strlen(name), &number);
}

static bool run_script(const struct worker *worker, long request)
{
	bool good = false;
	zend_first_try
	{
		zval argument;
		zend_file_handle file;
		ZVAL_STRING(&argument, worker->argument);
		zend_hash_str_update(&EG(symbol_table), "argument", strlen("argument"), &argument);
		set_global_long("thread", worker->number);
		set_global_long("request", request);
		zend_stream_init_filename(&file, worker->script);
		(void)php_execute_script(&file); /* false after exit(0), too */
		good = EG(exit_status) == 0;
		zend_destroy_file_handle(&file);
	}
	zend_end_try();
	return good;
}

static void *work(void *data)
{
	struct worker *worker = data;
	(void)ts_resource(0);
	for (long i = 0; i < worker->requests; i++) {
		if (php_request_startup() == FAILURE) {
			worker->failed++;
			continue;
		}
		SG(headers_sent) = 1;
		SG(request_info).no_headers = 1;
		worker->failed += !run_script(worker, i);
		php_request_shutdown(NULL);
	}
	ts_free_thread();
	return NULL;
}

/* The embed library starts a request of its own for the main thread, which stays idle. */
static long run_workers(struct worker *workers, long count)
{
	long failed = 0;
	for (long i = 0; i < count; i++) {
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
			fprintf(stderr, "threads: cannot start a thread\n");
			exit(1);
		}
	}
	for (long i = 0; i < count; i++) {
		pthread_join(workers[i].thread, NULL);
		failed += workers[i].failed;
	}
	return failed;
}

int main(int argc, char **argv)
{
	static struct worker workers[THREADS_MAX];
	if (argc != 6) {
		fprintf(stderr, "threads PHP_INI SCRIPT THREADS REQUESTS ARGUMENT\n");
		return 2;
	}
	const long count = MIN(strtol(argv[3], NULL, 10), THREADS_MAX);
	for (long i = 0; i < count; i++) {
		workers[i].number = i;
		workers[i].requests = strtol(argv[4], NULL, 10);
		workers[i].script = argv[2];
		workers[i].argument = argv[5];
	}
	php_embed_module.php_ini_path_override = argv[1];
	if (php_embed_init(1, argv) == FAILURE) {
		return 1;
	}
	const long failed = run_workers(workers, count);
	php_embed_shutdown();
	return failed == 0 ? 0 : 1;
}
