/* SPDX-License-Identifier: MIT
 *
 * One item of the setting `webhooks`, `URL [EVENT...] [channel:PREFIX...]`: where events are posted
 * and which ones. Pure; the configuration checks items with it, webhook.c reads them.
 */
#ifndef CONF_WEBHOOK_H
#define CONF_WEBHOOK_H

#include "conf.h"

enum webhook_kind {
	WEBHOOK_CHANNEL_OCCUPIED,
	WEBHOOK_CHANNEL_VACATED,
	WEBHOOK_MEMBER_ADDED,
	WEBHOOK_MEMBER_REMOVED,
	WEBHOOK_CLIENT_EVENT,
	WEBHOOK_CACHE_MISS,
	WEBHOOK_SUBSCRIPTION_COUNT,
	WEBHOOK_KINDS,
};

#define WEBHOOK_BIT(kind) (1U << (kind))

struct conf_webhook {
	char url[CONF_ADDRESS_MAX];
	unsigned kinds;                  /* WEBHOOK_BIT() of those that it wants */
	char prefixes[CONF_ADDRESS_MAX]; /* one after another, each with its NUL */
	size_t prefix_count;             /* 0: all channels */
};

/* As the `name` of an event says it. */
const char *conf_webhook_name(enum webhook_kind kind);

/* NULL, or the rest of a sentence that begins with the item. */
const char *conf_webhook_parse(struct conf_webhook *webhook, const char *item);

bool conf_webhook_wants(
	const struct conf_webhook *webhook, enum webhook_kind kind, struct cln_slice channel);

/* The URL for logs: without user, password, query and fragment, which may hold secrets. */
void conf_webhook_show(const struct conf_webhook *webhook, char out[CONF_ADDRESS_MAX]);

#endif
