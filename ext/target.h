/* SPDX-License-Identifier: MIT
 *
 * Where a publisher's events go and in whose name: the DSN and the credentials, parsed. Plain
 * bytes, no pointers, zeroed before use, so that two targets are the same if their bytes are; a
 * link is shared by all publishers of one target.
 */
#ifndef CLN_TARGET_H
#define CLN_TARGET_H

#include "../wire/limits.h"
#include "../wire/slice.h"

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
};

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
