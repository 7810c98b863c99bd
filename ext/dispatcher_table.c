/* SPDX-License-Identifier: MIT
 *
 * Listeners of Clairon\Dispatcher, which patterns match a name, and plans: the listeners of a name
 * in the order they are called. Calls nothing but a subclass's findListeners().
 *
 * Plans are thrown away all at once when a listener comes or goes, so that what was forgotten is
 * also freed. That may run destructors, which may come back here: tables are in order by then.
 */
#include "private.h"

#include "dispatcher.h"
#include "ext/standard/html.h"
#include "zend_exceptions.h"

#define FIRST_ROOM 2

static struct clairon_listener *listener_new(
	struct clairon_dispatcher *self, zval *given, bool wildcard, zend_long priority)
{
	struct clairon_listener *listener = ecalloc(1, sizeof(*listener));
	listener->refs = 1;
	listener->wildcard = wildcard;
	listener->priority = priority;
	ZVAL_COPY_DEREF(&listener->given, given);
	ZVAL_UNDEF(&listener->prepared);
	listener->next = self->all;
	listener->previous = &self->all;
	if (self->all != NULL) {
		self->all->previous = &listener->next;
	}
	self->all = listener;
	return listener;
}

void clairon_listener_unref(struct clairon_listener *listener)
{
	if (--listener->refs > 0) {
		return;
	}
	*listener->previous = listener->next;
	if (listener->next != NULL) {
		listener->next->previous = listener->previous;
	}
	if (listener->made_class != NULL) {
		zend_string_release(listener->made_class);
		zend_string_release(listener->made_method);
	}
	zval given;
	zval prepared;
	ZVAL_COPY_VALUE(&given, &listener->given);
	ZVAL_COPY_VALUE(&prepared, &listener->prepared);
	efree(listener);
	zval_ptr_dtor(&prepared);
	zval_ptr_dtor(&given);
}

static void listeners_destroy(zval *entry)
{
	struct clairon_listeners *list = Z_PTR_P(entry);
	for (uint32_t i = 0; i < list->count; i++) {
		clairon_listener_unref(list->item[i]);
	}
	if (list->item != NULL) {
		efree(list->item);
	}
	efree(list);
}

static void plan_destroy(zval *entry)
{
	clairon_plan_unref(Z_PTR_P(entry));
}

void clairon_plan_unref(struct clairon_plan *plan)
{
	if (--plan->refs > 0) {
		return;
	}
	for (uint32_t i = 0; i < plan->count; i++) {
		clairon_listener_unref(plan->listener[i]);
	}
	zend_string_release(plan->lower);
	efree(plan);
}

void clairon_tables_init(struct clairon_dispatcher *self)
{
	zend_hash_init(&self->exact, 0, NULL, listeners_destroy, 0);
	zend_hash_init(&self->wild, 0, NULL, listeners_destroy, 0);
	zend_hash_init(&self->plans, 0, NULL, plan_destroy, 0);
}

void clairon_tables_deinit(struct clairon_dispatcher *self)
{
	zend_hash_destroy(&self->plans);
	zend_hash_destroy(&self->exact);
	zend_hash_destroy(&self->wild);
	clairon_class_names_set(&self->intercept, NULL);
	clairon_class_names_set(&self->apart, NULL);
}

void clairon_tables_gc(struct clairon_dispatcher *self, zend_get_gc_buffer *buffer)
{
	for (struct clairon_listener *one = self->all; one != NULL; one = one->next) {
		zend_get_gc_buffer_add_zval(buffer, &one->given);
		zend_get_gc_buffer_add_zval(buffer, &one->prepared);
	}
}

void clairon_plans_forget(struct clairon_dispatcher *self)
{
	self->generation++;
	if (zend_hash_num_elements(&self->plans) == 0) {
		return;
	}
	HashTable old = self->plans;
	zend_hash_init(&self->plans, 0, NULL, plan_destroy, 0);
	zend_hash_destroy(&old);
}

static bool is_pattern(const zend_string *name)
{
	return memchr(ZSTR_VAL(name), '*', ZSTR_LEN(name)) != NULL;
}

void clairon_listener_add(
	struct clairon_dispatcher *self, zend_string *name, zval *given, zend_long priority)
{
	const bool wildcard = is_pattern(name);
	HashTable *table = wildcard ? &self->wild : &self->exact;
	struct clairon_listeners *list = zend_hash_find_ptr(table, name);
	if (list == NULL) {
		list = ecalloc(1, sizeof(*list));
		zend_hash_add_new_ptr(table, name, list);
	}
	if (list->count == list->room) {
		list->room = list->room == 0 ? FIRST_ROOM : list->room * 2;
		list->item = safe_erealloc(list->item, list->room, sizeof(*list->item), 0);
	}
	list->item[list->count++] = listener_new(self, given, wildcard, priority);
	clairon_plans_forget(self);
}

void clairon_listeners_forget(struct clairon_dispatcher *self, zend_string *name)
{
	HashTable *table = is_pattern(name) ? &self->wild : &self->exact;
	zval *entry = zend_hash_find(table, name);
	if (entry == NULL) {
		return;
	}
	zval taken;
	ZVAL_COPY_VALUE(&taken, entry);
	ZVAL_PTR(entry, ecalloc(1, sizeof(struct clairon_listeners)));
	zend_hash_del(table, name);
	clairon_plans_forget(self);
	listeners_destroy(&taken);
}

static bool is_utf8(const zend_string *text)
{
	size_t at = 0;
	zend_result status = SUCCESS;
	while (at < ZSTR_LEN(text)) {
		php_next_utf8_char((const unsigned char *)ZSTR_VAL(text), ZSTR_LEN(text), &at, &status);
		if (status == FAILURE) {
			return false;
		}
	}
	return true;
}

/* Both are valid UTF-8, where comparing bytes is comparing characters. Where a "*" has to end at a
 * line's end, trying only the last one stays right: an earlier one can't pass that end either. */
static bool glob(
	const char *pattern, size_t pattern_length, const char *name, size_t length, bool within_lines)
{
	size_t p = 0;
	size_t n = 0;
	size_t star = SIZE_MAX; /* last "*" seen, and where the name goes on after it */
	size_t after = 0;
	while (n < length) {
		if (p < pattern_length && pattern[p] == '*') {
			star = p++;
			after = n;
		} else if (p < pattern_length && pattern[p] == name[n]) {
			p++;
			n++;
		} else if (star != SIZE_MAX && !(within_lines && name[after] == '\n')) {
			p = star + 1;
			n = ++after;
		} else {
			return false;
		}
	}
	while (p < pattern_length && pattern[p] == '*') {
		p++;
	}
	return p == pattern_length;
}

/* Str::is() of Laravel: what is equal matches; else "*" is any characters, and text that is not
 * UTF-8 matches nothing but "*". Within lines (Laravel before 12), not even that. */
static bool matches(const struct clairon_dispatcher *self, const zend_string *pattern,
	const zend_string *name, bool name_is_utf8)
{
	const bool is_star = ZSTR_LEN(pattern) == 1 && ZSTR_VAL(pattern)[0] == '*';
	if (zend_string_equal_content(pattern, name) || (is_star && !self->within_lines)) {
		return true;
	}
	return name_is_utf8 &&
		   glob(ZSTR_VAL(pattern), ZSTR_LEN(pattern), ZSTR_VAL(name), ZSTR_LEN(name),
			   self->within_lines) &&
		   is_utf8(pattern);
}

bool clairon_wildcards_match(struct clairon_dispatcher *self, zend_string *name)
{
	const bool utf8 = is_utf8(name);
	zend_string *pattern;
	ZEND_HASH_FOREACH_STR_KEY(&self->wild, pattern)
	{
		if (matches(self, pattern, name, utf8)) {
			return true;
		}
	}
	ZEND_HASH_FOREACH_END();
	return false;
}

static struct clairon_plan *plan_new(zend_string *lower, uint32_t room)
{
	struct clairon_plan *plan =
		safe_emalloc(room, sizeof(plan->listener[0]), sizeof(struct clairon_plan));
	plan->refs = 1;
	plan->count = 0;
	plan->intercepted = false;
	plan->ce = NULL;
	plan->lower = zend_string_copy(lower);
	return plan;
}

static struct clairon_plan *plan_append(
	struct clairon_plan *plan, const struct clairon_listeners *list)
{
	plan = safe_erealloc(
		plan, plan->count + list->count, sizeof(plan->listener[0]), sizeof(struct clairon_plan));
	for (uint32_t i = 0; i < list->count; i++) {
		list->item[i]->refs++;
		plan->listener[plan->count++] = list->item[i];
	}
	return plan;
}

/* Stable, and next to nothing where nobody has a priority. */
static void plan_sort(struct clairon_plan *plan)
{
	for (uint32_t i = 1; i < plan->count; i++) {
		struct clairon_listener *one = plan->listener[i];
		uint32_t at = i;
		while (at > 0 && plan->listener[at - 1]->priority < one->priority) {
			plan->listener[at] = plan->listener[at - 1];
			at--;
		}
		plan->listener[at] = one;
	}
}

static struct clairon_plan *plan_from_tables(struct clairon_dispatcher *self, zend_string *name,
	zend_string *lower, const zend_class_entry *ce)
{
	struct clairon_plan *plan = plan_new(lower, 0);
	struct clairon_listeners *list = zend_hash_find_ptr(&self->exact, name);
	if (list != NULL) {
		plan = plan_append(plan, list);
	}
	if (zend_hash_num_elements(&self->wild) > 0) {
		const bool utf8 = is_utf8(name);
		zend_string *pattern;
		ZEND_HASH_FOREACH_STR_KEY_PTR(&self->wild, pattern, list)
		{
			if (matches(self, pattern, name, utf8)) {
				plan = plan_append(plan, list);
			}
		}
		ZEND_HASH_FOREACH_END();
	}
	for (uint32_t i = 0; ce != NULL && i < ce->num_interfaces; i++) {
		list = zend_hash_find_ptr(&self->exact, ce->interfaces[i]->name);
		if (list != NULL) {
			plan = plan_append(plan, list);
		}
	}
	plan_sort(plan);
	return plan;
}

static struct clairon_listener *listener_found(struct clairon_dispatcher *self, zval *pair)
{
	ZVAL_DEREF(pair);
	zval *given = Z_TYPE_P(pair) == IS_ARRAY ? zend_hash_index_find(Z_ARRVAL_P(pair), 0) : NULL;
	zval *wildcard = Z_TYPE_P(pair) == IS_ARRAY ? zend_hash_index_find(Z_ARRVAL_P(pair), 1) : NULL;
	if (given == NULL || wildcard == NULL) {
		zend_type_error("findListeners() must return a list of [listener, bool|null]");
		return NULL;
	}
	ZVAL_DEREF(given);
	ZVAL_DEREF(wildcard);
	struct clairon_listener *listener = listener_new(self, given, Z_TYPE_P(wildcard) == IS_TRUE, 0);
	if (Z_TYPE_P(wildcard) == IS_NULL) {
		ZVAL_COPY(&listener->prepared, given);
		listener->way = CLAIRON_WAY_PREPARED;
	}
	return listener;
}

static struct clairon_plan *plan_from_subclass(
	struct clairon_dispatcher *self, zend_string *name, zend_string *lower)
{
	zval argument;
	zval found;
	ZVAL_STR(&argument, name);
	zend_call_known_function(self->find, &self->std, self->std.ce, &found, 1, &argument, NULL);
	if (EG(exception)) {
		zval_ptr_dtor(&found);
		return NULL;
	}
	const bool is_list = Z_TYPE(found) == IS_ARRAY;
	struct clairon_plan *plan =
		plan_new(lower, is_list ? zend_hash_num_elements(Z_ARRVAL(found)) : 0);
	if (!is_list) {
		zend_type_error("findListeners() must return an array");
	} else {
		zval *pair;
		ZEND_HASH_FOREACH_VAL(Z_ARRVAL(found), pair)
		{
			struct clairon_listener *listener = listener_found(self, pair);
			if (listener == NULL) {
				break;
			}
			plan->listener[plan->count++] = listener;
		}
		ZEND_HASH_FOREACH_END();
	}
	zval_ptr_dtor(&found);
	if (EG(exception)) {
		clairon_plan_unref(plan);
		return NULL;
	}
	return plan;
}

/* class_exists($name, false), where `lower` is the name in lower case. */
static zend_class_entry *class_of(zend_string *lower)
{
	zend_class_entry *ce = zend_hash_find_ptr(EG(class_table), lower);
	if (ce == NULL || (ce->ce_flags & (ZEND_ACC_INTERFACE | ZEND_ACC_TRAIT)) != 0 ||
		(ce->ce_flags & ZEND_ACC_LINKED) == 0) {
		return NULL;
	}
	return ce;
}

static zend_string *lower_of(zend_string *name)
{
	if (ZSTR_LEN(name) > 0 && ZSTR_VAL(name)[0] == '\\') {
		zend_string *lower = zend_string_alloc(ZSTR_LEN(name) - 1, 0);
		zend_str_tolower_copy(ZSTR_VAL(lower), ZSTR_VAL(name) + 1, ZSTR_LEN(name) - 1);
		return lower;
	}
	return zend_string_tolower(name);
}

struct clairon_plan *clairon_plan_of_tables(struct clairon_dispatcher *self, zend_string *name)
{
	zend_string *lower = lower_of(name);
	struct clairon_plan *plan = plan_from_tables(self, name, lower, class_of(lower));
	zend_string_release(lower);
	return plan;
}

static struct clairon_plan *plan_make(
	struct clairon_dispatcher *self, zend_string *name, zend_class_entry *ce)
{
	if (zend_hash_num_elements(&self->plans) >= CLAIRON_PLANS_MAX) {
		clairon_plans_forget(self);
	}
	const uint64_t generation = self->generation;
	zend_string *lower = lower_of(name);
	if (ce == NULL) {
		ce = class_of(lower);
	}
	struct clairon_plan *plan = self->find != NULL ? plan_from_subclass(self, name, lower)
												   : plan_from_tables(self, name, lower, ce);
	zend_string_release(lower);
	if (plan == NULL) {
		return NULL;
	}
	plan->ce = ce;
	plan->intercepted = ce != NULL && clairon_class_names_hold(&self->intercept, ce);
	zend_hash_del(&self->plans, name); /* made before its class was loaded */
	if (generation == self->generation) {
		plan->refs++;
		zend_hash_update_ptr(&self->plans, name, plan);
	}
	return plan;
}

struct clairon_plan *clairon_plan_get(
	struct clairon_dispatcher *self, zend_string *name, zend_class_entry *ce)
{
	struct clairon_plan *plan = zend_hash_find_ptr(&self->plans, name);
	if (EXPECTED(plan != NULL)) {
		/* A class of that name may have been loaded since. */
		const bool still_true =
			ce != NULL ? plan->ce == ce : plan->ce != NULL || class_of(plan->lower) == NULL;
		if (EXPECTED(still_true)) {
			plan->refs++;
			return plan;
		}
	}
	return plan_make(self, name, ce);
}

void clairon_class_names_set(struct clairon_class_names *names, HashTable *list)
{
	for (uint32_t i = 0; i < names->count; i++) {
		zend_string_release(names->lower[i]);
	}
	if (names->lower != NULL) {
		efree(names->lower);
		efree(names->ce);
	}
	memset(names, 0, sizeof(*names));
	const uint32_t count = list == NULL ? 0 : zend_hash_num_elements(list);
	if (count == 0) {
		return;
	}
	names->lower = safe_emalloc(count, sizeof(*names->lower), 0);
	names->ce = ecalloc(count, sizeof(*names->ce));
	zval *name;
	ZEND_HASH_FOREACH_VAL(list, name)
	{
		ZVAL_DEREF(name);
		if (Z_TYPE_P(name) == IS_STRING) {
			names->lower[names->count++] = lower_of(Z_STR_P(name));
		}
	}
	ZEND_HASH_FOREACH_END();
}

/* A class that is not loaded has no instances: nothing is autoloaded here. */
bool clairon_class_names_hold(struct clairon_class_names *names, zend_class_entry *ce)
{
	for (uint32_t i = 0; i < names->count; i++) {
		if (names->ce[i] == NULL) {
			names->ce[i] = zend_hash_find_ptr(EG(class_table), names->lower[i]);
		}
		if (names->ce[i] != NULL && instanceof_function(ce, names->ce[i])) {
			return true;
		}
	}
	return false;
}
