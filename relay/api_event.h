/* SPDX-License-Identifier: MIT
 *
 * The bodies of POST events and batch_events: read, checked against the application's limits, and
 * turned into what is published. Everything is checked before anything is published. Knows no
 * connections.
 */
#ifndef API_EVENT_H
#define API_EVENT_H

#include "api_params.h"
#include "app.h"
#include "jslice.h"
#include "query.h"

#include <stdint.h>

/* Slices point into the body or into `text` of its struct api_events. */
struct api_event {
	struct cln_slice name;      /* a JSON string, quotes included */
	struct cln_slice data;      /* a JSON string, quotes included */
	bool is_data_decoded;       /* then it is the text without escapes and quotes */
	struct cln_slice *channels; /* decoded, each of them once */
	size_t channel_count;
	uint64_t except; /* socket that gets nothing, 0: nobody */
	unsigned info;   /* enum query_info */
};

struct api_events {
	struct api_event *list;
	size_t count;
	struct cln_slice *channels; /* of all events */
	struct buf text;
	struct cln_slice idempotency_key; /* decoded member of the body, len 0 if there is none */
};

/* What is wrong with a request. */
struct api_refusal {
	unsigned status;   /* 400, 413 and so on; 0: nothing */
	struct buf reason; /* a sentence */
};
void api_refuse(struct api_refusal *refusal, unsigned status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* False with `refusal`. `body` must live as long as the events; both deinitialise. */
bool api_events_parse(struct api_events *events, const struct conf_app *conf, struct cln_slice body,
	bool is_batch, struct api_refusal *refusal);
void api_events_deinit(struct api_events *events);

/* The body that a request has in its query instead (Pusher docs allow that for POST). `old`, unless
 * NULL, are the parts that old clients send elsewhere: the channel in the path, the data as the
 * body itself. */
struct api_old_event {
	struct cln_slice channel;
	struct cln_slice data;
};
void api_body_of_params(
	const struct api_params *params, const struct api_old_event *old, struct buf *body);

/* "user_count,cache" as bits; false with `refusal` for others than those of `allowed`. */
bool api_info_parse(
	struct cln_slice list, unsigned allowed, unsigned *info, struct api_refusal *refusal);

/* The client text of an event on one of its channels. */
void api_event_text(const struct api_event *event, struct cln_slice channel, struct buf *text);

#endif
