/* SPDX-License-Identifier: MIT
 *
 * What a configuration owns: its applications, the bytes that lists point to, and the index by
 * which applications are found. The index is two tables of open addressing. Its content is the
 * operator's, so nobody can aim at its chains by asking.
 */
#include "conf_load.h"

#include "base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define APP_CAP_MIN   4
#define TABLE_CAP_MIN 8
#define FNV_START     14695981039346656037u
#define FNV_FACTOR    1099511628211u

/* --- bytes --- */

struct conf_memory {
	struct conf_memory *next;
	max_align_t bytes[];
};

void *conf_keep(struct conf *conf, const void *bytes, size_t size)
{
	struct conf_memory *const memory = xcalloc(1, sizeof(*memory) + size);
	if (bytes != NULL) {
		memcpy(memory->bytes, bytes, size);
	}
	memory->next = conf->memory;
	conf->memory = memory;
	return memory->bytes;
}

struct conf_app *conf_app_new(struct conf *conf)
{
	if (conf->app_count == conf->app_cap) {
		conf->app_cap = conf->app_cap == 0 ? APP_CAP_MIN : 2 * conf->app_cap;
		conf->apps = xrealloc(conf->apps, conf->app_cap * sizeof(*conf->apps));
	}
	struct conf_app *const app = &conf->apps[conf->app_count++];
	*app = (struct conf_app){0};
	return app;
}

/* --- the index --- */

struct table {
	const char **names;
	unsigned *apps; /* behind each name its application */
	size_t cap;     /* a power of two, at least twice as large as what is in it */
};

struct conf_index {
	struct table ids;
	struct table keys;
};

static size_t hash(struct cln_slice name)
{
	uint64_t value = FNV_START;
	for (size_t i = 0; i < name.len; i++) {
		value = (value ^ (unsigned char)name.ptr[i]) * FNV_FACTOR;
	}
	return (size_t)(value ^ value >> 32);
}

static void table_init(struct table *table, size_t names)
{
	table->cap = TABLE_CAP_MIN;
	while (table->cap / 2 < names) {
		table->cap *= 2;
	}
	table->names = xcalloc(table->cap, sizeof(*table->names));
	table->apps = xcalloc(table->cap, sizeof(*table->apps));
}

/* The slot of `name`, or the empty one where it would be. */
static size_t find_slot(const struct table *table, struct cln_slice name)
{
	size_t slot = hash(name) & (table->cap - 1);
	while (table->names[slot] != NULL && !cln_slice_equal(name, cln_slice_of(table->names[slot]))) {
		slot = (slot + 1) & (table->cap - 1);
	}
	return slot;
}

static void table_add(struct table *table, const char *name, size_t app)
{
	if (name[0] == '\0') {
		return;
	}
	const size_t slot = find_slot(table, cln_slice_of(name));
	if (table->names[slot] == NULL) {
		table->names[slot] = name;
		table->apps[slot] = (unsigned)app; /* less than CONF_APPS_MAX */
	}
}

static void table_free(struct table *table)
{
	free(table->names);
	free(table->apps);
}

static void index_free(struct conf_index *index)
{
	if (index == NULL) {
		return;
	}
	table_free(&index->ids);
	table_free(&index->keys);
	free(index);
}

void conf_index_build(struct conf *conf)
{
	index_free(conf->index);
	conf->index = xcalloc(1, sizeof(*conf->index));
	table_init(&conf->index->ids, conf->app_count);
	table_init(&conf->index->keys, 2 * conf->app_count);
	for (size_t i = 0; i < conf->app_count; i++) {
		const struct conf_app *const app = &conf->apps[i];
		if (!app->is_removed) {
			table_add(&conf->index->ids, app->id, i);
			table_add(&conf->index->keys, app->key, i);
		}
	}
	/* Behind all current keys: one that is taken is a problem of the whole, found there. */
	for (size_t i = 0; i < conf->app_count; i++) {
		table_add(&conf->index->keys, conf->apps[i].previous_key, i);
	}
}

static const struct conf_app *find(
	const struct conf *conf, const struct table *table, struct cln_slice name)
{
	const size_t slot = find_slot(table, name);
	return table->names[slot] == NULL ? NULL : &conf->apps[table->apps[slot]];
}

const struct conf_app *conf_app_by_key(const struct conf *conf, struct cln_slice key)
{
	return find(conf, &conf->index->keys, key);
}

const struct conf_app *conf_app_by_id(const struct conf *conf, struct cln_slice id)
{
	return find(conf, &conf->index->ids, id);
}

void conf_free(struct conf *conf)
{
	struct conf_memory *memory;
	while ((memory = conf->memory) != NULL) {
		conf->memory = memory->next;
		free(memory);
	}
	index_free(conf->index);
	free(conf->apps);
	*conf = (struct conf){0};
}
