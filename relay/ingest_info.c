/* SPDX-License-Identifier: MIT
 *
 * INFO: what this process is and every metric of metrics.h, summed over the workers.
 */
#include "ingest_private.h"

#include "../wire/version.h"

#include <inttypes.h>
#include <unistd.h>

#define MS_PER_S 1000

static struct metrics sum_metrics(const struct hub *hub)
{
	const struct loop *const loop = hub->loop;
	struct metrics sum = {0};
	for (unsigned i = 0; i < loop->count; i++)
		metrics_add(&sum, &loop->peers[i]->metrics);
	metrics_add(&sum, &hub->shared->main->metrics);
	return sum;
}

static void put_metrics(struct buf *text, const struct metrics *sum)
{
	for (unsigned i = 0; i < metrics_count; i++) {
		uint64_t value;
		memcpy(&value, (const char *)sum + metrics_table[i].offset, sizeof(value));
		buf_appendf(text, "%s:%" PRIu64 "\r\n", metrics_table[i].name, value);
	}
}

void ingest_info(const struct hub *hub, struct buf *text)
{
	const struct loop *const loop = hub->loop;
	const struct metrics sum = sum_metrics(hub);
	buf_appendf(
		text, "# Server\r\nclairon_version:" CLN_VERSION "\r\nprocess_id:%ld\r\n", (long)getpid());
	buf_appendf(text, "uptime_in_seconds:%" PRId64 "\r\nworkers:%u\r\nengine:%s\r\nready:%d\r\n",
		(loop->now_ms - hub->started_ms) / MS_PER_S, loop->count, hub->engine->ops->name,
		hub_shared_is_ready(hub->shared));
	buf_appendf(text, "\r\n# Clients\r\nsessions:%u\r\nconnected_clients:%" PRIu64 "\r\n",
		atomic_load(&hub->shared->sessions), sum.ingest_connections);
	buf_appendf(text, "\r\n# Stats\r\n");
	put_metrics(text, &sum);
}
