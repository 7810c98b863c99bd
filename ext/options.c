/* SPDX-License-Identifier: MIT
 *
 * Options are a table: name, kind, where it goes, what it allows. Messages name the option and
 * never its value.
 */
#include "options.h"

#include "../wire/name.h"
#include "ini.h"
#include "private.h"

#define OPTIONS_ARG 2
#define MS_PER_S    1000

/* What read_* functions fill; one of it lives for the time of the constructor. */
struct reading {
	struct cln_target *target;
	struct cln_bounds *bounds;
	zend_string *key; /* borrowed from the array */
};

struct option {
	const char *name;
	zend_uchar type; /* IS_STRING or IS_LONG */
	zend_result (*read)(struct reading *reading, zval *value);
};

static zend_result refuse(const char *name, const char *why)
{
	zend_argument_value_error(OPTIONS_ARG, "option \"%s\" %s", name, why);
	return FAILURE;
}

/* Copies a string of 1 to `max` bytes. */
static bool copy_bytes(zval *value, char *out, size_t max, size_t *len)
{
	if (Z_STRLEN_P(value) == 0 || Z_STRLEN_P(value) > max) {
		return false;
	}
	memcpy(out, Z_STRVAL_P(value), Z_STRLEN_P(value));
	*len = Z_STRLEN_P(value);
	return true;
}

static struct cln_slice slice_of(zval *value)
{
	return cln_slice(Z_STRVAL_P(value), Z_STRLEN_P(value));
}

static zend_result read_app(struct reading *reading, zval *value)
{
	struct cln_target *target = reading->target;
	if (!cln_app_id_is_valid(slice_of(value))) {
		return refuse("app", "must be 1 to 64 letters, digits, \"_\" or \"-\"");
	}
	copy_bytes(value, target->app, sizeof(target->app), &target->app_len);
	return SUCCESS;
}

/* The key stands in front of the colon of "KEY:SIGNATURE", within JSON. */
static zend_result read_key(struct reading *reading, zval *value)
{
	const size_t len = Z_STRLEN_P(value);
	bool good = len > 0 && len <= CLN_APP_KEY_MAX;
	for (size_t i = 0; good && i < len; i++) {
		const char c = Z_STRVAL_P(value)[i];
		good = c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != ':';
	}
	if (!good) {
		return refuse("key", "must be 1 to 64 visible ASCII characters, none of them \" \\ or :");
	}
	reading->key = Z_STR_P(value);
	return SUCCESS;
}

static zend_result read_secret(struct reading *reading, zval *value)
{
	struct cln_target *target = reading->target;
	if (!copy_bytes(value, target->secret, sizeof(target->secret), &target->secret_len)) {
		return refuse("secret", "must be 1 to 128 bytes long");
	}
	return SUCCESS;
}

static zend_result read_password(struct reading *reading, zval *value)
{
	struct cln_target *target = reading->target;
	if (target->transport == CLN_TRANSPORT_RELAY_UNIX) {
		return refuse("password", "is for tcp:// and redis://; a unix: relay asks app and secret");
	}
	if (!copy_bytes(value, target->password, sizeof(target->password), &target->password_len)) {
		return refuse("password", "must be 1 to 512 bytes long");
	}
	return SUCCESS;
}

static zend_result read_bus_prefix(struct reading *reading, zval *value)
{
	struct cln_target *target = reading->target;
	if (!cln_bus_prefix_is_valid(slice_of(value))) {
		return refuse(
			"bus_prefix", "must be 1 to 32 letters, digits, \"_\", \".\", \":\" or \"-\"");
	}
	memset(target->prefix, 0, sizeof(target->prefix)); /* the default may be longer */
	copy_bytes(value, target->prefix, sizeof(target->prefix), &target->prefix_len);
	return SUCCESS;
}

/* Whether the number lies within [min, max]; throws if not. */
static bool within(const char *name, zval *value, zend_long min, zend_long max)
{
	if (Z_LVAL_P(value) >= min && Z_LVAL_P(value) <= max) {
		return true;
	}
	zend_argument_value_error(OPTIONS_ARG,
		"option \"%s\" must be between " ZEND_LONG_FMT " and " ZEND_LONG_FMT, name, min, max);
	return false;
}

static zend_result read_outbox_events(struct reading *reading, zval *value)
{
	if (!within("outbox_events", value, 1, CLAIRON_OUTBOX_EVENTS_MAX)) {
		return FAILURE;
	}
	reading->bounds->outbox_events = (size_t)Z_LVAL_P(value);
	return SUCCESS;
}

static zend_result read_outbox_bytes(struct reading *reading, zval *value)
{
	if (!within("outbox_bytes", value, CLAIRON_OUTBOX_BYTES_MIN, CLAIRON_OUTBOX_BYTES_MAX)) {
		return FAILURE;
	}
	reading->bounds->outbox_bytes = (size_t)Z_LVAL_P(value);
	return SUCCESS;
}

static zend_result read_cli_wait_ms(struct reading *reading, zval *value)
{
	if (!within("cli_wait_ms", value, 0, CLAIRON_WAIT_MS_MAX)) {
		return FAILURE;
	}
	reading->bounds->cli_wait_ms = Z_LVAL_P(value);
	return SUCCESS;
}

static zend_result read_payload_bytes(struct reading *reading, zval *value)
{
	if (!within("payload_bytes", value, 1, CLN_PAYLOAD_BYTES_MAX)) {
		return FAILURE;
	}
	reading->bounds->payload_bytes = (size_t)Z_LVAL_P(value);
	return SUCCESS;
}

bool clairon_flush_word(const zend_string *word, bool *is_held)
{
	*is_held = zend_string_equals_literal(word, "response");
	return *is_held || zend_string_equals_literal(word, "now");
}

static zend_result read_flush(struct reading *reading, zval *value)
{
	if (!clairon_flush_word(Z_STR_P(value), &reading->bounds->is_held)) {
		return refuse("flush", "must be \"now\" or \"response\"");
	}
	return SUCCESS;
}

/* The file is opened when it is needed first; whether the process may is asked now, when somebody
 * can be told. */
static zend_result read_spool(struct reading *reading, zval *value)
{
	struct cln_target *target = reading->target;
	if (Z_STRLEN_P(value) > CLN_SPOOL_PATH_MAX) {
		return refuse("spool", "must be a path of at most 1023 bytes");
	}
	if (memchr(Z_STRVAL_P(value), '\0', Z_STRLEN_P(value)) != NULL) {
		return refuse("spool", "must be a path without NUL bytes");
	}
	if (Z_STRLEN_P(value) > 0 && Z_STRVAL_P(value)[0] != '/') {
		return refuse("spool", "must be an absolute path: it begins with /");
	}
	if (Z_STRLEN_P(value) > 0 && php_check_open_basedir_ex(Z_STRVAL_P(value), 0) != 0) {
		return refuse("spool", "must be a path that open_basedir allows");
	}
	memcpy(target->spool_path, Z_STRVAL_P(value), Z_STRLEN_P(value)); /* zeroed before */
	return SUCCESS;
}

static zend_result read_spool_bytes(struct reading *reading, zval *value)
{
	if (!within("spool_bytes", value, CLAIRON_SPOOL_BYTES_MIN, CLAIRON_SPOOL_BYTES_MAX)) {
		return FAILURE;
	}
	reading->target->spool_bytes = (uint64_t)Z_LVAL_P(value);
	return SUCCESS;
}

static zend_result read_spool_age_s(struct reading *reading, zval *value)
{
	if (!within("spool_age_s", value, 0, CLAIRON_SPOOL_AGE_S_MAX)) {
		return FAILURE;
	}
	reading->target->spool_age_ms = Z_LVAL_P(value) * MS_PER_S;
	return SUCCESS;
}

static zend_result read_ack_timeout_ms(struct reading *reading, zval *value)
{
	if (!within("ack_timeout_ms", value, CLAIRON_ACK_TIMEOUT_MIN, CLAIRON_ACK_TIMEOUT_MAX)) {
		return FAILURE;
	}
	reading->target->ack_timeout_ms = Z_LVAL_P(value);
	return SUCCESS;
}

static const struct option options_table[] = {
	{"app", IS_STRING, read_app},
	{"key", IS_STRING, read_key},
	{"secret", IS_STRING, read_secret},
	{"password", IS_STRING, read_password},
	{"bus_prefix", IS_STRING, read_bus_prefix},
	{"outbox_events", IS_LONG, read_outbox_events},
	{"outbox_bytes", IS_LONG, read_outbox_bytes},
	{"cli_wait_ms", IS_LONG, read_cli_wait_ms},
	{"payload_bytes", IS_LONG, read_payload_bytes},
	{"flush", IS_STRING, read_flush},
	{"spool", IS_STRING, read_spool},
	{"spool_bytes", IS_LONG, read_spool_bytes},
	{"spool_age_s", IS_LONG, read_spool_age_s},
	{"ack_timeout_ms", IS_LONG, read_ack_timeout_ms},
};

static const struct option *find_option(const zend_string *name)
{
	for (size_t i = 0; i < sizeof(options_table) / sizeof(options_table[0]); i++) {
		if (zend_string_equals_cstr(name, options_table[i].name, strlen(options_table[i].name))) {
			return &options_table[i];
		}
	}
	return NULL;
}

static zend_result read_one(struct reading *reading, zend_string *name, zval *value)
{
	const struct option *option = name != NULL ? find_option(name) : NULL;
	if (option == NULL) {
		zend_argument_value_error(OPTIONS_ARG, "holds an option that does not exist: \"%.64s\"",
			name != NULL ? ZSTR_VAL(name) : "(a number)");
		return FAILURE;
	}
	if (Z_TYPE_P(value) != option->type) {
		zend_argument_type_error(OPTIONS_ARG, "option \"%s\" must be of type %s, %s given",
			option->name, option->type == IS_STRING ? "string" : "int", zend_zval_type_name(value));
		return FAILURE;
	}
	return option->read(reading, value);
}

static void set_defaults(struct cln_target *target, struct cln_bounds *bounds)
{
	memcpy(target->prefix, CLN_BUS_PREFIX_DEFAULT, strlen(CLN_BUS_PREFIX_DEFAULT));
	target->prefix_len = strlen(CLN_BUS_PREFIX_DEFAULT);
	bounds->outbox_events = (size_t)CLAIRON_G(outbox_events);
	bounds->outbox_bytes = (size_t)CLAIRON_G(outbox_bytes);
	bounds->cli_wait_ms = CLAIRON_G(cli_wait_ms);
	bounds->payload_bytes = CLN_PAYLOAD_BYTES_DEFAULT;
	bounds->is_held = false;
	target->spool_bytes = (uint64_t)CLAIRON_G(spool_bytes);
	target->spool_age_ms = CLAIRON_G(spool_age_s) * MS_PER_S;
	target->ack_timeout_ms = CLAIRON_G(ack_timeout_ms);
}

zend_result clairon_options_read(
	HashTable *options, struct cln_target *target, struct cln_bounds *bounds, zend_string **key)
{
	struct reading reading = {target, bounds, NULL};
	zend_string *name;
	zval *value;
	set_defaults(target, bounds);
	ZEND_HASH_FOREACH_STR_KEY_VAL(options, name, value)
	{
		ZVAL_DEREF(value);
		if (Z_TYPE_P(value) == IS_NULL) {
			continue; /* as if it were not there: configuration files pass what is unset */
		}
		if (read_one(&reading, name, value) == FAILURE) {
			return FAILURE;
		}
	}
	ZEND_HASH_FOREACH_END();
	if (target->app_len == 0) {
		return refuse("app", "is required: the application's id");
	}
	if (reading.key == NULL) {
		return refuse("key", "is required: the application's public key");
	}
	if (target->secret_len == 0) {
		return refuse("secret", "is required: the application's secret");
	}
	*key = zend_string_copy(reading.key);
	return SUCCESS;
}
