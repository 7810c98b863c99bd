/* SPDX-License-Identifier: MIT
 *
 * What channel and event name decide of a command: both were checked, put into their form and
 * hashed once. A link remembers its last one, since most processes say the same thing again and
 * again.
 */
#ifndef CLN_ROUTE_H
#define CLN_ROUTE_H

#include "encode.h"
#include "target.h"

/* *3, $7, PUBLISH, the bulk's length and line ends. */
#define CLN_ROUTE_HEAD_MAX (48 + CLN_BUS_CHANNEL_MAX)
/* {"event":,"channel":"","data": */
#define CLN_ROUTE_TEXT_MAX (32 + CLN_LITERAL_MAX(CLN_EVENT_NAME_MAX) + CLN_CHANNEL_NAME_MAX)

/* Zeroed bytes are the route of no channel. */
struct cln_route {
	size_t channel_len;
	size_t name_len;
	size_t head_len;
	size_t text_len;
	char channel[CLN_CHANNEL_NAME_MAX];
	char name[CLN_EVENT_NAME_MAX];
	char head[CLN_ROUTE_HEAD_MAX]; /* PUBLISH and the bus channel */
	char text[CLN_ROUTE_TEXT_MAX]; /* what the browser gets in front of the data */
};

/* Makes the route of a channel and an event name that were checked. */
void cln_route_make(struct cln_route *route, const struct cln_target *target,
	struct cln_slice channel, struct cln_slice name);

static inline bool cln_route_is(
	const struct cln_route *route, struct cln_slice channel, struct cln_slice name)
{
	return cln_slice_equal(cln_slice(route->channel, route->channel_len), channel) &&
		   cln_slice_equal(cln_slice(route->name, route->name_len), name);
}

#endif
