/* SPDX-License-Identifier: MIT
 *
 * What a connection that stands says besides its events: to a relay or to all of them what was
 * dropped since that was told last, to a Redis the question for relays that have come since it was
 * asked.
 */
#ifndef CLN_LINK_NEWS_H
#define CLN_LINK_NEWS_H

#include "link.h"

/* What a connection that stands has to say, if there is anything and it is no bad moment, in the
 * place of its greeting: it leaves with the next write. */
void cln_link_compose_news(struct cln_link *link);

/* All answers to it are there. */
void cln_link_take_news(struct cln_link *link);

/* The connection is about to be closed. */
void cln_link_leave_news(struct cln_link *link);

/* Redis handed an event to so many. */
void cln_link_note_receivers(struct cln_link *link, long long count);

#endif
