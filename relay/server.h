/* SPDX-License-Identifier: MIT
 *
 * The process: limits, listeners, workers, signals, the orderly end.
 */
#ifndef SERVER_H
#define SERVER_H

struct conf;

enum server_exit {
	SERVER_EXIT_CLEAN = 0,         /* after SIGTERM or SIGINT, everything drained or timed out */
	SERVER_EXIT_FAILURE = 1,       /* could not start; a log line says why and what to do */
	SERVER_EXIT_CONFIGURATION = 2, /* wrong settings; printed by conf_load() */
};

/* Runs until a signal ends it. `conf` is read-only from here on, but for max_connections, which is
 * filled in from the limit of descriptors before workers start. Returns enum server_exit. */
int server_run(struct conf *conf);

#endif
