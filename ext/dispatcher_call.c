/* SPDX-License-Identifier: MIT
 *
 * One dispatch of Clairon\Dispatcher: from the event to its plan, and through the plan's listeners.
 * Everything here may run PHP code and so come back to the same dispatcher.
 *
 * How a listener is called is found out once and kept with it: the function of a closure or method
 * stays where it is as long as the listener is referenced. Functions of __call() live for one call
 * and are looked up each time.
 */
#include "private.h"

#include "dispatcher.h"
#include "zend_closures.h"
#include "zend_exceptions.h"

#define FEW_ARGUMENTS 8

/* One event on its way. */
struct occasion {
	struct clairon_dispatcher *self;
	zend_string *name;
	zval payload; /* an array, or IS_UNDEF until somebody wants one of an object event */
	uint32_t count;
	zval *argument; /* borrowed from the payload or the event */
	zval few[FEW_ARGUMENTS];
};

static zval *payload_of(struct occasion *event)
{
	if (Z_TYPE(event->payload) == IS_UNDEF) {
		array_init_size(&event->payload, 1);
		Z_TRY_ADDREF(event->argument[0]);
		zend_hash_next_index_insert_new(Z_ARRVAL(event->payload), &event->argument[0]);
	}
	return &event->payload;
}

static bool takes_references(const zend_function *function)
{
	const bool variadic = (function->common.fn_flags & ZEND_ACC_VARIADIC) != 0;
	for (uint32_t i = 0; i < function->common.num_args + variadic; i++) {
		if (ARG_SHOULD_BE_SENT_BY_REF(function, i + 1)) {
			return true;
		}
	}
	return false;
}

/* As $listener(...$values) does: what is no reference becomes one for this call. */
static void call_with_references(
	zend_fcall_info_cache *call, zval *result, uint32_t count, const zval *argument)
{
	zval *copy = safe_emalloc(count, sizeof(*copy), 0);
	for (uint32_t i = 0; i < count; i++) {
		ZVAL_COPY(&copy[i], &argument[i]);
		if (ARG_SHOULD_BE_SENT_BY_REF(call->function_handler, i + 1)) {
			ZVAL_MAKE_REF(&copy[i]);
		}
	}
	zend_call_known_function(
		call->function_handler, call->object, call->called_scope, result, count, copy, NULL);
	for (uint32_t i = 0; i < count; i++) {
		zval_ptr_dtor(&copy[i]);
	}
	efree(copy);
}

static void call_known(struct clairon_listener *listener, struct occasion *event, zval *result)
{
	zval pair[2];
	uint32_t count = event->count;
	zval *argument = event->argument;
	if (listener->wildcard) {
		ZVAL_STR(&pair[0], event->name);
		ZVAL_COPY_VALUE(&pair[1], payload_of(event));
		count = 2;
		argument = pair;
	}
	zend_fcall_info_cache *call = &listener->call;
	if (UNEXPECTED(listener->by_reference) && count > 0) {
		call_with_references(call, result, count, argument);
		return;
	}
	zend_call_known_function(
		call->function_handler, call->object, call->called_scope, result, count, argument, NULL);
}

static void call_looked_up(struct clairon_listener *listener, struct occasion *event, zval *result)
{
	zval pair[2];
	ZVAL_STR(&pair[0], event->name);
	if (listener->wildcard) {
		ZVAL_COPY_VALUE(&pair[1], payload_of(event));
	}
	call_user_function(NULL, NULL, &listener->given, result, listener->wildcard ? 2 : event->count,
		listener->wildcard ? pair : event->argument);
}

static void call_prepared(struct clairon_listener *listener, struct occasion *event, zval *result)
{
	zval pair[2];
	ZVAL_STR(&pair[0], event->name);
	ZVAL_COPY_VALUE(&pair[1], payload_of(event));
	call_user_function(NULL, NULL, &listener->prepared, result, 2, pair);
}

/* The public method of what was made, or it is for callMadeListener(). */
static void look_at_made(
	struct clairon_dispatcher *self, struct clairon_listener *listener, zend_class_entry *ce)
{
	zend_string *lower = zend_string_tolower(listener->made_method);
	zend_function *method = zend_hash_find_ptr(&ce->function_table, lower);
	const uint32_t other = ZEND_ACC_STATIC | ZEND_ACC_ABSTRACT;
	zend_string_release(lower);
	listener->made_ce = ce;
	listener->made_function = method;
	listener->apart = method == NULL || (method->common.fn_flags & other) != 0 ||
					  (method->common.fn_flags & ZEND_ACC_PUBLIC) == 0 ||
					  takes_references(method) || ce->__get != NULL ||
					  zend_hash_str_exists(&ce->properties_info, ZEND_STRL("afterCommit")) ||
					  clairon_class_names_hold(&self->apart, ce);
}

static bool is_apart(const struct clairon_listener *listener, const zend_object *made)
{
	return listener->apart || (made->properties != NULL &&
								  zend_hash_str_exists(made->properties, ZEND_STRL("afterCommit")));
}

static void call_apart(
	struct clairon_listener *listener, struct occasion *event, zval *made, zval *result)
{
	struct clairon_dispatcher *self = event->self;
	zval argument[5];
	ZVAL_COPY_VALUE(&argument[0], made);
	ZVAL_STR(&argument[1], listener->made_method);
	ZVAL_STR(&argument[2], event->name);
	ZVAL_COPY_VALUE(&argument[3], payload_of(event));
	ZVAL_BOOL(&argument[4], listener->wildcard);
	if (self->call_made == NULL) {
		zend_type_error("%s has no callMadeListener()", ZSTR_VAL(self->std.ce->name));
		return;
	}
	zend_call_known_function(self->call_made, &self->std, self->std.ce, result, 5, argument, NULL);
}

static void call_made(struct clairon_listener *listener, struct occasion *event, zval *result)
{
	struct clairon_dispatcher *self = event->self;
	zval made;
	ZVAL_UNDEF(&made);
	if (!clairon_make_plainly(self, listener, &made)) {
		zval class_name;
		ZVAL_STR(&class_name, listener->made_class);
		zend_call_known_function(self->make, Z_OBJ(self->container), Z_OBJCE(self->container),
			&made, 1, &class_name, NULL);
	}
	if (UNEXPECTED(EG(exception) != NULL)) {
		zval_ptr_dtor(&made);
		return;
	}
	if (Z_ISREF(made)) {
		zend_unwrap_reference(&made);
	}
	if (Z_TYPE(made) == IS_OBJECT && Z_OBJCE(made) != listener->made_ce) {
		look_at_made(self, listener, Z_OBJCE(made));
	}
	if (UNEXPECTED(Z_TYPE(made) != IS_OBJECT || is_apart(listener, Z_OBJ(made)))) {
		call_apart(listener, event, &made, result);
	} else if (listener->wildcard) {
		zval pair[2];
		ZVAL_STR(&pair[0], event->name);
		ZVAL_COPY_VALUE(&pair[1], payload_of(event));
		zend_call_known_function(
			listener->made_function, Z_OBJ(made), Z_OBJCE(made), result, 2, pair, NULL);
	} else {
		zend_call_known_function(listener->made_function, Z_OBJ(made), Z_OBJCE(made), result,
			event->count, event->argument, NULL);
	}
	zval_ptr_dtor(&made);
}

static bool begins_with_string(const zval *given)
{
	const zval *first =
		Z_TYPE_P(given) == IS_ARRAY ? zend_hash_index_find(Z_ARRVAL_P(given), 0) : NULL;
	if (first != NULL) {
		ZVAL_DEREF(first);
	}
	return Z_TYPE_P(given) == IS_STRING || (first != NULL && Z_TYPE_P(first) == IS_STRING);
}

static bool find_function(struct clairon_listener *listener)
{
	zend_fcall_info_cache call = {0};
	if (!zend_is_callable_ex(&listener->given, NULL, 0, NULL, &call, NULL)) {
		return false;
	}
	if ((call.function_handler->common.fn_flags & ZEND_ACC_CALL_VIA_TRAMPOLINE) != 0) {
		zend_release_fcall_info_cache(&call);
		listener->way = CLAIRON_WAY_LOOKED_UP;
		return true;
	}
	listener->call = call;
	listener->by_reference = takes_references(call.function_handler);
	listener->way = CLAIRON_WAY_KNOWN;
	return true;
}

static void take_prepared(
	struct clairon_dispatcher *self, struct clairon_listener *listener, zval *prepared)
{
	if (Z_TYPE_P(prepared) == IS_OBJECT) {
		if (Z_TYPE(listener->prepared) == IS_UNDEF) { /* or a listener within it has done so */
			ZVAL_COPY(&listener->prepared, prepared);
		}
		listener->way = CLAIRON_WAY_PREPARED;
		return;
	}
	zval *name =
		Z_TYPE_P(prepared) == IS_ARRAY ? zend_hash_index_find(Z_ARRVAL_P(prepared), 0) : NULL;
	zval *method = name != NULL ? zend_hash_index_find(Z_ARRVAL_P(prepared), 1) : NULL;
	if (method == NULL || Z_TYPE_P(name) != IS_STRING || Z_TYPE_P(method) != IS_STRING ||
		self->make == NULL) {
		zend_type_error("prepareListener() must return a Closure, or a class name and a method "
						"where makeListenersWith() was called");
		return;
	}
	zval *plain = zend_hash_index_find(Z_ARRVAL_P(prepared), 2);
	if (listener->made_class == NULL) {
		listener->made_class = zend_string_copy(Z_STR_P(name));
		listener->made_method = zend_string_copy(Z_STR_P(method));
		listener->plain_ce = plain != NULL && Z_TYPE_P(plain) == IS_TRUE
								 ? zend_lookup_class(listener->made_class)
								 : NULL;
	}
	listener->way = CLAIRON_WAY_MADE;
}

/* Sets the way, or throws. */
static void find_way(struct clairon_dispatcher *self, struct clairon_listener *listener)
{
	if ((self->prepare == NULL || !begins_with_string(&listener->given)) &&
		find_function(listener)) {
		return;
	}
	if (self->prepare == NULL) {
		zend_type_error("Clairon\\Dispatcher: a listener can't be called");
		return;
	}
	zval argument[2];
	zval prepared;
	ZVAL_COPY_VALUE(&argument[0], &listener->given);
	ZVAL_BOOL(&argument[1], listener->wildcard);
	zend_call_known_function(self->prepare, &self->std, self->std.ce, &prepared, 2, argument, NULL);
	if (EG(exception) == NULL) {
		take_prepared(self, listener, &prepared);
	}
	zval_ptr_dtor(&prepared);
}

static void call_listener(struct clairon_listener *listener, struct occasion *event, zval *result)
{
	if (UNEXPECTED(listener->way == CLAIRON_WAY_UNKNOWN)) {
		find_way(event->self, listener);
		if (EG(exception) != NULL) {
			return;
		}
	}
	switch (listener->way) {
	case CLAIRON_WAY_KNOWN:
		call_known(listener, event, result);
		break;
	case CLAIRON_WAY_LOOKED_UP:
		call_looked_up(listener, event, result);
		break;
	case CLAIRON_WAY_PREPARED:
		call_prepared(listener, event, result);
		break;
	case CLAIRON_WAY_MADE:
		call_made(listener, event, result);
		break;
	case CLAIRON_WAY_UNKNOWN:
		break;
	}
	if (UNEXPECTED(Z_ISREF_P(result))) {
		zend_unwrap_reference(result);
	}
}

static void call_plan(
	const struct clairon_plan *plan, struct occasion *event, bool halt, zval *results)
{
	if (halt) {
		ZVAL_NULL(results);
	} else if (plan->count == 0) {
		ZVAL_EMPTY_ARRAY(results);
	} else {
		array_init_size(results, plan->count);
		zend_hash_real_init_packed(Z_ARRVAL_P(results));
	}
	for (uint32_t i = 0; i < plan->count; i++) {
		zval result;
		ZVAL_UNDEF(&result);
		call_listener(plan->listener[i], event, &result);
		if (UNEXPECTED(EG(exception) != NULL)) {
			zval_ptr_dtor(&result);
			zval_ptr_dtor(results);
			ZVAL_UNDEF(results);
			return;
		}
		if (halt && Z_TYPE(result) != IS_NULL) {
			ZVAL_COPY_VALUE(results, &result);
			return;
		}
		if (Z_TYPE(result) == IS_FALSE) {
			return;
		}
		if (!halt) {
			zend_hash_next_index_insert_new(Z_ARRVAL_P(results), &result);
		}
	}
}

/* Arguments are the payload's values by position, whatever its keys are. */
static void spread(struct occasion *event)
{
	event->count = zend_hash_num_elements(Z_ARRVAL(event->payload));
	event->argument =
		event->count <= FEW_ARGUMENTS ? event->few : safe_emalloc(event->count, sizeof(zval), 0);
	uint32_t i = 0;
	zval *value;
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL(event->payload), value)
	{
		ZVAL_COPY_VALUE(&event->argument[i++], value);
	}
	ZEND_HASH_FOREACH_END();
}

static void take_payload(struct occasion *event, zval *payload)
{
	event->count = 0;
	event->argument = event->few;
	if (payload == NULL || Z_TYPE_P(payload) == IS_NULL) {
		ZVAL_EMPTY_ARRAY(&event->payload);
	} else if (Z_TYPE_P(payload) == IS_ARRAY) {
		ZVAL_COPY(&event->payload, payload);
		spread(event);
	} else {
		array_init_size(&event->payload, 1);
		Z_TRY_ADDREF_P(payload);
		zend_hash_next_index_insert_new(Z_ARRVAL(event->payload), payload);
		spread(event);
	}
}

static bool is_intercepted(
	struct clairon_dispatcher *self, const struct clairon_plan *plan, zval *event, zval *payload)
{
	if (self->intercepted == NULL) {
		return false;
	}
	if (Z_TYPE_P(event) == IS_OBJECT) {
		return plan->intercepted;
	}
	/* Of an array the value with the key 0. */
	zval *first = payload;
	if (payload != NULL && Z_TYPE_P(payload) == IS_ARRAY) {
		first = zend_hash_index_find(Z_ARRVAL_P(payload), 0);
	}
	if (first != NULL) {
		ZVAL_DEREF(first);
	}
	return first != NULL && Z_TYPE_P(first) == IS_OBJECT &&
		   clairon_class_names_hold(&self->intercept, Z_OBJCE_P(first));
}

void clairon_call_with_event(struct clairon_dispatcher *self, zend_function *method, zval *event,
	zval *payload, bool halt, zval *result)
{
	zval argument[3];
	ZVAL_COPY_VALUE(&argument[0], event);
	if (payload != NULL) {
		ZVAL_COPY_VALUE(&argument[1], payload);
	} else {
		ZVAL_EMPTY_ARRAY(&argument[1]);
	}
	ZVAL_BOOL(&argument[2], halt);
	zend_call_known_function(method, &self->std, self->std.ce, result, 3, argument, NULL);
}

static void call_with(struct clairon_dispatcher *self, const struct clairon_plan *plan,
	zend_string *name, zval *event, zval *payload, bool halt, zval *result)
{
	struct occasion occasion;
	occasion.self = self;
	occasion.name = name;
	if (Z_TYPE_P(event) == IS_OBJECT) {
		ZVAL_UNDEF(&occasion.payload);
		occasion.count = 1;
		occasion.argument = event;
	} else {
		take_payload(&occasion, payload);
	}
	call_plan(plan, &occasion, halt, result);
	if (occasion.count > FEW_ARGUMENTS) {
		efree(occasion.argument);
	}
	zval_ptr_dtor(&occasion.payload);
}

void clairon_dispatch(struct clairon_dispatcher *self, zval *event, zval *payload, bool halt,
	bool may_intercept, zval *result)
{
	zend_class_entry *ce = Z_TYPE_P(event) == IS_OBJECT ? Z_OBJCE_P(event) : NULL;
	zend_string *name = ce != NULL ? ce->name : Z_STR_P(event);
	ZVAL_UNDEF(result);
	if (UNEXPECTED(may_intercept && self->intercept_all && self->intercepted != NULL)) {
		clairon_call_with_event(self, self->intercepted, event, payload, halt, result);
		return;
	}
	GC_ADDREF(&self->std);
	struct clairon_plan *plan = clairon_plan_get(self, name, ce);
	if (EXPECTED(plan != NULL)) {
		if (UNEXPECTED(may_intercept && is_intercepted(self, plan, event, payload))) {
			clairon_call_with_event(self, self->intercepted, event, payload, halt, result);
		} else if (plan->count == 0 && !halt) {
			ZVAL_EMPTY_ARRAY(result);
		} else {
			call_with(self, plan, name, event, payload, halt, result);
		}
		clairon_plan_unref(plan);
	}
	OBJ_RELEASE(&self->std);
}
