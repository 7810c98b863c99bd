/* SPDX-License-Identifier: MIT
 *
 * Objects of class listeners that Clairon\Dispatcher makes itself, where the framework's container
 * would do no more than `new`. The subclass says by which properties of the container that is seen;
 * they are looked at each time, so whatever is registered later counts at once.
 *
 * Rules that take longer are looked at anew only when something may have changed: their array is
 * held, so that a change makes another one of it, and classes loaded since may be types.
 */
#include "private.h"

#include "dispatcher.h"
#include "zend_exceptions.h"

#define LONG_RULES_MAX 8

enum rule_kind {
	RULE_EMPTY, /* nothing is in it */
	RULE_LACKS, /* the listener's class is no key */
	RULE_HOLDS, /* it is one */
	RULE_TYPES, /* no key is a type of the class */
	RULE_INNER, /* the class is no key of an array in it */
};

static const char *const kind_names[] = {"empty", "lacks", "holds", "types", "inner"};

struct rule {
	enum rule_kind kind;
	uint32_t property; /* of the container: its offset */
	zval held;         /* of a long rule: the array as it was seen last */
};

struct clairon_rules {
	uint32_t count;
	uint32_t classes; /* loaded when long rules were looked at */
	uint64_t look;    /* changes when they must be looked at again */
	struct rule rule[];
};

static bool is_long(enum rule_kind kind)
{
	return kind == RULE_TYPES || kind == RULE_INNER;
}

static bool kind_of(const zval *name, enum rule_kind *kind)
{
	for (size_t i = 0; i < sizeof(kind_names) / sizeof(kind_names[0]); i++) {
		if (Z_TYPE_P(name) == IS_STRING && strcmp(Z_STRVAL_P(name), kind_names[i]) == 0) {
			*kind = (enum rule_kind)i;
			return true;
		}
	}
	return false;
}

static void rules_free(struct clairon_rules *rules)
{
	if (rules == NULL) {
		return;
	}
	for (uint32_t i = 0; i < rules->count; i++) {
		zval_ptr_dtor(&rules->rule[i].held);
	}
	efree(rules);
}

void clairon_rules_set(struct clairon_dispatcher *self, struct clairon_rules *rules)
{
	struct clairon_rules *old = self->rules;
	self->rules = rules;
	rules_free(old);
}

void clairon_rules_gc(struct clairon_rules *rules, zend_get_gc_buffer *buffer)
{
	for (uint32_t i = 0; rules != NULL && i < rules->count; i++) {
		zend_get_gc_buffer_add_zval(buffer, &rules->rule[i].held);
	}
}

/* Adds the rule; false: it can never be met. A property that doesn't exist is as an empty array. */
static bool rule_add(struct clairon_rules *rules, const zend_class_entry *container,
	zend_string *name, enum rule_kind kind)
{
	const zend_property_info *property =
		name != NULL ? zend_hash_find_ptr(&container->properties_info, name) : NULL;
	if (property == NULL || (property->flags & ZEND_ACC_STATIC) != 0) {
		return kind != RULE_HOLDS;
	}
	if (!clairon_property_has_place(property)) {
		return false;
	}
	struct rule *rule = &rules->rule[rules->count++];
	rule->kind = kind;
	rule->property = property->offset;
	ZVAL_UNDEF(&rule->held);
	return true;
}

struct clairon_rules *clairon_rules_new(const zend_class_entry *container, HashTable *list)
{
	struct clairon_rules *rules =
		safe_emalloc(zend_hash_num_elements(list), sizeof(struct rule), sizeof(*rules));
	uint32_t long_rules = 0;
	bool can_be_met = zend_hash_num_elements(list) > 0;
	zend_string *name;
	zval *value;
	memset(rules, 0, sizeof(*rules));
	ZEND_HASH_FOREACH_STR_KEY_VAL(list, name, value)
	{
		enum rule_kind kind = RULE_EMPTY;
		ZVAL_DEREF(value);
		const bool is_known = kind_of(value, &kind);
		long_rules += is_long(kind);
		if (!is_known || long_rules > LONG_RULES_MAX) {
			zend_argument_value_error(3,
				"must have \"empty\", \"lacks\", \"holds\", and up to %d \"types\" and "
				"\"inner\" only",
				LONG_RULES_MAX);
			can_be_met = false;
			break;
		}
		can_be_met = rule_add(rules, container, name, kind) && can_be_met;
	}
	ZEND_HASH_FOREACH_END();
	if (!can_be_met) {
		rules_free(rules);
		return NULL;
	}
	return rules;
}

/* What is not loaded is no type of anything. */
static bool has_type_of(HashTable *types, zend_string *name, zend_class_entry *ce)
{
	zend_string *key;
	ZEND_HASH_FOREACH_STR_KEY(types, key)
	{
		if (key == NULL || zend_string_equals(key, name)) {
			return true;
		}
		zend_class_entry *type = zend_lookup_class_ex(key, NULL, ZEND_FETCH_CLASS_NO_AUTOLOAD);
		if (type != NULL && instanceof_function(ce, type)) {
			return true;
		}
	}
	ZEND_HASH_FOREACH_END();
	return false;
}

static bool is_inner_key(HashTable *arrays, zend_string *name)
{
	zval *inner;
	ZEND_HASH_FOREACH_VAL(arrays, inner)
	{
		ZVAL_DEREF(inner);
		if (Z_TYPE_P(inner) != IS_ARRAY || zend_hash_exists(Z_ARRVAL_P(inner), name)) {
			return true;
		}
	}
	ZEND_HASH_FOREACH_END();
	return false;
}

static bool is_long_met(const struct rule *rule, const struct clairon_listener *listener)
{
	switch (rule->kind) {
	case RULE_TYPES:
		return !has_type_of(Z_ARRVAL(rule->held), listener->made_class, listener->plain_ce);
	case RULE_INNER:
		return !is_inner_key(Z_ARRVAL(rule->held), listener->made_class);
	default:
		return true;
	}
}

static void look_at_long_rules(struct clairon_rules *rules, struct clairon_listener *listener)
{
	listener->plain_look = rules->look;
	listener->is_plain = true;
	for (uint32_t i = 0; i < rules->count && listener->is_plain; i++) {
		listener->is_plain = is_long_met(&rules->rule[i], listener);
	}
}

static bool is_short_met(const struct rule *rule, HashTable *array, zend_string *name)
{
	switch (rule->kind) {
	case RULE_EMPTY:
		return zend_hash_num_elements(array) == 0;
	case RULE_LACKS:
		return !zend_hash_exists(array, name);
	case RULE_HOLDS:
		return zend_hash_exists(array, name);
	default:
		return true;
	}
}

/* Whether the container would do no more than `new`. Arrays that are let go go to `old`: freeing
 * one may run PHP code. */
static bool are_met(struct clairon_dispatcher *self, struct clairon_listener *listener, zval *old)
{
	struct clairon_rules *rules = self->rules;
	for (uint32_t i = 0; i < rules->count; i++) {
		struct rule *rule = &rules->rule[i];
		zval *array = OBJ_PROP(Z_OBJ(self->container), rule->property);
		ZVAL_DEREF(array);
		if (Z_TYPE_P(array) != IS_ARRAY ||
			!is_short_met(rule, Z_ARRVAL_P(array), listener->made_class)) {
			return false;
		}
		if (is_long(rule->kind) &&
			(Z_TYPE(rule->held) != IS_ARRAY || Z_ARRVAL(rule->held) != Z_ARRVAL_P(array))) {
			ZVAL_COPY_VALUE(old++, &rule->held);
			ZVAL_COPY(&rule->held, array);
			rules->look++;
		}
	}
	if (rules->classes != zend_hash_num_elements(EG(class_table))) {
		rules->classes = zend_hash_num_elements(EG(class_table));
		rules->look++;
	}
	if (listener->plain_look != rules->look) {
		look_at_long_rules(rules, listener);
	}
	return listener->is_plain;
}

static bool is_plain(struct clairon_dispatcher *self, struct clairon_listener *listener)
{
	zval old[LONG_RULES_MAX];
	for (size_t i = 0; i < LONG_RULES_MAX; i++) {
		ZVAL_UNDEF(&old[i]);
	}
	const bool met = are_met(self, listener, old);
	for (size_t i = 0; i < LONG_RULES_MAX; i++) {
		zval_ptr_dtor(&old[i]);
	}
	return met;
}

bool clairon_make_plainly(
	struct clairon_dispatcher *self, struct clairon_listener *listener, zval *made)
{
	if (self->rules == NULL || listener->plain_ce == NULL || !is_plain(self, listener)) {
		return false;
	}
	if (object_init_ex(made, listener->plain_ce) != SUCCESS) {
		return true;
	}
	zend_function *constructor = Z_OBJ_HT_P(made)->get_constructor(Z_OBJ_P(made));
	if (constructor != NULL) {
		zend_call_known_instance_method_with_0_params(constructor, Z_OBJ_P(made), NULL);
	}
	if (UNEXPECTED(EG(exception) != NULL)) {
		zend_object_store_ctor_failed(Z_OBJ_P(made));
	}
	return true;
}
