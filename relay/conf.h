/* SPDX-License-Identifier: MIT
 *
 * The relay's configuration. conf.c holds one documented table of all keys; the file parser, the
 * environment, the flags, validation, --help and docs/configuration.md come from it. Flags stand
 * over the environment, the environment over the file; applications of all three are added up
 * (the environment adds one). Read-only once loaded; read again as a whole on SIGHUP (reload.h).
 */
#ifndef CONF_H
#define CONF_H

#include "conf_app.h"

#include "../wire/limits.h"
#include "../wire/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONF_APPS_MAX         100000
#define CONF_LISTEN_MAX       8
#define CONF_INGEST_MAX       8
#define CONF_WORKERS_MAX      64
#define CONF_ADDRESS_MAX      512
#define CONF_CERTIFICATES_MAX 4
#define CONF_PROXIES_MAX      16
#define CONF_ORIGINS_MAX      16
#define CONF_WEBHOOKS_MAX     8
#define CONF_SPOOLS_MAX       64
#define CONF_PATH_MAX         512

enum conf_engine {
	CONF_ENGINE_LOCAL,
	CONF_ENGINE_REDIS,
};

struct conf_memory; /* what lists point to */
struct conf_index;  /* applications by id and by key */

struct conf {
	const char **listen; /* HOST:PORT */
	size_t listen_count;
	const char **ingest; /* unix:PATH or tcp:HOST:PORT */
	size_t ingest_count;
	const char **listen_tls; /* HOST:PORT, wss and https */
	size_t listen_tls_count;
	const char **tls_certificate; /* PEM files, chains */
	size_t tls_certificate_count;
	const char **tls_key; /* PEM files, in the same order */
	size_t tls_key_count;
	const char **trusted_proxies; /* ADDRESS or ADDRESS/BITS */
	size_t trusted_proxies_count;
	bool proxy_protocol; /* trusted proxies begin with a PROXY protocol v2 header */
	char ingest_group[64];
	char ingest_password[CLN_APP_SECRET_MAX + 1]; /* of TCP ingest; required there */
	enum conf_engine engine;
	char redis[CONF_ADDRESS_MAX]; /* redis://[user:password@]host[:port][/db] or unix:PATH */
	char bus_prefix[CLN_BUS_PREFIX_MAX + 1];
	unsigned workers;               /* 0 until conf_load() has chosen: then 1 to CONF_WORKERS_MAX */
	unsigned max_connections;       /* 0: as many as descriptors allow (server.c fills it in) */
	int64_t activity_timeout_ms;    /* told to clients in seconds, default 120000 */
	int64_t ping_grace_ms;          /* on top of it, before a probe, default 15000 */
	int64_t pong_timeout_ms;        /* default 30000 */
	int64_t close_timeout_ms;       /* for the peer's close frame and FIN, default 2000 */
	int64_t request_timeout_ms;     /* HTTP head and body, default 10000 */
	int64_t drain_timeout_ms;       /* at SIGTERM, default 5000 */
	int64_t backlog_age_ms;         /* default 10000 */
	size_t backlog_bytes;           /* default 262144 */
	size_t http_head_bytes;         /* default 8192 */
	unsigned message_rate;          /* client messages a second and connection, default 50 */
	unsigned message_burst;         /* default 200 */
	unsigned upgrade_rate;          /* new connections a second, 0: no limit, default 2000 */
	unsigned tls_rate;              /* new TLS connections a second, 0: no limit, default 500 */
	size_t http_body_bytes;         /* default 1 MiB */
	unsigned idempotency_keys;      /* remembered per worker, default 10000 */
	int64_t idempotency_ms;         /* for how long, default 120000 */
	bool compression;               /* permessage-deflate, default true */
	size_t compression_bytes;       /* shorter texts go out as they are, default 512 */
	int64_t xhr_grace_ms;           /* a session without a receiving request, default 5000 */
	int64_t xhr_heartbeat_ms;       /* of a silent receiving request, default 25000 */
	int64_t subscription_count_ms;  /* with more than 100 subscribers, default 5000 */
	int64_t webhook_delay_ms;       /* of vacated and removed, default 3000 */
	int64_t webhook_timeout_ms;     /* of one request, default 5000 */
	int64_t webhook_retry_ms;       /* before the first retry, then twice as long, default 1000 */
	int64_t webhook_give_up_ms;     /* default 300000 */
	unsigned webhook_batch;         /* events of one request, default 100 */
	unsigned webhook_queue;         /* events that may wait per application, default 10000 */
	size_t webhook_queue_bytes;     /* and their bytes, default 8 MiB */
	char webhook_ca[CONF_PATH_MAX]; /* PEM file; "": the system's */
	unsigned mailbox_limit;         /* default 65536 */
	unsigned seen_ids;              /* message ids remembered per worker, default 65536 */
	int64_t unsubscribe_delay_ms;   /* Redis: after the last local subscriber, default 5000 */
	int64_t redis_timeout_ms;       /* connect and command, default 2000 */
	int64_t redis_backoff_max_ms;   /* default 5000 */
	const char **spool;             /* files that publishers of this machine leave events in */
	size_t spool_count;
	int64_t spool_age_ms;  /* older ones are dropped, 0: none, default 600000 */
	int64_t spool_look_ms; /* between two looks, 0: at the start only, default 5000 */
	char log_level[8];     /* error, warn, info, debug; default info */
	/* By index. An application keeps its index while the process lives, see conf_adopt(). */
	struct conf_app *apps;
	size_t app_count;
	size_t app_cap;
	struct conf_index *index;
	struct conf_memory *memory;
	const char *env_source; /* "CLAIRON", "REVERB", "PUSHER" or NULL: the variables that named the
							 * environment's application */
};

/* NULL if there is none. A key is also found by an application's previous_key. */
const struct conf_app *conf_app_by_key(const struct conf *conf, struct cln_slice key);
const struct conf_app *conf_app_by_id(const struct conf *conf, struct cln_slice id);

enum conf_result {
	CONF_OK,
	CONF_HELP,    /* --help or --version was printed: exit 0 */
	CONF_INVALID, /* the reason was printed to `errors`, one line each: exit 2 */
};

/* Loads file (if --config is given), environment, flags, in that order of rank, into `conf`.
 * Secrets in argv are overwritten. `output` gets --help and --version. Whatever the result,
 * conf_free() releases what `conf` holds (not `conf` itself). */
enum conf_result conf_load(
	struct conf *conf, int argc, char **argv, char *const *env, FILE *output, FILE *errors);
void conf_free(struct conf *conf);

/* docs/configuration.md's table, Markdown. */
void conf_print_markdown(FILE *output);

#endif
