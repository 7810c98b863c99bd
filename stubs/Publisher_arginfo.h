/* This is a generated file, edit the .stub.php file instead.
 * Stub hash: a9f14057b12e6f1cb72b5d66cf25241ff1ddc0f0 */

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Clairon_Publisher___construct, 0, 0, 2)
	ZEND_ARG_TYPE_INFO(0, dsn, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, options, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Clairon_Publisher_trigger, 0, 3, IS_LONG, 0)
	ZEND_ARG_TYPE_MASK(0, channels, MAY_BE_STRING|MAY_BE_ARRAY, NULL)
	ZEND_ARG_TYPE_INFO(0, event, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, data, IS_MIXED, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, socketId, IS_STRING, 1, "null")
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, flush, IS_STRING, 1, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Clairon_Publisher_triggerBatch, 0, 1, IS_LONG, 0)
	ZEND_ARG_TYPE_INFO(0, batch, IS_ARRAY, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, flush, IS_STRING, 1, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Clairon_Publisher_flush, 0, 0, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, timeoutMs, IS_LONG, 0, "250")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Clairon_Publisher_stats, 0, 0, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Clairon_Publisher_authorizeChannel, 0, 2, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, channel, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, socketId, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, channelData, IS_STRING, 1, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Clairon_Publisher_authorizePresenceChannel, 0, 3, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, channel, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, socketId, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, userId, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, userInfo, IS_MIXED, 0, "null")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Clairon_Publisher_authenticateUser, 0, 2, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, socketId, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, userData, IS_ARRAY, 0)
ZEND_END_ARG_INFO()


ZEND_METHOD(Clairon_Publisher, __construct);
ZEND_METHOD(Clairon_Publisher, trigger);
ZEND_METHOD(Clairon_Publisher, triggerBatch);
ZEND_METHOD(Clairon_Publisher, flush);
ZEND_METHOD(Clairon_Publisher, stats);
ZEND_METHOD(Clairon_Publisher, authorizeChannel);
ZEND_METHOD(Clairon_Publisher, authorizePresenceChannel);
ZEND_METHOD(Clairon_Publisher, authenticateUser);


static const zend_function_entry class_Clairon_Publisher_methods[] = {
	ZEND_ME(Clairon_Publisher, __construct, arginfo_class_Clairon_Publisher___construct, ZEND_ACC_PUBLIC)
	ZEND_ME(Clairon_Publisher, trigger, arginfo_class_Clairon_Publisher_trigger, ZEND_ACC_PUBLIC)
	ZEND_ME(Clairon_Publisher, triggerBatch, arginfo_class_Clairon_Publisher_triggerBatch, ZEND_ACC_PUBLIC)
	ZEND_ME(Clairon_Publisher, flush, arginfo_class_Clairon_Publisher_flush, ZEND_ACC_PUBLIC)
	ZEND_ME(Clairon_Publisher, stats, arginfo_class_Clairon_Publisher_stats, ZEND_ACC_PUBLIC)
	ZEND_ME(Clairon_Publisher, authorizeChannel, arginfo_class_Clairon_Publisher_authorizeChannel, ZEND_ACC_PUBLIC)
	ZEND_ME(Clairon_Publisher, authorizePresenceChannel, arginfo_class_Clairon_Publisher_authorizePresenceChannel, ZEND_ACC_PUBLIC)
	ZEND_ME(Clairon_Publisher, authenticateUser, arginfo_class_Clairon_Publisher_authenticateUser, ZEND_ACC_PUBLIC)
	ZEND_FE_END
};

static zend_class_entry *register_class_Clairon_Publisher(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Clairon", "Publisher", class_Clairon_Publisher_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	class_entry->ce_flags |= ZEND_ACC_FINAL|ZEND_ACC_NO_DYNAMIC_PROPERTIES|ZEND_ACC_NOT_SERIALIZABLE;

	zval const_DROPPED_value;
	ZVAL_LONG(&const_DROPPED_value, CLAIRON_DROPPED);
	zend_string *const_DROPPED_name = zend_string_init_interned("DROPPED", sizeof("DROPPED") - 1, 1);
	zend_declare_class_constant_ex(class_entry, const_DROPPED_name, &const_DROPPED_value, ZEND_ACC_PUBLIC, NULL);
	zend_string_release(const_DROPPED_name);

	zval const_PENDING_value;
	ZVAL_LONG(&const_PENDING_value, CLAIRON_PENDING);
	zend_string *const_PENDING_name = zend_string_init_interned("PENDING", sizeof("PENDING") - 1, 1);
	zend_declare_class_constant_ex(class_entry, const_PENDING_name, &const_PENDING_value, ZEND_ACC_PUBLIC, NULL);
	zend_string_release(const_PENDING_name);

	zval const_SENT_value;
	ZVAL_LONG(&const_SENT_value, CLAIRON_SENT);
	zend_string *const_SENT_name = zend_string_init_interned("SENT", sizeof("SENT") - 1, 1);
	zend_declare_class_constant_ex(class_entry, const_SENT_name, &const_SENT_value, ZEND_ACC_PUBLIC, NULL);
	zend_string_release(const_SENT_name);


	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "__construct", sizeof("__construct") - 1), 0, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);

	zend_add_parameter_attribute(zend_hash_str_find_ptr(&class_entry->function_table, "__construct", sizeof("__construct") - 1), 1, ZSTR_KNOWN(ZEND_STR_SENSITIVEPARAMETER), 0);

	return class_entry;
}
