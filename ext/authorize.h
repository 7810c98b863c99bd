/* SPDX-License-Identifier: MIT
 *
 * Answers for a browser's subscription and sign-in: signatures and their JSON.
 */
#ifndef CLAIRON_AUTHORIZE_H
#define CLAIRON_AUTHORIZE_H

#include "php.h"
#include "target.h"

/* {"auth":"KEY:SIGNATURE"}, with "channel_data" if `channel_data` is not NULL. */
zend_string *clairon_authorize_channel(const struct cln_target *target, const zend_string *key,
	const zend_string *socket_id, const zend_string *channel, const zend_string *channel_data);

/* {"auth":"KEY:SIGNATURE","user_data":"..."} */
zend_string *clairon_authorize_user(const struct cln_target *target, const zend_string *key,
	const zend_string *socket_id, const zend_string *user_data);

/* {"user_id":"...","user_info":...}, user_info left out if it is null; NULL after an exception.
 * May run PHP code. */
zend_string *clairon_make_channel_data(zend_string *user_id, zval *user_info);

#endif
