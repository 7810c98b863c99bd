/* SPDX-License-Identifier: MIT
 *
 * The class Clairon\Dispatcher. dispatcher.c has the methods, dispatcher_table.c the listeners and
 * the plans made of them, dispatcher_call.c the calls, dispatcher_make.c the objects of listeners.
 *
 * A plan is the fixed list of listeners of one event name. Plans and listeners are counted: a
 * dispatch holds its plan, so listeners may add, forget and dispatch while they are being called.
 * Whatever may run PHP code (freeing a value does, too) happens after the tables are in order.
 */
#ifndef CLAIRON_DISPATCHER_H
#define CLAIRON_DISPATCHER_H

#include "php.h"

/* Names come from users: that many plans, then all are made anew. */
#define CLAIRON_PLANS_MAX 4096

/* How a listener is called; found out when it is called first. */
enum clairon_way {
	CLAIRON_WAY_UNKNOWN,
	CLAIRON_WAY_KNOWN,     /* by a cached function */
	CLAIRON_WAY_LOOKED_UP, /* magic methods: looked up each time, their function lives for one call
							*/
	CLAIRON_WAY_PREPARED,  /* a closure of the subclass, gets name and payload */
	CLAIRON_WAY_MADE,      /* the container makes an object each time */
};

struct clairon_dispatcher;

struct clairon_listener {
	uint32_t refs;
	enum clairon_way way;
	bool wildcard;
	bool by_reference; /* takes an argument by reference */
	bool apart;        /* of made_ce: goes to callMadeListener() */
	zend_long priority;
	zval given;
	zval prepared;
	zend_fcall_info_cache call;
	zend_string *made_class; /* CLAIRON_WAY_MADE */
	zend_string *made_method;
	zend_class_entry *made_ce; /* of the last object made, and its method */
	zend_function *made_function;
	zend_class_entry *plain_ce; /* made_class, if `new` may be enough; NULL: it never is */
	uint64_t plain_look;
	bool is_plain;                             /* as of plain_look, by the rules that take longer */
	struct clairon_listener *next, **previous; /* all of one dispatcher, for the collector */
};

struct clairon_listeners {
	uint32_t count;
	uint32_t room;
	struct clairon_listener **item;
};

struct clairon_plan {
	uint32_t refs;
	uint32_t count;
	bool intercepted;     /* objects of this class are */
	zend_class_entry *ce; /* class of that name; NULL: none is loaded */
	zend_string *lower;   /* name in lower case, to notice when one is */
	struct clairon_listener *listener[];
};

struct clairon_class_names {
	uint32_t count;
	zend_string **lower;
	zend_class_entry **ce; /* NULL: not loaded so far */
};

struct clairon_rules;

struct clairon_dispatcher {
	HashTable exact;     /* name -> struct clairon_listeners */
	HashTable wild;      /* pattern -> struct clairon_listeners */
	HashTable plans;     /* name -> struct clairon_plan */
	uint64_t generation; /* of listeners: a plan made meanwhile is not kept */
	struct clairon_listener *all;
	struct clairon_class_names intercept;
	struct clairon_class_names apart;
	bool intercept_all;
	bool within_lines; /* a "*" doesn't match a line's end */
	zval container;
	zend_function *make;
	struct clairon_rules *rules; /* when `new` is enough; NULL: never */
	/* Methods that a subclass overrides; NULL: it doesn't. */
	zend_function *prepare;
	zend_function *find;
	zend_function *intercepted;
	zend_function *call_made;
	zend_object std;
};

static inline struct clairon_dispatcher *clairon_dispatcher_from(zend_object *object)
{
	return (struct clairon_dispatcher *)((char *)object - offsetof(struct clairon_dispatcher, std));
}

void clairon_dispatcher_minit(void);

/* dispatcher_table.c */
void clairon_tables_init(struct clairon_dispatcher *self);
void clairon_tables_deinit(struct clairon_dispatcher *self);
void clairon_tables_gc(struct clairon_dispatcher *self, zend_get_gc_buffer *buffer);
void clairon_listener_add(
	struct clairon_dispatcher *self, zend_string *name, zval *given, zend_long priority);
void clairon_listeners_forget(struct clairon_dispatcher *self, zend_string *name);
bool clairon_wildcards_match(struct clairon_dispatcher *self, zend_string *name);
void clairon_plans_forget(struct clairon_dispatcher *self);
void clairon_listener_unref(struct clairon_listener *listener);
/* A reference for the caller. `ce` is the event's class or NULL for a name. NULL: findListeners()
 * threw. */
struct clairon_plan *clairon_plan_get(
	struct clairon_dispatcher *self, zend_string *name, zend_class_entry *ce);
/* The same without asking findListeners(); ours to call from there. */
struct clairon_plan *clairon_plan_of_tables(struct clairon_dispatcher *self, zend_string *name);
void clairon_plan_unref(struct clairon_plan *plan);
void clairon_class_names_set(struct clairon_class_names *names, HashTable *list);
bool clairon_class_names_hold(struct clairon_class_names *names, zend_class_entry *ce);

/* dispatcher_make.c: `list` is property => kind of rule. NULL: never to be met, or an exception. */
struct clairon_rules *clairon_rules_new(const zend_class_entry *container, HashTable *list);
void clairon_rules_set(struct clairon_dispatcher *self, struct clairon_rules *rules);
void clairon_rules_gc(struct clairon_rules *rules, zend_get_gc_buffer *buffer);
/* False: ask the container. True: made, or an exception is set. */
bool clairon_make_plainly(
	struct clairon_dispatcher *self, struct clairon_listener *listener, zval *made);

/* dispatcher_call.c: event is a string or an object. Returns with an exception or a result. */
void clairon_dispatch(struct clairon_dispatcher *self, zval *event, zval *payload, bool halt,
	bool may_intercept, zval *result);
/* Calls a method that takes what dispatch() takes. `payload` may be NULL. */
void clairon_call_with_event(struct clairon_dispatcher *self, zend_function *method, zval *event,
	zval *payload, bool halt, zval *result);

#endif
