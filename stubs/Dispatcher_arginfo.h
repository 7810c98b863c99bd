/* This is a generated file, edit the .stub.php file instead.
 * Stub hash: 70a39c09be4e45b7437324645fddc3ea70ba8a0b */

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Clairon_Dispatcher_listen, 0, 0, 1)
	ZEND_ARG_INFO(0, events)
	ZEND_ARG_INFO_WITH_DEFAULT_VALUE(0, listener, "null")
	ZEND_ARG_INFO_WITH_DEFAULT_VALUE(0, priority, "0")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Clairon_Dispatcher_dispatch, 0, 0, 1)
	ZEND_ARG_INFO(0, event)
	ZEND_ARG_INFO_WITH_DEFAULT_VALUE(0, payload, "[]")
	ZEND_ARG_INFO_WITH_DEFAULT_VALUE(0, halt, "false")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Clairon_Dispatcher_until, 0, 0, 1)
	ZEND_ARG_INFO(0, event)
	ZEND_ARG_INFO_WITH_DEFAULT_VALUE(0, payload, "[]")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Clairon_Dispatcher_hasListeners, 0, 0, 1)
	ZEND_ARG_INFO(0, eventName)
ZEND_END_ARG_INFO()

#define arginfo_class_Clairon_Dispatcher_hasWildcardListeners arginfo_class_Clairon_Dispatcher_hasListeners

#define arginfo_class_Clairon_Dispatcher_getListeners arginfo_class_Clairon_Dispatcher_hasListeners

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Clairon_Dispatcher_getRawListeners, 0, 0, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Clairon_Dispatcher_forget, 0, 0, 1)
	ZEND_ARG_INFO(0, event)
ZEND_END_ARG_INFO()

#define arginfo_class_Clairon_Dispatcher_findListeners arginfo_class_Clairon_Dispatcher_hasListeners

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Clairon_Dispatcher_forgetPrepared, 0, 0, IS_VOID, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Clairon_Dispatcher_prepareListener, 0, 0, 2)
	ZEND_ARG_INFO(0, listener)
	ZEND_ARG_INFO(0, wildcard)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Clairon_Dispatcher_makeListenersWith, 0, 2, IS_VOID, 0)
	ZEND_ARG_INFO(0, container)
	ZEND_ARG_TYPE_INFO(0, apart, IS_ARRAY, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, plain, IS_ARRAY, 0, "[]")
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Clairon_Dispatcher_callMadeListener, 0, 0, 5)
	ZEND_ARG_INFO(0, listener)
	ZEND_ARG_INFO(0, method)
	ZEND_ARG_INFO(0, event)
	ZEND_ARG_INFO(0, payload)
	ZEND_ARG_INFO(0, wildcard)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Clairon_Dispatcher_matchWithinLines, 0, 1, IS_VOID, 0)
	ZEND_ARG_TYPE_INFO(0, on, _IS_BOOL, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_class_Clairon_Dispatcher_intercept, 0, 1, IS_VOID, 0)
	ZEND_ARG_TYPE_INFO(0, classes, IS_ARRAY, 0)
ZEND_END_ARG_INFO()

#define arginfo_class_Clairon_Dispatcher_interceptAll arginfo_class_Clairon_Dispatcher_matchWithinLines

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Clairon_Dispatcher_intercepted, 0, 0, 3)
	ZEND_ARG_INFO(0, event)
	ZEND_ARG_INFO(0, payload)
	ZEND_ARG_INFO(0, halt)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_INFO_EX(arginfo_class_Clairon_Dispatcher_invokeListeners, 0, 0, 2)
	ZEND_ARG_INFO(0, event)
	ZEND_ARG_INFO(0, payload)
	ZEND_ARG_INFO_WITH_DEFAULT_VALUE(0, halt, "false")
ZEND_END_ARG_INFO()


ZEND_METHOD(Clairon_Dispatcher, listen);
ZEND_METHOD(Clairon_Dispatcher, dispatch);
ZEND_METHOD(Clairon_Dispatcher, until);
ZEND_METHOD(Clairon_Dispatcher, hasListeners);
ZEND_METHOD(Clairon_Dispatcher, hasWildcardListeners);
ZEND_METHOD(Clairon_Dispatcher, getListeners);
ZEND_METHOD(Clairon_Dispatcher, getRawListeners);
ZEND_METHOD(Clairon_Dispatcher, forget);
ZEND_METHOD(Clairon_Dispatcher, findListeners);
ZEND_METHOD(Clairon_Dispatcher, forgetPrepared);
ZEND_METHOD(Clairon_Dispatcher, prepareListener);
ZEND_METHOD(Clairon_Dispatcher, makeListenersWith);
ZEND_METHOD(Clairon_Dispatcher, callMadeListener);
ZEND_METHOD(Clairon_Dispatcher, matchWithinLines);
ZEND_METHOD(Clairon_Dispatcher, intercept);
ZEND_METHOD(Clairon_Dispatcher, interceptAll);
ZEND_METHOD(Clairon_Dispatcher, intercepted);
ZEND_METHOD(Clairon_Dispatcher, invokeListeners);


static const zend_function_entry class_Clairon_Dispatcher_methods[] = {
	ZEND_ME(Clairon_Dispatcher, listen, arginfo_class_Clairon_Dispatcher_listen, ZEND_ACC_PUBLIC)
	ZEND_ME(Clairon_Dispatcher, dispatch, arginfo_class_Clairon_Dispatcher_dispatch, ZEND_ACC_PUBLIC)
	ZEND_ME(Clairon_Dispatcher, until, arginfo_class_Clairon_Dispatcher_until, ZEND_ACC_PUBLIC)
	ZEND_ME(Clairon_Dispatcher, hasListeners, arginfo_class_Clairon_Dispatcher_hasListeners, ZEND_ACC_PUBLIC)
	ZEND_ME(Clairon_Dispatcher, hasWildcardListeners, arginfo_class_Clairon_Dispatcher_hasWildcardListeners, ZEND_ACC_PUBLIC)
	ZEND_ME(Clairon_Dispatcher, getListeners, arginfo_class_Clairon_Dispatcher_getListeners, ZEND_ACC_PUBLIC)
	ZEND_ME(Clairon_Dispatcher, getRawListeners, arginfo_class_Clairon_Dispatcher_getRawListeners, ZEND_ACC_PUBLIC)
	ZEND_ME(Clairon_Dispatcher, forget, arginfo_class_Clairon_Dispatcher_forget, ZEND_ACC_PUBLIC)
	ZEND_ME(Clairon_Dispatcher, findListeners, arginfo_class_Clairon_Dispatcher_findListeners, ZEND_ACC_PROTECTED)
	ZEND_ME(Clairon_Dispatcher, forgetPrepared, arginfo_class_Clairon_Dispatcher_forgetPrepared, ZEND_ACC_PROTECTED)
	ZEND_ME(Clairon_Dispatcher, prepareListener, arginfo_class_Clairon_Dispatcher_prepareListener, ZEND_ACC_PROTECTED)
	ZEND_ME(Clairon_Dispatcher, makeListenersWith, arginfo_class_Clairon_Dispatcher_makeListenersWith, ZEND_ACC_PROTECTED)
	ZEND_ME(Clairon_Dispatcher, callMadeListener, arginfo_class_Clairon_Dispatcher_callMadeListener, ZEND_ACC_PROTECTED)
	ZEND_ME(Clairon_Dispatcher, matchWithinLines, arginfo_class_Clairon_Dispatcher_matchWithinLines, ZEND_ACC_PROTECTED)
	ZEND_ME(Clairon_Dispatcher, intercept, arginfo_class_Clairon_Dispatcher_intercept, ZEND_ACC_PROTECTED)
	ZEND_ME(Clairon_Dispatcher, interceptAll, arginfo_class_Clairon_Dispatcher_interceptAll, ZEND_ACC_PROTECTED)
	ZEND_ME(Clairon_Dispatcher, intercepted, arginfo_class_Clairon_Dispatcher_intercepted, ZEND_ACC_PROTECTED)
	ZEND_ME(Clairon_Dispatcher, invokeListeners, arginfo_class_Clairon_Dispatcher_invokeListeners, ZEND_ACC_PROTECTED)
	ZEND_FE_END
};

static zend_class_entry *register_class_Clairon_Dispatcher(void)
{
	zend_class_entry ce, *class_entry;

	INIT_NS_CLASS_ENTRY(ce, "Clairon", "Dispatcher", class_Clairon_Dispatcher_methods);
	class_entry = zend_register_internal_class_ex(&ce, NULL);
	class_entry->ce_flags |= ZEND_ACC_NOT_SERIALIZABLE;

	return class_entry;
}
