/* SPDX-License-Identifier: MIT
 *
 * Where a publisher's events go, in whose name, and where they wait meanwhile: the DSN, the
 * credentials and the spool, parsed. Plain
 * bytes, no pointers, zeroed before use, so that two targets are the same if their bytes are; a
 * link is shared by all publishers of one target.
 */
#ifndef CLN_TARGET_H
#define CLN_TARGET_H

#include "../wire/limits.h"
#include "../wire/slice.h"
#include "../wire/spool.h"

#define CLN_HOST_MAX     255
#define CLN_USER_MAX     128
#define CLN_PASSWORD_MAX 512

enum cln_transport {
	CLN_TRANSPORT_RELAY_UNIX, /* AUTH APPID SECRET, unsigned envelopes */
	CLN_TRANSPORT_RELAY_TCP,  /* AUTH PASSWORD, signed envelopes */
	CLN_TRANSPORT_REDIS_TCP,  /* signed envelopes, numbered per channel */
	CLN_TRANSPORT_REDIS_UNIX,
};

struct cln_target {
	enum cln_transport transport;
	int port;
	char path[CLN_UNIX_PATH_MAX + 1];
	char host[CLN_HOST_MAX + 1];
	size_t user_len;
	char user[CLN_USER_MAX];
	size_t password_len;
	char password[CLN_PASSWORD_MAX];
	size_t app_len;
	char app[CLN_APP_ID_MAX];
	size_t secret_len;
	char secret[CLN_APP_SECRET_MAX];
	size_t prefix_len;
	char prefix[CLN_BUS_PREFIX_MAX];

	char spool_path[CLN_SPOOL_PATH_MAX + 1]; /* "": there is no spool */
	uint64_t spool_bytes;
	int64_t spool_age_ms;   /* 0: events never become too old */
	int64_t ack_timeout_ms; /* used with a spool only */
};

static inline bool cln_target_has_spool(const struct cln_target *target)
{
	return target->spool_path[0] != '\0';
}

static inline bool cln_target_is_redis(const struct cln_target *target)
{
	return target->transport == CLN_TRANSPORT_REDIS_TCP ||
		   target->transport == CLN_TRANSPORT_REDIS_UNIX;
}

static inline bool cln_target_is_unix(const struct cln_target *target)
{
	return target->transport == CLN_TRANSPORT_RELAY_UNIX ||
		   target->transport == CLN_TRANSPORT_REDIS_UNIX;
}

static inline struct cln_slice cln_target_app(const struct cln_target *target)
{
	return cln_slice(target->app, target->app_len);
}

static inline struct cln_slice cln_target_secret(const struct cln_target *target)
{
	return cln_slice(target->secret, target->secret_len);
}

#endif
