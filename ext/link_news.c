/* SPDX-License-Identifier: MIT
 *
 * See link_news.h.
 */
#include "link_news.h"

#include "php.h"

static bool has_untold(const struct cln_link *link)
{
	return memcmp(link->stats.dropped, link->told, sizeof(link->told)) != 0;
}

/* Replies carry no number of what they are for, and nothing may come between the parts of an event.
 */
static bool may_speak(const struct cln_link *link)
{
	return link->greeting.written == link->greeting.len && !cln_link_awaits_replies(link) &&
		   cln_outbox_is_between(&link->outbox) && cln_outbox_is_between(&link->spooling.lane);
}

static void untold_of(const struct cln_link *link, uint64_t untold[CLN_DROP_REASONS])
{
	for (size_t i = 0; i < CLN_DROP_REASONS; i++) {
		untold[i] = link->stats.dropped[i] - link->told[i];
	}
}

void cln_link_compose_news(struct cln_link *link)
{
	uint64_t untold[CLN_DROP_REASONS];
	if (!may_speak(link) || !(link->asks_relays || has_untold(link))) {
		return;
	}
	untold_of(link, untold);
	memcpy(link->telling, link->stats.dropped, sizeof(link->telling));
	link->asks_relays = false;
	cln_greeting_compose_news(&link->greeting, &link->target, untold);
}

/* Relays that came since are waited for after an outage as well. Whoever else listens is counted
 * here, too, so the question is put once for each number. */
void cln_link_note_receivers(struct cln_link *link, long long count)
{
	if (count > link->relays && count > link->receivers && cln_link_has_spool(link) &&
		cln_target_is_redis(&link->target)) {
		link->receivers = count;
		link->asks_relays = true;
	}
}

static void told(struct cln_link *link)
{
	if (link->greeting.tells_drops) {
		memcpy(link->told, link->telling, sizeof(link->told));
	}
}

/* A relay reads what was written before it sees the end, and one that died has no counters any
 * more: telling it again would count it twice. */
void cln_link_leave_news(struct cln_link *link)
{
	const struct cln_greeting *greeting = &link->greeting;
	if (greeting->is_news && greeting->written == greeting->len &&
		!cln_target_is_redis(&link->target)) {
		told(link);
	}
}

/* Fewer than before are no outage: somebody may have taken one away. */
void cln_link_take_news(struct cln_link *link)
{
	link->relays = MAX(link->relays, link->greeting.relays);
	told(link);
}
