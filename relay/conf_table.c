/* SPDX-License-Identifier: MIT
 *
 * The table of all settings: one row each, from which file, environment, flags, checks, --help and
 * docs/configuration.md come.
 */
#include "conf_load.h"

#define OF_RELAY(member)  offsetof(struct conf, member), sizeof(((struct conf *)0)->member)
#define OF_APP(member)    offsetof(struct conf_app, member), sizeof(((struct conf_app *)0)->member)
#define DEFAULT_(literal) #literal
#define DEFAULT(literal)  DEFAULT_(literal)

#define ONE_DAY_MS (24 * 60 * 60 * 1000)
#define MANY       10000000
#define BYTES_MAX  (64 * 1024 * 1024)

#define NETWORK      "Where it listens"
#define ENGINE       "Engine"
#define SIZE         "Size"
#define TIMES        "Times"
#define CLIENTS      "Limits of a client"
#define APPLICATIONS "Applications"
#define WEBHOOKS     "Webhooks"
#define LOGS         "Logs"

#define COUNT_BEHIND(type, list)                                                                   \
	_Static_assert(                                                                                \
		offsetof(type, list##_count) == offsetof(type, list) + sizeof(((type *)0)->list),          \
		"a list's count stands behind its items")
COUNT_BEHIND(struct conf, listen);
COUNT_BEHIND(struct conf, ingest);
COUNT_BEHIND(struct conf, listen_tls);
COUNT_BEHIND(struct conf, tls_certificate);
COUNT_BEHIND(struct conf, tls_key);
COUNT_BEHIND(struct conf, trusted_proxies);
COUNT_BEHIND(struct conf, spool);
COUNT_BEHIND(struct conf_app, allowed_origins);
COUNT_BEHIND(struct conf_app, webhooks);

/* name, scope, type, offset and size, least, most, default, secret, check, group, help */
const struct conf_key conf_keys[] = {
	{"listen", CONF_GLOBAL, CONF_LIST, OF_RELAY(listen), 1, CONF_LISTEN_MAX, "127.0.0.1:6001",
		false, conf_check_listen, NETWORK,
		"address for browsers, WebSocket and HTTP, as HOST:PORT or [IPV6]:PORT; port 0 lets the "
		"system choose and the start line tells"},
	{"ingest", CONF_GLOBAL, CONF_LIST, OF_RELAY(ingest), 1, CONF_INGEST_MAX,
		"unix:/run/clairon/relay.sock", false, conf_check_ingest, NETWORK,
		"where publishers connect, as unix:PATH or tcp:HOST:PORT; tcp needs ingest_password"},
	{"ingest_group", CONF_GLOBAL, CONF_TEXT, OF_RELAY(ingest_group), 0, 0, "", false, NULL, NETWORK,
		"group that may open the Unix sockets (mode 0660); without it the mode is 0666 and the "
		"application's secret alone decides who may publish"},
	{"ingest_password", CONF_GLOBAL, CONF_TEXT, OF_RELAY(ingest_password), 0, 0, "", true,
		conf_check_secret, NETWORK, "password that publishers send first over tcp"},
	{"listen_tls", CONF_GLOBAL, CONF_LIST, OF_RELAY(listen_tls), 1, CONF_LISTEN_MAX, "", false,
		conf_check_listen, NETWORK,
		"address for browsers over TLS (wss, https), as HOST:PORT or [IPV6]:PORT; needs "
		"tls_certificate and tls_key"},
	{"tls_certificate", CONF_GLOBAL, CONF_LIST, OF_RELAY(tls_certificate), 1, CONF_CERTIFICATES_MAX,
		"", false, conf_check_path, NETWORK,
		"PEM file with the certificate and its chain; several, for example ECDSA and RSA; read "
		"again on SIGHUP"},
	{"tls_key", CONF_GLOBAL, CONF_LIST, OF_RELAY(tls_key), 1, CONF_CERTIFICATES_MAX, "", false,
		conf_check_path, NETWORK,
		"PEM file with the private key, one for each tls_certificate in the same order"},
	{"trusted_proxies", CONF_GLOBAL, CONF_LIST, OF_RELAY(trusted_proxies), 1, CONF_PROXIES_MAX, "",
		false, conf_check_proxy, NETWORK,
		"addresses (ADDRESS or ADDRESS/BITS) whose X-Forwarded-For, X-Forwarded-Proto and PROXY "
		"headers are believed"},
	{"proxy_protocol", CONF_GLOBAL, CONF_BOOL, OF_RELAY(proxy_protocol), 0, 0, "false", false, NULL,
		NETWORK, "whether connections from trusted_proxies begin with a PROXY protocol v2 header"},

	{"engine", CONF_GLOBAL, CONF_ENGINE_NAME, OF_RELAY(engine), 0, 0, "local", false, NULL, ENGINE,
		"local: publishers speak to this relay; redis: to a Redis server that several relays "
		"share"},
	{"redis", CONF_GLOBAL, CONF_TEXT, OF_RELAY(redis), 0, 0, "", true, conf_check_redis, ENGINE,
		"the Redis server, as redis://[USER:PASSWORD@]HOST[:PORT][/DB] or unix:PATH"},
	{"bus_prefix", CONF_GLOBAL, CONF_TEXT, OF_RELAY(bus_prefix), 0, 0, CLN_BUS_PREFIX_DEFAULT,
		false, conf_check_prefix, ENGINE,
		"first word of the names of bus channels; the publishers' bus_prefix must be the same"},
	{"redis_timeout_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(redis_timeout_ms), 10, ONE_DAY_MS, "2000",
		false, NULL, ENGINE, "how long Redis may take to connect and to answer"},
	{"redis_backoff_max_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(redis_backoff_max_ms), 10, ONE_DAY_MS,
		"5000", false, NULL, ENGINE, "longest pause between two attempts to reach Redis"},
	{"unsubscribe_delay_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(unsubscribe_delay_ms), 0, ONE_DAY_MS,
		"5000", false, NULL, ENGINE,
		"how long a channel stays subscribed at Redis after its last local subscriber left"},
	{"spool", CONF_GLOBAL, CONF_LIST, OF_RELAY(spool), 1, CONF_SPOOLS_MAX, "", false,
		conf_check_path, ENGINE,
		"file that publishers of this machine leave events in when they can't send them; what is "
		"in it is published at the start"},
	{"spool_age_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(spool_age_ms), 0, ONE_DAY_MS, "600000", false,
		NULL, ENGINE, "events of a spool that are older are dropped and counted; 0: no limit"},
	{"spool_look_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(spool_look_ms), 0, ONE_DAY_MS, "5000", false,
		NULL, ENGINE,
		"pause between two looks at a spool, for what no publisher comes back for; 0: only at the "
		"start"},

	{"workers", CONF_GLOBAL, CONF_UINT, OF_RELAY(workers), 0, CONF_WORKERS_MAX, "0", false, NULL,
		SIZE, "threads that serve connections; 0: half as many as processors, at least 1"},
	{"max_connections", CONF_GLOBAL, CONF_UINT, OF_RELAY(max_connections), 0, MANY, "0", false,
		NULL, SIZE,
		"open client connections; more are closed with 4100; 0: as many as the limit of "
		"descriptors allows"},
	{"upgrade_rate", CONF_GLOBAL, CONF_UINT, OF_RELAY(upgrade_rate), 0, MANY, "2000", false, NULL,
		SIZE, "new connections a second; what comes faster waits to be accepted; 0: no limit"},
	{"tls_rate", CONF_GLOBAL, CONF_UINT, OF_RELAY(tls_rate), 0, MANY, "500", false, NULL, SIZE,
		"new TLS connections a second; what comes faster waits to be accepted; 0: no limit"},
	{"idempotency_keys", CONF_GLOBAL, CONF_UINT, OF_RELAY(idempotency_keys), 0, MANY, "10000",
		false, NULL, SIZE, "idempotency keys of the HTTP API that a worker remembers; 0: none"},
	{"idempotency_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(idempotency_ms), 1, ONE_DAY_MS, "120000",
		false, NULL, SIZE, "how long an idempotency key is remembered"},
	{"compression", CONF_GLOBAL, CONF_BOOL, OF_RELAY(compression), 0, 0, "true", false, NULL, SIZE,
		"whether WebSockets may agree on permessage-deflate (RFC 7692)"},
	{"compression_bytes", CONF_GLOBAL, CONF_SIZE, OF_RELAY(compression_bytes), 1, BYTES_MAX, "512",
		false, NULL, SIZE, "shorter messages go out uncompressed"},
	{"mailbox_limit", CONF_GLOBAL, CONF_UINT, OF_RELAY(mailbox_limit), 16, MANY, "65536", false,
		NULL, SIZE, "messages that may wait for one worker"},
	{"seen_ids", CONF_GLOBAL, CONF_UINT, OF_RELAY(seen_ids), 0, MANY, "65536", false, NULL, SIZE,
		"message ids a worker remembers to drop doubles; 0: none"},

	{"activity_timeout_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(activity_timeout_ms), 100, ONE_DAY_MS,
		"120000", false, NULL, TIMES,
		"silence after which a client asks whether the relay is there; told to it in seconds"},
	{"ping_grace_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(ping_grace_ms), 0, ONE_DAY_MS, "15000", false,
		NULL, TIMES, "silence on top of activity_timeout_ms before the relay sends a ping"},
	{"pong_timeout_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(pong_timeout_ms), 10, ONE_DAY_MS, "30000",
		false, NULL, TIMES, "how long a client may take to answer it; then 4201"},
	{"close_timeout_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(close_timeout_ms), 10, ONE_DAY_MS, "2000",
		false, NULL, TIMES, "how long a client may take to answer a close frame"},
	{"request_timeout_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(request_timeout_ms), 10, ONE_DAY_MS,
		"10000", false, NULL, TIMES, "how long an HTTP request or an upgrade may take to arrive"},
	{"drain_timeout_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(drain_timeout_ms), 0, ONE_DAY_MS, "5000",
		false, NULL, TIMES, "how long connections may take to close after SIGTERM"},
	{"subscription_count_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(subscription_count_ms), 10, ONE_DAY_MS,
		"5000", false, NULL, TIMES,
		"pause between two subscription_count messages of a channel with more than 100 "
		"subscribers"},
	{"xhr_grace_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(xhr_grace_ms), 10, ONE_DAY_MS, "5000", false,
		NULL, TIMES, "how long a session of the HTTP fallbacks lives without a receiving request"},
	{"xhr_heartbeat_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(xhr_heartbeat_ms), 10, ONE_DAY_MS, "25000",
		false, NULL, TIMES,
		"silence after which a receiving request of the HTTP fallbacks gets a sign of life: less "
		"than the time-out of proxies"},

	{"backlog_bytes", CONF_GLOBAL, CONF_SIZE, OF_RELAY(backlog_bytes), 4096, BYTES_MAX, "262144",
		false, NULL, CLIENTS, "unsent bytes that may wait for one client; more closes it"},
	{"backlog_age_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(backlog_age_ms), 10, ONE_DAY_MS, "10000",
		false, NULL, CLIENTS, "how long a client may read nothing while bytes wait for it"},
	{"http_head_bytes", CONF_GLOBAL, CONF_SIZE, OF_RELAY(http_head_bytes), 512, 65536, "8192",
		false, NULL, CLIENTS, "request line and headers of an HTTP request"},
	{"http_body_bytes", CONF_GLOBAL, CONF_SIZE, OF_RELAY(http_body_bytes), 1024, BYTES_MAX,
		"1048576", false, NULL, CLIENTS, "body of an HTTP request"},
	{"message_rate", CONF_GLOBAL, CONF_UINT, OF_RELAY(message_rate), 0, MANY, "50", false, NULL,
		CLIENTS, "messages a second from one client, on average; 0: no limit"},
	{"message_burst", CONF_GLOBAL, CONF_UINT, OF_RELAY(message_burst), 1, MANY, "200", false, NULL,
		CLIENTS, "messages a client may send at once before message_rate counts"},

	{"key", CONF_APP_OWN, CONF_TEXT, OF_APP(key), 0, 0, "", false, conf_check_key, APPLICATIONS,
		"public key, part of the address that browsers connect to"},
	{"secret", CONF_APP_OWN, CONF_TEXT, OF_APP(secret), 0, 0, "", true, conf_check_secret,
		APPLICATIONS, "what publishers and the signatures of private channels prove to know"},
	{"previous_key", CONF_APP_OWN, CONF_TEXT, OF_APP(previous_key), 0, 0, "", false, conf_check_key,
		APPLICATIONS, "key that is still accepted while keys are rotated"},
	{"previous_secret", CONF_APP_OWN, CONF_TEXT, OF_APP(previous_secret), 0, 0, "", true,
		conf_check_secret, APPLICATIONS, "secret that is still accepted while secrets are rotated"},
	{"enabled", CONF_APP_OWN, CONF_BOOL, OF_APP(enabled), 0, 0, "true", false, NULL, APPLICATIONS,
		"false closes the application's clients with 4003"},
	{"max_connections", CONF_APP_OWN, CONF_UINT, OF_APP(max_connections), 0, MANY, "0", false, NULL,
		APPLICATIONS,
		"open connections of the application; more are closed with 4004; 0: no limit"},
	{"client_events", CONF_APP, CONF_BOOL, OF_APP(client_events), 0, 0, "true", false, NULL,
		APPLICATIONS, "whether clients may send client- events on private and presence channels"},
	{"client_event_rate", CONF_APP, CONF_UINT, OF_APP(client_event_rate), 1, MANY, "10", false,
		NULL, APPLICATIONS, "client events a second and connection; more get 4301"},
	{"channels", CONF_APP, CONF_UINT, OF_APP(channels), 1, MANY, "100", false, NULL, APPLICATIONS,
		"channels of one connection"},
	{"members", CONF_APP, CONF_UINT, OF_APP(members), 1, 10000, "100", false, NULL, APPLICATIONS,
		"members of a presence channel"},
	{"member_bytes", CONF_APP, CONF_UINT, OF_APP(member_bytes), 2, 65536, "1024", false, NULL,
		APPLICATIONS, "user_info of a member"},
	{"payload_bytes", CONF_APP, CONF_SIZE, OF_APP(payload_bytes), 1, CLN_PAYLOAD_BYTES_MAX,
		DEFAULT(CLN_PAYLOAD_BYTES_DEFAULT), false, NULL, APPLICATIONS, "data of a published event"},
	{"message_bytes", CONF_APP, CONF_SIZE, OF_APP(message_bytes), 128, CLN_PAYLOAD_BYTES_MAX,
		"10240", false, NULL, APPLICATIONS, "one message from a client"},
	{"allowed_origins", CONF_APP, CONF_LIST, OF_APP(allowed_origins), 1, CONF_ORIGINS_MAX, "*",
		false, conf_check_origin, APPLICATIONS,
		"origins or hosts of web pages that may connect, * stands for any characters; others are "
		"closed with 4009; what sends no Origin is no browser and may connect"},
	{"tls_only", CONF_APP, CONF_BOOL, OF_APP(tls_only), 0, 0, "false", false, NULL, APPLICATIONS,
		"whether clients without TLS are closed with 4000"},
	{"http_api", CONF_APP, CONF_BOOL, OF_APP(http_api), 0, 0, "true", false, NULL, APPLICATIONS,
		"whether the HTTP API answers for the application"},
	{"http_fallback", CONF_APP, CONF_BOOL, OF_APP(http_fallback), 0, 0, "true", false, NULL,
		APPLICATIONS, "whether clients may use xhr_streaming and xhr_polling"},
	{"channel_name_bytes", CONF_APP, CONF_UINT, OF_APP(channel_name_bytes), 1, CLN_CHANNEL_NAME_MAX,
		DEFAULT(CLN_CHANNEL_NAME_MAX), false, NULL, APPLICATIONS,
		"length of a channel name, prefix included"},
	{"event_name_bytes", CONF_APP, CONF_UINT, OF_APP(event_name_bytes), 1, CLN_EVENT_NAME_MAX,
		DEFAULT(CLN_EVENT_NAME_MAX), false, NULL, APPLICATIONS, "length of an event name"},
	{"event_channels", CONF_APP, CONF_UINT, OF_APP(event_channels), 1, 10000,
		DEFAULT(CLN_TRIGGER_CHANNELS_MAX), false, NULL, APPLICATIONS,
		"channels of one event published by HTTP"},
	{"batch_events", CONF_APP, CONF_UINT, OF_APP(batch_events), 1, 10000,
		DEFAULT(CLN_BATCH_EVENTS_MAX), false, NULL, APPLICATIONS,
		"events of one batch published by HTTP"},
	{"cache_channels", CONF_APP, CONF_UINT, OF_APP(cache_channels), 0, MANY, "1000", false, NULL,
		APPLICATIONS,
		"cache channels whose last event a worker keeps; the oldest goes first; 0: none"},
	{"cache_ttl_ms", CONF_APP, CONF_MS, OF_APP(cache_ttl_ms), 10, ONE_DAY_MS, "1800000", false,
		NULL, APPLICATIONS, "how long the last event of a cache channel is kept"},
	{"subscription_count", CONF_APP, CONF_BOOL, OF_APP(subscription_count), 0, 0, "false", false,
		NULL, APPLICATIONS, "whether subscribers are told how many there are"},
	{"watchlist", CONF_APP, CONF_UINT, OF_APP(watchlist), 0, 10000, "100", false, NULL,
		APPLICATIONS, "user ids that a sign-in may watch; more get 4302; 0: no watchlists"},
	{"authorization_timeout_ms", CONF_APP, CONF_MS, OF_APP(authorization_timeout_ms), 0, ONE_DAY_MS,
		"0", false, NULL, APPLICATIONS,
		"time to sign in or join a private or presence channel before 4009; 0: no need to"},
	{"webhooks", CONF_APP, CONF_LIST, OF_APP(webhooks), 1, CONF_WEBHOOKS_MAX, "", false,
		conf_check_webhook, APPLICATIONS,
		"where events are posted, as URL [EVENT...] [channel:PREFIX...]; without EVENT or PREFIX "
		"all of them"},
	{"laravel_redis", CONF_APP, CONF_BOOL, OF_APP(laravel_redis), 0, 0, "false", false, NULL,
		APPLICATIONS,
		"whether to deliver what Laravel's own redis broadcaster publishes; needs redis"},
	{"laravel_redis_prefix", CONF_APP, CONF_TEXT, OF_APP(laravel_redis_prefix), 0, 0, "", false,
		conf_check_printable, APPLICATIONS, "the redis prefix in Laravel's config/database.php"},

	{"webhook_delay_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(webhook_delay_ms), 0, ONE_DAY_MS, "3000",
		false, NULL, WEBHOOKS,
		"how long channel_vacated and member_removed wait for the client to come back"},
	{"webhook_timeout_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(webhook_timeout_ms), 10, ONE_DAY_MS,
		"5000", false, NULL, WEBHOOKS, "how long one request may take"},
	{"webhook_retry_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(webhook_retry_ms), 10, ONE_DAY_MS, "1000",
		false, NULL, WEBHOOKS, "pause before the first retry; each further one is twice as long"},
	{"webhook_give_up_ms", CONF_GLOBAL, CONF_MS, OF_RELAY(webhook_give_up_ms), 10, ONE_DAY_MS,
		"300000", false, NULL, WEBHOOKS, "how long a request is retried"},
	{"webhook_batch", CONF_GLOBAL, CONF_UINT, OF_RELAY(webhook_batch), 1, 10000, "100", false, NULL,
		WEBHOOKS, "events of one request"},
	{"webhook_queue", CONF_GLOBAL, CONF_UINT, OF_RELAY(webhook_queue), 1, MANY, "10000", false,
		NULL, WEBHOOKS, "events that may wait per endpoint; the oldest are dropped and counted"},
	{"webhook_queue_bytes", CONF_GLOBAL, CONF_SIZE, OF_RELAY(webhook_queue_bytes), 4096, BYTES_MAX,
		"8388608", false, NULL, WEBHOOKS, "bytes of the events that may wait per endpoint"},
	{"webhook_ca", CONF_GLOBAL, CONF_TEXT, OF_RELAY(webhook_ca), 0, 0, "", false, conf_check_path,
		WEBHOOKS,
		"PEM file of the authorities that sign endpoints' certificates; without it the system's"},

	{"log_level", CONF_GLOBAL, CONF_LEVEL, OF_RELAY(log_level), 0, 0, "info", false, NULL, LOGS,
		"error, warn, info or debug"},
};

const size_t conf_key_count = sizeof(conf_keys) / sizeof(conf_keys[0]);
_Static_assert(sizeof(conf_keys) / sizeof(conf_keys[0]) <= CONF_KEYS_MAX, "CONF_KEYS_MAX");
