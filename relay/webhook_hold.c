/* SPDX-License-Identifier: MIT
 *
 * The delay is the same for all, so the order of arrival is the order of leaving. An end that
 * arrives twice (what lay between was lost) is held once, from the first on.
 */
#include "webhook_hold.h"
#include "base/map.h"

#define KEY_PARTS (sizeof(unsigned) + 1)

struct webhook_held {
	UT_hash_handle hh;
	TAILQ_ENTRY(webhook_held) link;
	struct webhook_item *item;
	size_t size; /* with the item's */
	size_t key_len;
	char key[]; /* application, whether of a member, channel, NUL, user */
};

void webhook_hold_init(struct webhook_hold *hold)
{
	TAILQ_INIT(&hold->list);
}

static struct webhook_item *release(struct webhook_hold *hold, struct webhook_held *held)
{
	struct webhook_item *const item = held->item;
	HASH_DELETE(hh, hold->by_key, held);
	TAILQ_REMOVE(&hold->list, held, link);
	hold->count--;
	hold->bytes -= held->size;
	free(held);
	return item;
}

void webhook_hold_deinit(struct webhook_hold *hold)
{
	while (!TAILQ_EMPTY(&hold->list))
		webhook_item_unref(release(hold, TAILQ_FIRST(&hold->list)));
}

static bool is_of_member(enum webhook_kind kind)
{
	return kind == WEBHOOK_MEMBER_ADDED || kind == WEBHOOK_MEMBER_REMOVED;
}

/* Not in `hold` yet; its item is not set. */
static struct webhook_held *held_new(const struct webhook_event *event)
{
	const size_t len = KEY_PARTS + event->channel.len + 1 + event->user_id.len;
	struct webhook_held *const held = xcalloc(1, sizeof(*held) + len);
	char *at = held->key;
	memcpy(at, &event->app, sizeof(event->app));
	at += sizeof(event->app);
	*at++ = is_of_member(event->kind) ? 1 : 0;
	memcpy(at, event->channel.ptr, event->channel.len);
	at += event->channel.len + 1; /* names of channels have no NUL */
	if (event->user_id.len > 0)
		memcpy(at, event->user_id.ptr, event->user_id.len);
	held->key_len = len;
	return held;
}

static struct webhook_held *find(const struct webhook_hold *hold, const struct webhook_held *like)
{
	struct webhook_held *found;
	HASH_FIND(hh, hold->by_key, like->key, like->key_len, found);
	return found;
}

void webhook_hold_put(struct webhook_hold *hold, struct webhook_item *item)
{
	struct webhook_held *const held = held_new(&item->event);
	if (find(hold, held) != NULL) {
		webhook_item_unref(item);
		free(held);
		return;
	}
	held->item = item;
	held->size = sizeof(*held) + held->key_len + item->size;
	HASH_ADD_KEYPTR(hh, hold->by_key, held->key, held->key_len, held);
	TAILQ_INSERT_TAIL(&hold->list, held, link);
	hold->count++;
	hold->bytes += held->size;
}

bool webhook_hold_cancel(struct webhook_hold *hold, const struct webhook_event *event)
{
	struct webhook_held *const like = held_new(event);
	struct webhook_held *const held = find(hold, like);
	free(like);
	if (held == NULL)
		return false;
	webhook_item_unref(release(hold, held));
	return true;
}

static bool is_full(const struct webhook_hold *hold)
{
	return hold->count > hold->count_max || hold->bytes > hold->bytes_max;
}

int64_t webhook_hold_wait(const struct webhook_hold *hold, int64_t now_ms)
{
	const struct webhook_held *const first = TAILQ_FIRST(&hold->list);
	if (first == NULL)
		return -1;
	const int64_t wait_ms = first->item->at_ms + hold->delay_ms - now_ms;
	return wait_ms > 0 && !is_full(hold) ? wait_ms : 0;
}

struct webhook_item *webhook_hold_take(struct webhook_hold *hold, int64_t now_ms)
{
	return webhook_hold_wait(hold, now_ms) == 0 ? release(hold, TAILQ_FIRST(&hold->list)) : NULL;
}
