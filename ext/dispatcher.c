/* SPDX-License-Identifier: MIT
 *
 * The class Clairon\Dispatcher: arguments in, results out. It has no constructor that a subclass
 * could forget to call. The protected methods are what a framework's subclass builds on.
 *
 * Signatures carry no types where Illuminate\Contracts\Events\Dispatcher has none, so that a
 * subclass may implement that interface with the methods as they are.
 */
#include "private.h"

#include "dispatcher.h"
#include "zend_exceptions.h"

#include "Dispatcher_arginfo.h"

static zend_class_entry *dispatcher_ce;
static zend_object_handlers handlers;

/* The method if a subclass overrides it. */
static zend_function *overridden(zend_class_entry *ce, const char *lower, size_t length)
{
	zend_function *method = zend_hash_str_find_ptr(&ce->function_table, lower, length);
	return method != NULL && method->common.scope != dispatcher_ce ? method : NULL;
}

static zend_object *dispatcher_create(zend_class_entry *ce)
{
	struct clairon_dispatcher *self = zend_object_alloc(sizeof(*self), ce);
	memset(self, 0, offsetof(struct clairon_dispatcher, std));
	zend_object_std_init(&self->std, ce);
	object_properties_init(&self->std, ce);
	self->std.handlers = &handlers;
	ZVAL_UNDEF(&self->container);
	clairon_tables_init(self);
	if (ce != dispatcher_ce) {
		self->prepare = overridden(ce, ZEND_STRL("preparelistener"));
		self->find = overridden(ce, ZEND_STRL("findlisteners"));
		self->intercepted = overridden(ce, ZEND_STRL("intercepted"));
		self->call_made = overridden(ce, ZEND_STRL("callmadelistener"));
		/* Also for an object whose constructor never ran, as a mock is one. */
		self->intercept_all = self->intercepted != NULL;
	}
	return &self->std;
}

static void dispatcher_free(zend_object *object)
{
	struct clairon_dispatcher *self = clairon_dispatcher_from(object);
	clairon_tables_deinit(self);
	clairon_rules_set(self, NULL);
	zval_ptr_dtor(&self->container);
	zend_object_std_dtor(object);
}

static HashTable *dispatcher_gc(zend_object *object, zval **table, int *count)
{
	struct clairon_dispatcher *self = clairon_dispatcher_from(object);
	zend_get_gc_buffer *buffer = zend_get_gc_buffer_create();
	clairon_tables_gc(self, buffer);
	zend_get_gc_buffer_add_zval(buffer, &self->container);
	clairon_rules_gc(self->rules, buffer);
	zend_get_gc_buffer_use(buffer, table, count);
	return zend_std_get_properties(object);
}

static struct clairon_dispatcher *dispatcher_this(zval *self)
{
	return clairon_dispatcher_from(Z_OBJ_P(self));
}

/* A name as PHP would turn it into a string parameter of a function of its own without strict
 * types; NULL after a TypeError. */
static zend_string *name_of(zval *value, uint32_t argument, const char *type)
{
	zend_string *name = NULL;
	if (Z_TYPE_P(value) == IS_NULL || !zend_parse_arg_str(value, &name, false, argument)) {
		zend_argument_type_error(
			argument, "must be of type %s, %s given", type, zend_zval_type_name(value));
		return NULL;
	}
	return name;
}

static bool listener_is_fit(struct clairon_dispatcher *self, zval *listener)
{
	zend_fcall_info_cache call = {0};
	char *error = NULL;
	if (self->prepare != NULL || self->find != NULL) {
		return true;
	}
	if (!zend_is_callable_ex(listener, NULL, 0, NULL, &call, &error)) {
		zend_argument_type_error(2, "must be a valid callback, %s", error ? error : "it is none");
		if (error != NULL) {
			efree(error);
		}
		return false;
	}
	zend_release_fcall_info_cache(&call);
	return true;
}

ZEND_METHOD(Clairon_Dispatcher, listen)
{
	zval *events;
	zval nothing;
	zval *listener = &nothing;
	zend_long priority = 0;
	ZVAL_NULL(&nothing);
	/* clang-format off */
	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_ZVAL(events)
		Z_PARAM_OPTIONAL
		Z_PARAM_ZVAL(listener)
		Z_PARAM_LONG(priority)
	ZEND_PARSE_PARAMETERS_END();
	/* clang-format on */

	struct clairon_dispatcher *self = dispatcher_this(ZEND_THIS);
	ZVAL_DEREF(events);
	if (!listener_is_fit(self, listener)) {
		RETURN_THROWS();
	}
	if (Z_TYPE_P(events) != IS_ARRAY) {
		zend_string *name = name_of(events, 1, "string|array");
		if (name == NULL) {
			RETURN_THROWS();
		}
		clairon_listener_add(self, name, listener, priority);
		return;
	}
	/* Adding may run destructors: the caller's array may be gone by then. */
	HashTable *names = Z_ARRVAL_P(events);
	zval *value;
	GC_TRY_ADDREF(names);
	ZEND_HASH_FOREACH_VAL(names, value)
	{
		zval copy;
		ZVAL_COPY_DEREF(&copy, value);
		zend_string *name = name_of(&copy, 1, "string");
		if (name != NULL) {
			clairon_listener_add(self, name, listener, priority);
		}
		zval_ptr_dtor(&copy);
		if (EG(exception)) {
			break;
		}
	}
	ZEND_HASH_FOREACH_END();
	if (!(GC_FLAGS(names) & GC_IMMUTABLE)) {
		zend_array_release(names);
	}
}

static void dispatch(INTERNAL_FUNCTION_PARAMETERS, bool may_intercept)
{
	zval *event;
	zval *payload = NULL;
	bool halt = false;
	/* clang-format off */
	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_ZVAL(event)
		Z_PARAM_OPTIONAL
		Z_PARAM_ZVAL(payload)
		Z_PARAM_BOOL(halt)
	ZEND_PARSE_PARAMETERS_END();
	/* clang-format on */

	if (Z_TYPE_P(event) != IS_OBJECT && name_of(event, 1, "object|string") == NULL) {
		RETURN_THROWS();
	}
	clairon_dispatch(dispatcher_this(ZEND_THIS), event, payload, halt, may_intercept, return_value);
}

ZEND_METHOD(Clairon_Dispatcher, dispatch)
{
	dispatch(INTERNAL_FUNCTION_PARAM_PASSTHRU, true);
}

ZEND_METHOD(Clairon_Dispatcher, invokeListeners)
{
	dispatch(INTERNAL_FUNCTION_PARAM_PASSTHRU, false);
}

ZEND_METHOD(Clairon_Dispatcher, intercepted)
{
	dispatch(INTERNAL_FUNCTION_PARAM_PASSTHRU, false);
}

ZEND_METHOD(Clairon_Dispatcher, until)
{
	zval *event;
	zval *payload = NULL;
	/* clang-format off */
	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_ZVAL(event)
		Z_PARAM_OPTIONAL
		Z_PARAM_ZVAL(payload)
	ZEND_PARSE_PARAMETERS_END();
	/* clang-format on */

	struct clairon_dispatcher *self = dispatcher_this(ZEND_THIS);
	if (Z_TYPE_P(event) != IS_OBJECT && name_of(event, 1, "object|string") == NULL) {
		RETURN_THROWS();
	}
	zend_function *own = overridden(self->std.ce, ZEND_STRL("dispatch"));
	if (own == NULL) {
		clairon_dispatch(self, event, payload, true, true, return_value);
		return;
	}
	clairon_call_with_event(self, own, event, payload, true, return_value);
}

/* The one argument of most methods, a name. */
static zend_string *name_argument(INTERNAL_FUNCTION_PARAMETERS)
{
	zval *value;
	/* clang-format off */
	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ZVAL(value)
	ZEND_PARSE_PARAMETERS_END_EX(return NULL);
	/* clang-format on */
	return name_of(value, 1, "string");
}

ZEND_METHOD(Clairon_Dispatcher, hasListeners)
{
	struct clairon_dispatcher *self = dispatcher_this(ZEND_THIS);
	zend_string *name = name_argument(INTERNAL_FUNCTION_PARAM_PASSTHRU);
	if (name == NULL) {
		RETURN_THROWS();
	}
	RETURN_BOOL(zend_hash_exists(&self->exact, name) || clairon_wildcards_match(self, name));
}

ZEND_METHOD(Clairon_Dispatcher, hasWildcardListeners)
{
	zend_string *name = name_argument(INTERNAL_FUNCTION_PARAM_PASSTHRU);
	if (name == NULL) {
		RETURN_THROWS();
	}
	RETURN_BOOL(clairon_wildcards_match(dispatcher_this(ZEND_THIS), name));
}

/* Takes the reference of the plan, which is NULL after an exception. */
static void return_plan(zval *return_value, struct clairon_plan *plan, bool with_kind)
{
	if (plan == NULL) {
		RETURN_THROWS();
	}
	array_init_size(return_value, plan->count);
	for (uint32_t i = 0; i < plan->count; i++) {
		zval one;
		ZVAL_COPY(&one, &plan->listener[i]->given);
		if (with_kind) {
			zval pair;
			array_init_size(&pair, 2);
			add_next_index_zval(&pair, &one);
			add_next_index_bool(&pair, plan->listener[i]->wildcard);
			ZVAL_COPY_VALUE(&one, &pair);
		}
		add_next_index_zval(return_value, &one);
	}
	clairon_plan_unref(plan);
}

ZEND_METHOD(Clairon_Dispatcher, getListeners)
{
	zend_string *name = name_argument(INTERNAL_FUNCTION_PARAM_PASSTHRU);
	struct clairon_dispatcher *self = dispatcher_this(ZEND_THIS);
	return_plan(return_value, name != NULL ? clairon_plan_get(self, name, NULL) : NULL, false);
}

ZEND_METHOD(Clairon_Dispatcher, findListeners)
{
	zend_string *name = name_argument(INTERNAL_FUNCTION_PARAM_PASSTHRU);
	struct clairon_dispatcher *self = dispatcher_this(ZEND_THIS);
	return_plan(return_value, name != NULL ? clairon_plan_of_tables(self, name) : NULL, true);
}

ZEND_METHOD(Clairon_Dispatcher, getRawListeners)
{
	ZEND_PARSE_PARAMETERS_NONE();
	struct clairon_dispatcher *self = dispatcher_this(ZEND_THIS);
	zend_string *name;
	struct clairon_listeners *list;
	array_init(return_value);
	ZEND_HASH_FOREACH_STR_KEY_PTR(&self->exact, name, list)
	{
		zval all;
		array_init_size(&all, list->count);
		for (uint32_t i = 0; i < list->count; i++) {
			Z_TRY_ADDREF(list->item[i]->given);
			add_next_index_zval(&all, &list->item[i]->given);
		}
		zend_symtable_update(Z_ARRVAL_P(return_value), name, &all);
	}
	ZEND_HASH_FOREACH_END();
}

ZEND_METHOD(Clairon_Dispatcher, forget)
{
	zend_string *name = name_argument(INTERNAL_FUNCTION_PARAM_PASSTHRU);
	if (name == NULL) {
		RETURN_THROWS();
	}
	clairon_listeners_forget(dispatcher_this(ZEND_THIS), name);
}

ZEND_METHOD(Clairon_Dispatcher, forgetPrepared)
{
	ZEND_PARSE_PARAMETERS_NONE();
	clairon_plans_forget(dispatcher_this(ZEND_THIS));
}

ZEND_METHOD(Clairon_Dispatcher, prepareListener)
{
	zend_type_error("%s has no prepareListener()", ZSTR_VAL(Z_OBJCE_P(ZEND_THIS)->name));
}

ZEND_METHOD(Clairon_Dispatcher, callMadeListener)
{
	zend_type_error("%s has no callMadeListener()", ZSTR_VAL(Z_OBJCE_P(ZEND_THIS)->name));
}

ZEND_METHOD(Clairon_Dispatcher, makeListenersWith)
{
	zval *container;
	HashTable *apart;
	HashTable *plain = NULL;
	/* clang-format off */
	ZEND_PARSE_PARAMETERS_START(2, 3)
		Z_PARAM_OBJECT(container)
		Z_PARAM_ARRAY_HT(apart)
		Z_PARAM_OPTIONAL
		Z_PARAM_ARRAY_HT(plain)
	ZEND_PARSE_PARAMETERS_END();
	/* clang-format on */

	struct clairon_dispatcher *self = dispatcher_this(ZEND_THIS);
	zend_function *make =
		zend_hash_str_find_ptr(&Z_OBJCE_P(container)->function_table, ZEND_STRL("make"));
	if (make == NULL || (make->common.fn_flags & ZEND_ACC_PUBLIC) == 0) {
		zend_argument_type_error(1, "must have a public method make()");
		RETURN_THROWS();
	}
	struct clairon_rules *rules =
		plain != NULL ? clairon_rules_new(Z_OBJCE_P(container), plain) : NULL;
	if (EG(exception)) {
		RETURN_THROWS();
	}
	zval old;
	ZVAL_COPY_VALUE(&old, &self->container);
	ZVAL_COPY(&self->container, container);
	self->make = make;
	clairon_rules_set(self, rules);
	clairon_class_names_set(&self->apart, apart);
	clairon_plans_forget(self);
	zval_ptr_dtor(&old);
}

ZEND_METHOD(Clairon_Dispatcher, intercept)
{
	HashTable *classes;
	/* clang-format off */
	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(classes)
	ZEND_PARSE_PARAMETERS_END();
	/* clang-format on */

	struct clairon_dispatcher *self = dispatcher_this(ZEND_THIS);
	self->intercept_all = false;
	clairon_class_names_set(&self->intercept, classes);
	clairon_plans_forget(self);
}

ZEND_METHOD(Clairon_Dispatcher, matchWithinLines)
{
	bool on;
	/* clang-format off */
	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_BOOL(on)
	ZEND_PARSE_PARAMETERS_END();
	/* clang-format on */

	struct clairon_dispatcher *self = dispatcher_this(ZEND_THIS);
	self->within_lines = on;
	clairon_plans_forget(self);
}

ZEND_METHOD(Clairon_Dispatcher, interceptAll)
{
	bool on;
	/* clang-format off */
	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_BOOL(on)
	ZEND_PARSE_PARAMETERS_END();
	/* clang-format on */

	dispatcher_this(ZEND_THIS)->intercept_all = on;
}

void clairon_dispatcher_minit(void)
{
	dispatcher_ce = register_class_Clairon_Dispatcher();
	dispatcher_ce->create_object = dispatcher_create;
	memcpy(&handlers, &std_object_handlers, sizeof(handlers));
	handlers.offset = offsetof(struct clairon_dispatcher, std);
	handlers.free_obj = dispatcher_free;
	handlers.get_gc = dispatcher_gc;
	handlers.clone_obj = NULL;
}
