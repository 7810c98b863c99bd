/* SPDX-License-Identifier: MIT
 *
 * See authorize.h. The signed text is the string as the browser passes it on, so what is signed
 * and what is answered is one string, encoded once.
 */
#include "authorize.h"

#include "../wire/sign.h"
#include "encode.h"
#include "ext/json/php_json.h"

static struct cln_slice slice_of(const zend_string *string)
{
	return cln_slice(ZSTR_VAL(string), ZSTR_LEN(string));
}

static void append_data(smart_str *json, const char *name, const zend_string *data)
{
	zend_string *literal = php_json_encode_string(ZSTR_VAL(data), ZSTR_LEN(data), 0);
	smart_str_appends(json, ",\"");
	smart_str_appends(json, name);
	smart_str_appends(json, "\":");
	smart_str_append(json, literal);
	zend_string_release(literal);
}

static zend_string *make_answer(const zend_string *key, const char hex[CLN_SIGNATURE_HEX],
	const char *name, const zend_string *data)
{
	smart_str json = {0};
	smart_str_appends(&json, "{\"auth\":\"");
	smart_str_append(&json, key);
	smart_str_appendc(&json, ':');
	smart_str_appendl(&json, hex, CLN_SIGNATURE_HEX);
	smart_str_appendc(&json, '"');
	if (data != NULL) {
		append_data(&json, name, data);
	}
	smart_str_appendc(&json, '}');
	return smart_str_extract(&json);
}

zend_string *clairon_authorize_channel(const struct cln_target *target, const zend_string *key,
	const zend_string *socket_id, const zend_string *channel, const zend_string *channel_data)
{
	char hex[CLN_SIGNATURE_HEX];
	const struct cln_slice data = channel_data != NULL ? slice_of(channel_data) : CLN_SLICE("");
	cln_sign_channel(cln_target_secret(target), slice_of(socket_id), slice_of(channel),
		channel_data != NULL ? &data : NULL, hex);
	return make_answer(key, hex, "channel_data", channel_data);
}

zend_string *clairon_authorize_user(const struct cln_target *target, const zend_string *key,
	const zend_string *socket_id, const zend_string *user_data)
{
	char hex[CLN_SIGNATURE_HEX];
	cln_sign_user(cln_target_secret(target), slice_of(socket_id), slice_of(user_data), hex);
	return make_answer(key, hex, "user_data", user_data);
}

zend_string *clairon_make_channel_data(zend_string *user_id, zval *user_info)
{
	zval data;
	smart_str json = {0};
	array_init_size(&data, 2);
	add_assoc_str(&data, "user_id", zend_string_copy(user_id));
	if (user_info != NULL && Z_TYPE_P(user_info) != IS_NULL) {
		Z_TRY_ADDREF_P(user_info);
		add_assoc_zval(&data, "user_info", user_info);
	}
	const zend_result result = clairon_encode_json(&json, &data, "the member's data");
	zval_ptr_dtor(&data);
	return result == SUCCESS ? smart_str_extract(&json) : NULL;
}
