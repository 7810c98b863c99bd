/* SPDX-License-Identifier: MIT
 *
 * Idempotency keys of the HTTP API and the answers that belong to them. The first request with a
 * key is on its way until its answer is put in; those that come meanwhile wait for it. Bounded by
 * count and by bytes: the oldest answers go first, what is on its way stays. Knows neither workers
 * nor connections; a waiter is any pointer. Memory comes with the first key.
 */
#ifndef IDEMPOTENCY_H
#define IDEMPOTENCY_H

#include "base/frame.h"

#include <stdint.h>

#define IDEMPOTENCY_KEY_MAX   255
#define IDEMPOTENCY_PRINT     32                 /* bytes of a request's fingerprint */
#define IDEMPOTENCY_BYTES_MAX (16 * 1024 * 1024) /* of all answers */

struct idempotency;

struct idempotency *idempotency_new(void);
/* Whoever still waits is given to `drop`. */
void idempotency_free(struct idempotency *store, void (*drop)(void *waiter));

enum idempotency_result {
	IDEMPOTENCY_FIRST, /* go on, and idempotency_settle() afterwards */
	IDEMPOTENCY_WAIT,  /* for the first one's answer: `waiter` is kept */
	IDEMPOTENCY_KNOWN, /* *answer is it, borrowed */
	IDEMPOTENCY_OTHER, /* the key belongs to another request */
	IDEMPOTENCY_FULL,  /* there is no room: go on as if there were no key */
};

struct idempotency_claim {
	unsigned app;
	struct cln_slice key;
	unsigned char print[IDEMPOTENCY_PRINT]; /* of what the request asks for */
	int64_t now_ms;
	int64_t keep_ms;
	unsigned limit; /* of keys */
	void *waiter;
};

/* Counts in *forgotten, what had to go before its time. */
enum idempotency_result idempotency_claim(struct idempotency *store,
	const struct idempotency_claim *claim, struct frame **answer, uint64_t *forgotten);

/* The answer of the first request; kept by reference. Waiters are given to `wake`. Nothing if the
 * key is not on its way. */
void idempotency_settle(struct idempotency *store, unsigned app, struct cln_slice key,
	struct frame *answer, void (*wake)(void *waiter, struct frame *answer, void *context),
	void *context);

size_t idempotency_count(const struct idempotency *store);

#endif
