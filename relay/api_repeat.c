/* SPDX-License-Identifier: MIT
 *
 * Idempotency keys across workers: the store of a key is that of the worker which the key's hash
 * names, so that requests with the same key meet there whatever connections they come by. A claim
 * is a question that may wait there for the answer of the first one.
 */
#include "api_private.h"

struct claim {
	struct query query;
	api_turn_fn on_turn; /* the asker's */
	void *user;
	unsigned app;
	unsigned char print[IDEMPOTENCY_PRINT];
	enum api_turn turn;
	struct frame *answer; /* a reference of our own */
	size_t key_len;
	char key[];
};

/* What the first one got, on its way to the store. */
struct settlement {
	struct query query;
	unsigned app;
	struct frame *answer; /* a reference of our own */
	size_t key_len;
	char key[];
};

static unsigned store_of(const struct hub *hub, unsigned app, struct cln_slice key)
{
	return hub_home_of(hub, app, key);
}

static void on_turn(struct hub *hub, struct query *query)
{
	struct claim *const claim = (struct claim *)query; /* its first member */
	(void)hub;
	claim->on_turn(claim->user, claim->turn, claim->answer);
	frame_unref(claim->answer);
	free(claim);
}

static void drop_claim(struct query *query)
{
	struct claim *const claim = (struct claim *)query; /* its first member */
	claim->on_turn(claim->user, API_TURN_NONE, NULL);
	frame_unref(claim->answer);
	free(claim);
}

static void answer_claim(struct hub *hub, struct claim *claim, enum api_turn turn)
{
	claim->turn = turn;
	query_answer(hub, &claim->query);
}

static void on_claim(struct hub *hub, struct query *query)
{
	struct claim *const claim = (struct claim *)query; /* its first member */
	const struct conf *const conf = hub->loop->conf;
	struct idempotency_claim wanted = {
		.app = claim->app,
		.key = cln_slice(claim->key, claim->key_len),
		.now_ms = hub->loop->now_ms,
		.keep_ms = conf->idempotency_ms,
		.limit = conf->idempotency_keys,
		.waiter = claim,
	};
	struct frame *answer = NULL;
	memcpy(wanted.print, claim->print, sizeof(wanted.print));
	if (hub->idempotency == NULL)
		hub->idempotency = idempotency_new();
	switch (idempotency_claim(
		hub->idempotency, &wanted, &answer, &hub->loop->metrics.api_keys_forgotten)) {
	case IDEMPOTENCY_FIRST:
		answer_claim(hub, claim, API_TURN_FIRST);
		break;
	case IDEMPOTENCY_WAIT:
		break;
	case IDEMPOTENCY_KNOWN:
		claim->answer = frame_ref(answer);
		answer_claim(hub, claim, API_TURN_REPEAT);
		break;
	case IDEMPOTENCY_OTHER:
		answer_claim(hub, claim, API_TURN_OTHER);
		break;
	case IDEMPOTENCY_FULL:
		answer_claim(hub, claim, API_TURN_FREE);
		break;
	}
}

void api_repeat_claim(struct hub *hub, unsigned app, struct cln_slice key,
	const unsigned char print[IDEMPOTENCY_PRINT], api_turn_fn turn, void *user)
{
	struct claim *const claim = xcalloc(1, sizeof(*claim) + key.len);
	claim->query = (struct query){.on_ask = on_claim, .on_answer = on_turn, .on_drop = drop_claim};
	claim->on_turn = turn;
	claim->user = user;
	claim->app = app;
	memcpy(claim->print, print, IDEMPOTENCY_PRINT);
	claim->key_len = key.len;
	memcpy(claim->key, key.ptr, key.len);
	query_ask(hub, store_of(hub, app, key), &claim->query);
}

/* --- the answer --- */

static void wake(void *waiter, struct frame *answer, void *context)
{
	struct claim *const claim = waiter;
	claim->answer = frame_ref(answer);
	answer_claim(context, claim, API_TURN_REPEAT);
}

static void drop_settlement(struct query *query)
{
	struct settlement *const settlement = (struct settlement *)query; /* its first member */
	frame_unref(settlement->answer);
	free(settlement);
}

/* Needs no answer. */
static void on_settle(struct hub *hub, struct query *query)
{
	struct settlement *const settlement = (struct settlement *)query; /* its first member */
	if (hub->idempotency != NULL)
		idempotency_settle(hub->idempotency, settlement->app,
			cln_slice(settlement->key, settlement->key_len), settlement->answer, wake, hub);
	drop_settlement(query);
}

void api_repeat_settle(struct hub *hub, unsigned app, struct cln_slice key, struct frame *answer)
{
	struct settlement *const settlement = xcalloc(1, sizeof(*settlement) + key.len);
	settlement->query = (struct query){.on_ask = on_settle, .on_drop = drop_settlement};
	settlement->app = app;
	settlement->answer = frame_ref(answer);
	settlement->key_len = key.len;
	memcpy(settlement->key, key.ptr, key.len);
	query_ask(hub, store_of(hub, app, key), &settlement->query);
}

static void drop_waiter(void *waiter)
{
	struct claim *const claim = waiter;
	drop_claim(&claim->query);
}

void api_repeat_stop(struct hub *hub)
{
	idempotency_free(hub->idempotency, drop_waiter);
	hub->idempotency = NULL;
}
