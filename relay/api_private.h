/* SPDX-License-Identifier: MIT
 *
 * What the parts of the HTTP API share: api.c finds and checks a request, api_publish.c and
 * api_channels.c act on it, api_repeat.c looks after idempotency keys.
 */
#ifndef API_PRIVATE_H
#define API_PRIVATE_H

#include "api.h"
#include "api_event.h"
#include "api_params.h"
#include "hub_private.h"
#include "idempotency.h"

#define API_OK                  200
#define API_ACCEPTED            202
#define API_BAD_REQUEST         400
#define API_UNAUTHORIZED        401
#define API_FORBIDDEN           403
#define API_NOT_FOUND           404
#define API_WRONG_METHOD        405
#define API_UNPROCESSABLE       422
#define API_SERVICE_UNAVAILABLE 503

/* A request that belongs to an application and is signed; lives during the router's call. */
struct api_call {
	struct hub *hub;
	struct app *app;
	struct conn *conn;
	const struct http_request *request;
	const struct api_params *params;
	struct cln_slice path; /* from "/apps/" on, raw */
	struct cln_slice name; /* of channel or user in the path, decoded */
};

/* `body` is JSON with API_OK, nothing with API_ACCEPTED, else a sentence. */
void api_answer(struct api_call *call, unsigned status, struct cln_slice body);
void api_answer_refusal(struct api_call *call, const struct api_refusal *refusal);
void api_answer_error(struct api_call *call, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same by the ticket that the request was deferred with. */
void api_answer_later(
	struct hub *hub, struct http_ticket *ticket, unsigned status, struct cln_slice body);

/* --- endpoints --- */

void api_post_event(struct api_call *call);
void api_post_batch(struct api_call *call);
void api_post_old_event(struct api_call *call); /* raw data as the body */

void api_get_channels(struct api_call *call);
void api_get_channel(struct api_call *call);
void api_get_users(struct api_call *call);
void api_get_stats(struct api_call *call);
void api_terminate(struct api_call *call);

/* --- idempotency keys (api_repeat.c) --- */

enum api_turn {
	API_TURN_FIRST,  /* go on; api_repeat_settle() with the answer */
	API_TURN_FREE,   /* go on; nobody keeps the answer */
	API_TURN_REPEAT, /* `answer` is what the first one got */
	API_TURN_OTHER,  /* the key was used for another request */
	API_TURN_NONE,   /* the process ends */
};

/* Called once, possibly before api_repeat_claim() returns. `answer` is borrowed, NULL but for
 * REPEAT. */
typedef void (*api_turn_fn)(void *user, enum api_turn turn, struct frame *answer);

void api_repeat_claim(struct hub *hub, unsigned app, struct cln_slice key,
	const unsigned char print[IDEMPOTENCY_PRINT], api_turn_fn on_turn, void *user);
void api_repeat_settle(struct hub *hub, unsigned app, struct cln_slice key, struct frame *answer);

#endif
