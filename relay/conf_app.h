/* SPDX-License-Identifier: MIT
 *
 * One application as it is configured. Read-only once loaded; conf.h has the rest.
 */
#ifndef CONF_APP_H
#define CONF_APP_H

#include "../wire/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONF_KEY_PREFIX_MAX 128

/* Where a value came from; also the rank, the highest last. */
enum conf_source {
	CONF_FROM_DEFAULT,
	CONF_FROM_FILE,
	CONF_FROM_ENV,
	CONF_FROM_FLAG,
};

/* One application: [app:ID] in the file, --app ID:KEY:SECRET, CLAIRON_APP_ID and so on. */
struct conf_app {
	enum conf_source source;
	char id[CLN_APP_ID_MAX + 1];
	char key[CLN_APP_KEY_MAX + 1];
	char secret[CLN_APP_SECRET_MAX + 1];
	bool client_events;         /* default true */
	unsigned client_event_rate; /* a second and connection, default 10 */
	unsigned max_connections;   /* 0: no limit of its own; more gets 4004 */
	unsigned members;           /* of a presence channel, default 100 */
	unsigned member_bytes;      /* user_info, default 1024 */
	size_t payload_bytes;       /* data of an event, default 10240 */
	size_t message_bytes;       /* one client message, default 10240 */
	unsigned channels;          /* subscriptions of a connection, default 100 */
	bool enabled;               /* default true; false gets 4003 */
	/* While rotating: what clients and publishers may still use; "" for none. */
	char previous_key[CLN_APP_KEY_MAX + 1];
	char previous_secret[CLN_APP_SECRET_MAX + 1];
	const char **allowed_origins;
	size_t allowed_origins_count;
	bool tls_only;                    /* ws gets 4000; default false */
	bool http_api;                    /* default true */
	bool http_fallback;               /* xhr_streaming and xhr_polling; default true */
	bool subscription_count;          /* default false */
	unsigned watchlist;               /* ids of a sign-in, default 100; 0: no watchlists */
	int64_t authorization_timeout_ms; /* 0: none */
	int64_t cache_ttl_ms;             /* default 30 minutes */
	unsigned cache_channels;          /* cached events of the application, default 1000 */
	unsigned channel_name_bytes;      /* default 164 */
	unsigned event_name_bytes;        /* default 200 */
	unsigned event_channels;          /* of one HTTP publish, default 100 */
	unsigned batch_events;            /* of one HTTP batch, default 10 */
	const char **webhooks;
	size_t webhooks_count;
	bool laravel_redis; /* read what Laravel's own redis broadcaster publishes */
	char laravel_redis_prefix[CONF_KEY_PREFIX_MAX];
	bool is_removed; /* no longer configured: keeps its index, has neither key nor features */
};

#endif
