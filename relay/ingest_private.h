/* SPDX-License-Identifier: MIT
 *
 * An ingest connection as its commands see it (ingest.c, ingest_commands.c, ingest_watch.c).
 */
#ifndef INGEST_PRIVATE_H
#define INGEST_PRIVATE_H

#include "base/buf.h"
#include "hub_private.h"
#include "ingest.h"

#include "../wire/resp.h"

#define INGEST_NAME_MAX     64  /* CLIENT SETNAME */
#define INGEST_PATTERN_MAX  200 /* PSUBSCRIBE */
#define INGEST_PATTERNS_MAX 16
#define INGEST_CHANNELS_MAX 100

struct ingest {
	struct subscriber watcher; /* its SUBSCRIBEs; has no socket id */
	struct hub *hub;
	struct conn *conn;
	struct app *app; /* of AUTH APPID SECRET */
	bool is_unix;
	bool is_trusted; /* AUTH PASSWORD: any application, envelopes signed */
	bool is_quitting;
	bool is_paused;
	uint64_t id;
	uint64_t publisher; /* of the last envelope, and its number */
	uint64_t sequence;
	unsigned pattern_count;
	struct wheel_timer timer; /* the end of the unauthenticated phase, or of a pause */
	int64_t auth_due_ms;
	struct buf replies; /* of this read */
	struct conn_limits limits;
	LIST_ENTRY(ingest) link;
	char name[INGEST_NAME_MAX + 1];
};

bool ingest_has_auth(const struct ingest *ingest);
/* The largest argument it may send now. */
size_t ingest_bulk_max(const struct ingest *ingest);
/* Stops the clock of the unauthenticated phase. */
void ingest_authenticated(struct ingest *ingest);

/* Replies, to be sent when the read is done. */
void ingest_simple(struct ingest *ingest, const char *text);
void ingest_error(struct ingest *ingest, const char *text); /* counts ingest_errors */
void ingest_integer(struct ingest *ingest, long long value);
void ingest_bulk(struct ingest *ingest, struct cln_slice bytes);
void ingest_null(struct ingest *ingest);
void ingest_array(struct ingest *ingest, size_t count);

/* ingest_commands.c: answers one request. */
void ingest_command(struct ingest *ingest, const struct cln_resp_request *request);

/* ingest_info.c: the text of INFO. */
void ingest_info(const struct hub *hub, struct buf *text);

/* ingest_watch.c */
void watch_subscribe(struct ingest *ingest, const struct cln_resp_request *request);
void watch_unsubscribe(struct ingest *ingest, const struct cln_resp_request *request);
void watch_psubscribe(struct ingest *ingest, const struct cln_resp_request *request);
void watch_punsubscribe(struct ingest *ingest, const struct cln_resp_request *request);
bool watch_is_on(const struct ingest *ingest);
void watch_init(struct ingest *ingest);
void watch_deinit(struct ingest *ingest);

#endif
