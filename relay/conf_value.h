/* SPDX-License-Identifier: MIT
 *
 * Checks of single values, for the table's rows.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

/* Returns NULL if `value` is good, else the rest of a sentence that begins with the value. */
typedef const char *(*conf_check_fn)(const char *value);

const char *conf_check_id(const char *value);
const char *conf_check_key(const char *value);
const char *conf_check_secret(const char *value);
const char *conf_check_listen(const char *value);
const char *conf_check_ingest(const char *value);
const char *conf_check_redis(const char *value);
const char *conf_check_path(const char *value);
const char *conf_check_proxy(const char *value);
const char *conf_check_origin(const char *value);
const char *conf_check_webhook(const char *value);
const char *conf_check_printable(const char *value);
const char *conf_check_prefix(const char *value);

#endif
