/* SPDX-License-Identifier: MIT
 *
 * The class Clairon\Publisher: arguments in, results out. An object holds a reference to a link
 * that outlives it. It holds no PHP values but the key, so it takes part in no cycle.
 */
#include "private.h"

#include "../wire/name.h"
#include "authorize.h"
#include "dsn.h"
#include "encode.h"
#include "options.h"
#include "publisher.h"
#include "report.h"
#include "stats.h"
#include "trigger.h"
#include "zend_attributes.h"
#include "zend_exceptions.h"

#include "Publisher_arginfo.h"

struct clairon_publisher {
	struct cln_link *link; /* NULL: not constructed */
	zend_string *key;
	struct cln_bounds bounds;
	zend_object std;
};

static zend_object_handlers handlers;

static struct clairon_publisher *publisher_from(zend_object *object)
{
	return (struct clairon_publisher *)((char *)object - offsetof(struct clairon_publisher, std));
}

static zend_object *publisher_create(zend_class_entry *ce)
{
	struct clairon_publisher *publisher = zend_object_alloc(sizeof(*publisher), ce);
	zend_object_std_init(&publisher->std, ce);
	object_properties_init(&publisher->std, ce);
	publisher->std.handlers = &handlers;
	return &publisher->std;
}

static void publisher_free(zend_object *object)
{
	struct clairon_publisher *publisher = publisher_from(object);
	if (publisher->link != NULL) {
		cln_link_release(publisher->link);
	}
	if (publisher->key != NULL) {
		zend_string_release(publisher->key);
	}
	zend_object_std_dtor(object);
}

/* The object behind `$this`; NULL after an Error if its constructor has not run. */
static struct clairon_publisher *publisher_this(zval *self)
{
	struct clairon_publisher *publisher = publisher_from(Z_OBJ_P(self));
	if (UNEXPECTED(publisher->link == NULL)) {
		zend_throw_error(NULL, "Clairon\\Publisher was not constructed");
		return NULL;
	}
	return publisher;
}

static struct cln_slice slice_of(const zend_string *string)
{
	return cln_slice(ZSTR_VAL(string), ZSTR_LEN(string));
}

ZEND_METHOD(Clairon_Publisher, __construct)
{
	zend_string *dsn;
	HashTable *options;
	ZEND_PARSE_PARAMETERS_START(2, 2)
	Z_PARAM_STR(dsn)
	Z_PARAM_ARRAY_HT(options)
	ZEND_PARSE_PARAMETERS_END();

	struct clairon_publisher *publisher = publisher_from(Z_OBJ_P(ZEND_THIS));
	struct cln_target target;
	zend_string *key;
	if (publisher->link != NULL) {
		zend_throw_error(NULL, "Clairon\\Publisher is constructed already");
		RETURN_THROWS();
	}
	memset(&target, 0, sizeof(target)); /* padding too: targets are compared as bytes */
	if (clairon_dsn_parse(dsn, &target) == FAILURE ||
		clairon_options_read(options, &target, &publisher->bounds, &key) == FAILURE) {
		ZEND_SECURE_ZERO(&target, sizeof(target));
		RETURN_THROWS();
	}
	clairon_check_fork();
	publisher->link =
		cln_link_acquire(&CLAIRON_G(links), &target, cln_stamp_random(&CLAIRON_G(stamp)));
	ZEND_SECURE_ZERO(&target, sizeof(target));
	if (publisher->link == NULL) {
		zend_string_release(key);
		zend_throw_error(NULL,
			"Clairon\\Publisher: %d different targets are in use in this process", CLN_LINKS_MAX);
		RETURN_THROWS();
	}
	publisher->link->spares_calls = !clairon_may_wait();
	publisher->key = key;
}

/* Whether this call's events are held until the response is out; throws and returns false for a
 * word that is none. */
static bool read_flush(const struct clairon_publisher *publisher, uint32_t arg,
	const zend_string *flush, bool *is_held)
{
	*is_held = publisher->bounds.is_held;
	if (flush == NULL || clairon_flush_word(flush, is_held)) {
		return true;
	}
	zend_argument_value_error(arg, "must be \"now\" or \"response\"");
	return false;
}

ZEND_METHOD(Clairon_Publisher, trigger)
{
	zval channels;
	zval *data;
	struct clairon_draft draft = {
		.channels = &channels, .channels_arg = 1, .name_arg = 2, .exclude_arg = 4};
	HashTable *list = NULL;
	zend_string *channel = NULL;
	zend_string *flush = NULL;
	/* clang-format off */
	ZEND_PARSE_PARAMETERS_START(3, 5)
		Z_PARAM_ARRAY_HT_OR_STR(list, channel)
		Z_PARAM_STR(draft.name)
		Z_PARAM_ZVAL(data)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR_OR_NULL(draft.exclude)
		Z_PARAM_STR_OR_NULL(flush)
	ZEND_PARSE_PARAMETERS_END();
	/* clang-format on */

	struct clairon_publisher *publisher = publisher_this(ZEND_THIS);
	if (channel != NULL) {
		ZVAL_STR(&channels, channel);
	} else {
		ZVAL_ARR(&channels, list);
	}
	bool is_held;
	const size_t text_len = CLAIRON_G(text).len;
	if (publisher == NULL || !read_flush(publisher, 5, flush, &is_held) ||
		clairon_draft_encode(&draft, data) == FAILURE) {
		RETURN_THROWS();
	}
	if (clairon_draft_check(&draft, &publisher->bounds, publisher->link) == SUCCESS) {
		clairon_check_fork();
		RETVAL_LONG(clairon_drafts_send(&draft, 1, &publisher->bounds, publisher->link, is_held));
	}
	clairon_draft_free(&draft);
	CLAIRON_G(text).len = text_len;
}

/* ---- triggerBatch ---- */

#define BATCH_ARG 1

static zend_result batch_error(zend_ulong index, const char *what)
{
	zend_argument_value_error(BATCH_ARG, "event " ZEND_ULONG_FMT " %s", index, what);
	return FAILURE;
}

/* Takes one key of one event of a batch. `data` is kept apart: it is encoded first of all. */
static zend_result read_batch_key(
	struct clairon_draft *draft, zval **data, zend_ulong index, zend_string *key, zval *value)
{
	ZVAL_DEREF(value);
	if (key == NULL) {
		return batch_error(index, "must have the keys channel, name, data and perhaps socket_id");
	}
	if (zend_string_equals_literal(key, "channel")) {
		if (Z_TYPE_P(value) != IS_STRING && Z_TYPE_P(value) != IS_ARRAY) {
			return batch_error(index, "must have a channel of type string or array");
		}
		draft->channels = value;
	} else if (zend_string_equals_literal(key, "name")) {
		if (Z_TYPE_P(value) != IS_STRING) {
			return batch_error(index, "must have a name of type string");
		}
		draft->name = Z_STR_P(value);
	} else if (zend_string_equals_literal(key, "data")) {
		*data = value;
	} else if (zend_string_equals_literal(key, "socket_id")) {
		if (Z_TYPE_P(value) != IS_STRING && Z_TYPE_P(value) != IS_NULL) {
			return batch_error(index, "must have a socket_id of type string or null");
		}
		draft->exclude = Z_TYPE_P(value) == IS_STRING ? Z_STR_P(value) : NULL;
	} else {
		return batch_error(index, "has a key other than channel, name, data and socket_id");
	}
	return SUCCESS;
}

static zend_result read_batch_event(
	struct clairon_draft *draft, zval **data, zend_ulong index, zval *event)
{
	ZVAL_DEREF(event);
	if (Z_TYPE_P(event) != IS_ARRAY) {
		zend_argument_type_error(
			BATCH_ARG, "must contain only arrays, %s given", zend_zval_type_name(event));
		return FAILURE;
	}
	zend_string *key;
	zval *value;
	draft->channels = NULL;
	draft->name = NULL;
	draft->exclude = NULL;
	draft->channels_arg = draft->name_arg = draft->exclude_arg = BATCH_ARG;
	*data = NULL;
	ZEND_HASH_FOREACH_STR_KEY_VAL(Z_ARRVAL_P(event), key, value)
	{
		if (read_batch_key(draft, data, index, key, value) == FAILURE) {
			return FAILURE;
		}
	}
	ZEND_HASH_FOREACH_END();
	if (draft->channels == NULL || draft->name == NULL || *data == NULL) {
		return batch_error(index, "must have a channel, a name and data");
	}
	return SUCCESS;
}

/* First pass: encode, which may run PHP code that changes the batch through references. */
static zend_result encode_batch(struct clairon_draft *drafts, HashTable *batch)
{
	zend_ulong index = 0;
	zval *event;
	ZEND_HASH_FOREACH_VAL(batch, event)
	{
		zval *data;
		zval kept;
		if (read_batch_event(&drafts[index], &data, index, event) == FAILURE) {
			return FAILURE;
		}
		ZVAL_COPY(&kept, data);
		const zend_result result = clairon_draft_encode(&drafts[index], &kept);
		zval_ptr_dtor(&kept);
		if (result == FAILURE) {
			return FAILURE;
		}
		index++;
	}
	ZEND_HASH_FOREACH_END();
	return SUCCESS;
}

/* Second pass: read the names (again, for the reason above) and check everything. */
static zend_result check_batch(
	struct clairon_draft *drafts, HashTable *batch, const struct clairon_publisher *publisher)
{
	zend_ulong index = 0;
	zval *event;
	ZEND_HASH_FOREACH_VAL(batch, event)
	{
		zval *data;
		if (read_batch_event(&drafts[index], &data, index, event) == FAILURE ||
			clairon_draft_check(&drafts[index], &publisher->bounds, publisher->link) == FAILURE) {
			return FAILURE;
		}
		index++;
	}
	ZEND_HASH_FOREACH_END();
	return SUCCESS;
}

ZEND_METHOD(Clairon_Publisher, triggerBatch)
{
	HashTable *batch;
	zend_string *flush = NULL;
	ZEND_PARSE_PARAMETERS_START(1, 2)
	Z_PARAM_ARRAY_HT(batch)
	Z_PARAM_OPTIONAL
	Z_PARAM_STR_OR_NULL(flush)
	ZEND_PARSE_PARAMETERS_END();

	struct clairon_publisher *publisher = publisher_this(ZEND_THIS);
	bool is_held;
	if (publisher == NULL || !read_flush(publisher, 2, flush, &is_held)) {
		RETURN_THROWS();
	}
	const uint32_t count = zend_hash_num_elements(batch);
	if (count == 0 || count > CLN_BATCH_EVENTS_MAX) {
		zend_argument_value_error(
			BATCH_ARG, "must contain 1 to %d events, %u given", CLN_BATCH_EVENTS_MAX, count);
		RETURN_THROWS();
	}
	const size_t text_len = CLAIRON_G(text).len;
	struct clairon_draft drafts[CLN_BATCH_EVENTS_MAX] = {{0}};
	if (encode_batch(drafts, batch) == SUCCESS &&
		check_batch(drafts, batch, publisher) == SUCCESS) {
		clairon_check_fork();
		RETVAL_LONG(
			clairon_drafts_send(drafts, count, &publisher->bounds, publisher->link, is_held));
	}
	for (uint32_t i = 0; i < count; i++) {
		clairon_draft_free(&drafts[i]);
	}
	CLAIRON_G(text).len = text_len;
}

/* ---- flush, stats ---- */

ZEND_METHOD(Clairon_Publisher, flush)
{
	zend_long timeout_ms = 250;
	ZEND_PARSE_PARAMETERS_START(0, 1)
	Z_PARAM_OPTIONAL
	Z_PARAM_LONG(timeout_ms)
	ZEND_PARSE_PARAMETERS_END();

	struct clairon_publisher *publisher = publisher_this(ZEND_THIS);
	if (publisher == NULL) {
		RETURN_THROWS();
	}
	if (timeout_ms < 0 || timeout_ms > INT_MAX) {
		zend_argument_value_error(1, "must be between 0 and %d", INT_MAX);
		RETURN_THROWS();
	}
	clairon_check_fork();
	RETVAL_BOOL(cln_link_flush(publisher->link, timeout_ms));
	clairon_report(publisher->link);
}

ZEND_METHOD(Clairon_Publisher, stats)
{
	ZEND_PARSE_PARAMETERS_NONE();

	struct clairon_publisher *publisher = publisher_this(ZEND_THIS);
	if (publisher == NULL) {
		RETURN_THROWS();
	}
	clairon_check_fork();
	if (!publisher->link->is_held) { /* looking sends nothing that waits for the response */
		cln_link_pump(publisher->link, CLN_DRAIN_NOW);
	}
	clairon_stats(return_value, publisher->link);
	clairon_report(publisher->link);
}

/* ---- authorisation ---- */

static bool check_auth_channel(uint32_t arg, const zend_string *channel, bool must_be_presence)
{
	struct cln_channel_type type;
	if (cln_channel_check(slice_of(channel), &type) != CLN_OK) {
		zend_argument_value_error(arg,
			"must be a channel name: 1 to %d letters, digits and "
			"_ - = @ , . ;",
			CLN_CHANNEL_NAME_MAX);
		return false;
	}
	if (must_be_presence && !type.is_presence) {
		zend_argument_value_error(arg, "must begin with presence-");
		return false;
	}
	return true;
}

static bool check_auth_socket(uint32_t arg, const zend_string *socket_id)
{
	if (!cln_socket_id_is_valid(slice_of(socket_id))) {
		zend_argument_value_error(arg, "must be a socket id: two numbers and a dot, as in 123.456");
		return false;
	}
	return true;
}

ZEND_METHOD(Clairon_Publisher, authorizeChannel)
{
	zend_string *channel, *socket_id, *channel_data = NULL;
	ZEND_PARSE_PARAMETERS_START(2, 3)
	Z_PARAM_STR(channel)
	Z_PARAM_STR(socket_id)
	Z_PARAM_OPTIONAL
	Z_PARAM_STR_OR_NULL(channel_data)
	ZEND_PARSE_PARAMETERS_END();

	const struct clairon_publisher *publisher = publisher_this(ZEND_THIS);
	if (publisher == NULL || !check_auth_channel(1, channel, false) ||
		!check_auth_socket(2, socket_id)) {
		RETURN_THROWS();
	}
	if (channel_data != NULL && !cln_utf8_is_valid(slice_of(channel_data))) {
		zend_argument_value_error(3, "must be valid UTF-8");
		RETURN_THROWS();
	}
	RETURN_STR(clairon_authorize_channel(
		&publisher->link->target, publisher->key, socket_id, channel, channel_data));
}

ZEND_METHOD(Clairon_Publisher, authorizePresenceChannel)
{
	zend_string *channel, *socket_id, *user_id;
	zval *user_info = NULL;
	ZEND_PARSE_PARAMETERS_START(3, 4)
	Z_PARAM_STR(channel)
	Z_PARAM_STR(socket_id)
	Z_PARAM_STR(user_id)
	Z_PARAM_OPTIONAL
	Z_PARAM_ZVAL(user_info)
	ZEND_PARSE_PARAMETERS_END();

	const struct clairon_publisher *publisher = publisher_this(ZEND_THIS);
	if (publisher == NULL || !check_auth_channel(1, channel, true) ||
		!check_auth_socket(2, socket_id)) {
		RETURN_THROWS();
	}
	if (ZSTR_LEN(user_id) == 0) {
		zend_argument_value_error(3, "must not be empty");
		RETURN_THROWS();
	}
	zend_string *channel_data = clairon_make_channel_data(user_id, user_info);
	if (channel_data == NULL) {
		RETURN_THROWS();
	}
	RETVAL_STR(clairon_authorize_channel(
		&publisher->link->target, publisher->key, socket_id, channel, channel_data));
	zend_string_release(channel_data);
}

ZEND_METHOD(Clairon_Publisher, authenticateUser)
{
	zend_string *socket_id;
	zval *user_data;
	ZEND_PARSE_PARAMETERS_START(2, 2)
	Z_PARAM_STR(socket_id)
	Z_PARAM_ARRAY(user_data)
	ZEND_PARSE_PARAMETERS_END();

	const struct clairon_publisher *publisher = publisher_this(ZEND_THIS);
	if (publisher == NULL || !check_auth_socket(1, socket_id)) {
		RETURN_THROWS();
	}
	zval *id = zend_hash_str_find_deref(Z_ARRVAL_P(user_data), "id", strlen("id"));
	if (id == NULL || Z_TYPE_P(id) != IS_STRING || Z_STRLEN_P(id) == 0) {
		zend_argument_value_error(2, "must have an \"id\" that is a string and not empty");
		RETURN_THROWS();
	}
	smart_str json = {0};
	if (clairon_encode_json(&json, user_data, "the user's data") == FAILURE) {
		RETURN_THROWS();
	}
	zend_string *text = smart_str_extract(&json);
	RETVAL_STR(clairon_authorize_user(&publisher->link->target, publisher->key, socket_id, text));
	zend_string_release(text);
}

void clairon_publisher_minit(void)
{
	zend_class_entry *ce = register_class_Clairon_Publisher();
	ce->create_object = publisher_create;
	handlers = *zend_get_std_object_handlers();
	handlers.offset = offsetof(struct clairon_publisher, std);
	handlers.free_obj = publisher_free;
	handlers.clone_obj = NULL;
	handlers.compare = zend_objects_not_comparable;
}
