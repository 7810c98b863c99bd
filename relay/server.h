/* SPDX-License-Identifier: MIT
 *
 * The process: limits, listeners, workers, signals, the orderly end.
 */
#ifndef SERVER_H
#define SERVER_H

struct conf;
struct reload_source;

enum server_exit {
	SERVER_EXIT_CLEAN = 0,         /* after SIGTERM or SIGINT, everything drained or timed out */
	SERVER_EXIT_FAILURE = 1,       /* could not start; a log line says why and what to do */
	SERVER_EXIT_CONFIGURATION = 2, /* wrong settings; printed by conf_load() */
};

/* Runs until a signal ends it; SIGHUP reads `source` again. Takes over `conf`, filling in
 * max_connections from the limit of descriptors. Returns enum server_exit. */
int server_run(struct conf *conf, const struct reload_source *source);

#endif
