/* SPDX-License-Identifier: MIT
 *
 * Where Redis is: redis://[[USER]:PASSWORD@]HOST[:PORT][/DB] or unix:PATH, taken apart.
 */
#ifndef REDIS_ADDRESS_H
#define REDIS_ADDRESS_H

#include "conf.h"

struct redis_address {
	bool is_unix;
	char host[CONF_ADDRESS_MAX]; /* or the path */
	char port[6];
	char user[CONF_ADDRESS_MAX];
	char password[CONF_ADDRESS_MAX];
	unsigned db;
};

/* NULL, or what is wrong with `text`, a sentence. User and password may be percent-encoded. */
const char *redis_address_parse(struct redis_address *address, const char *text);

#endif
