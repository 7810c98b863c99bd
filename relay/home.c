/* SPDX-License-Identifier: MIT
 *
 * Homes by name, and the joins that wait at them.
 */
#include "home.h"

#include <assert.h>

static uint32_t hash_of(struct cln_slice name)
{
	return map_hash(name.ptr, name.len);
}

static bool has_name(const void *home, const void *name)
{
	return cln_slice_equal(home_name(home), *(const struct cln_slice *)name);
}

struct home *home_new(struct app *app, struct cln_slice name, unsigned workers)
{
	const size_t of_workers = workers * sizeof(struct home_worker);
	struct home *const home = xcalloc(1, sizeof(*home) + of_workers + name.len);
	home->app = app;
	home->worker_count = (uint8_t)workers; /* at most CONF_WORKERS_MAX */
	home->name_len = (uint8_t)name.len;    /* checked */
	memcpy(home->workers + workers, name.ptr, name.len);
	(void)cln_channel_check(name, &home->type); /* as it has before */
	TAILQ_INIT(&home->joins);
	table_add(&app->homes, hash_of(name), home);
	return home;
}

struct home *home_find(struct app *app, struct cln_slice name)
{
	return table_find(&app->homes, hash_of(name), has_name, &name);
}

struct cln_slice home_name(const struct home *home)
{
	return cln_slice((const char *)(home->workers + home->worker_count), home->name_len);
}

unsigned home_subscription_count(const struct home *home)
{
	return home->clients;
}

void home_set_clients(struct home *home, unsigned worker, unsigned clients)
{
	home->clients += clients - home->workers[worker].clients; /* modulo 2^32, so down as well */
	home->workers[worker].clients = clients;
}

bool home_is_idle(const struct home *home)
{
	return home->interested == 0 && home->holds == 0 && TAILQ_EMPTY(&home->joins) &&
		   presence_count(&home->presence) == 0;
}

static void destroy(struct home *home)
{
	struct home_join *join;
	assert(home->counting == NULL);
	while ((join = TAILQ_FIRST(&home->joins)) != NULL) {
		TAILQ_REMOVE(&home->joins, join, link);
		free(join);
	}
	presence_deinit(&home->presence);
	free(home);
}

void home_free(struct home *home)
{
	table_remove(&home->app->homes, hash_of(home_name(home)), home);
	destroy(home);
}

void homes_free(struct app *app)
{
	struct home *home;
	uint32_t at = 0;
	while ((home = table_next(&app->homes, &at)) != NULL)
		destroy(home);
	table_clear(&app->homes);
}

struct home_join *home_join_new(struct home *home, unsigned worker, uint64_t socket, uint64_t token,
	struct cln_slice id, struct cln_slice info)
{
	struct home_join *const join = xcalloc(1, sizeof(*join) + id.len + info.len);
	join->worker = worker;
	join->socket = socket;
	join->token = token;
	join->id_len = id.len;
	join->info_len = info.len;
	if (id.len > 0)
		memcpy(join->bytes, id.ptr, id.len);
	if (info.len > 0)
		memcpy(join->bytes + id.len, info.ptr, info.len);
	TAILQ_INSERT_TAIL(&home->joins, join, link);
	return join;
}

void home_join_cancel(struct home *home, unsigned worker, uint64_t token)
{
	struct home_join *join;
	TAILQ_FOREACH(join, &home->joins, link)
	{
		if (join->worker != worker || join->token != token)
			continue;
		TAILQ_REMOVE(&home->joins, join, link);
		free(join);
		return;
	}
}

struct cln_slice home_join_id(const struct home_join *join)
{
	return cln_slice(join->bytes, join->id_len);
}

struct cln_slice home_join_info(const struct home_join *join)
{
	return cln_slice(join->bytes + join->id_len, join->info_len);
}
