/* SPDX-License-Identifier: MIT
 *
 * Start: descriptors, listeners (before any thread, so that an address in use ends the process
 * with a sentence), workers. Then the main thread runs a loop of its own: signals, webhooks, what
 * reloading needs. End: clients are told to come back (4200), up to drain_timeout_ms pass, the
 * loops end. A second signal ends the waiting.
 */
#include "server.h"

#include "base/log.h"
#include "loop.h"
#include "reload.h"
#include "signals.h"
#include "tls.h"
#include "webhook.h"
#include "worker.h"

#include "../wire/err.h"
#include "../wire/version.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>

#define READY_POLL_MS 50 /* until the engine is ready: for the log line only */
#define DRAIN_POLL_MS 10
#define FD_KEPT_MAX   256 /* descriptors that are no clients: links, ingest, files */
#define FD_KEPT_PART  4   /* of a small limit, as a part of it */

struct server {
	const struct conf *conf; /* that of the start: what can't change later */
	struct reload *reload;
	struct loop loop; /* of the main thread */
	bool has_loop;
	struct signals *signals;
	struct wheel_timer timer; /* until it is ready; then, when it drains, until all have left */
	int64_t drained_by_ms;
	atomic_bool is_draining;
	bool is_ending; /* workers may be gone */
	struct listener *clients[CONF_LISTEN_MAX];
	struct listener *tls_clients[CONF_LISTEN_MAX];
	struct listener *ingest[CONF_INGEST_MAX];
	struct tls *tls; /* NULL without listen_tls */
	struct hub_shared *shared;
	struct webhooks *webhooks;
	struct workers *workers;
};

/* --- descriptors --- */

static void raise_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) {
		return;
	}
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
		log_event(LOG_LEVEL_WARN, "descriptors",
			"reason=\"the limit can't be raised\" error=\"%s\"", strerror(errno));
	}
}

/* max_connections = 0 means what the limit of descriptors allows, some kept for other purposes:
 * above it clients can still be told 4100. */
static void choose_max_connections(struct conf *conf)
{
	struct rlimit limit;
	if (conf->max_connections != 0) {
		return;
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT32_MAX) {
		limit.rlim_cur = INT32_MAX;
	}
	const rlim_t part = limit.rlim_cur / FD_KEPT_PART;
	const rlim_t kept = part < FD_KEPT_MAX ? part : FD_KEPT_MAX;
	conf->max_connections = (unsigned)(limit.rlim_cur - kept); /* at most INT32_MAX */
}

/* --- listeners --- */

static void log_clients(const struct listener *listener, bool is_tls)
{
	log_event(LOG_LEVEL_INFO, "listening", "address=%s%s", listen_address(listener),
		is_tls ? " tls=true" : "");
}

static void log_ingest(const struct listener *listener, const char *group)
{
	const char *const address = listen_address(listener);
	if (strncmp(address, "unix:", 5) != 0) {
		log_event(LOG_LEVEL_INFO, "ingest", "address=%s", address);
	} else if (group[0] == '\0') {
		log_event(LOG_LEVEL_INFO, "ingest", "path=%s mode=0666", address + 5);
	} else {
		log_event(LOG_LEVEL_INFO, "ingest", "path=%s mode=0660 group=%s", address + 5, group);
	}
}

static struct listener *open_listener(const struct listen_options *options)
{
	char error[LISTEN_ERROR_MAX];
	struct listener *const listener = listen_open(options, error);
	if (listener == NULL) {
		log_event(
			LOG_LEVEL_ERROR, "listen_failed", "address=%s reason=\"%s\"", options->address, error);
	}
	return listener;
}

/* All are tried, so that one start names all addresses that can't be had. */
static int open_listeners(struct server *server)
{
	const struct conf *const conf = server->conf;
	int result = CLN_OK;
	for (size_t i = 0; i < conf->listen_count; i++) {
		server->clients[i] = open_listener(
			&(struct listen_options){.address = conf->listen[i], .rate = conf->upgrade_rate});
		if (server->clients[i] == NULL) {
			result = CLN_ERR_SYSTEM;
		}
	}
	for (size_t i = 0; i < conf->listen_tls_count; i++) {
		server->tls_clients[i] = open_listener(&(struct listen_options){
			.address = conf->listen_tls[i], .rate = conf->tls_rate, .is_tls = true});
		if (server->tls_clients[i] == NULL) {
			result = CLN_ERR_SYSTEM;
		}
	}
	for (size_t i = 0; i < conf->ingest_count; i++) {
		server->ingest[i] = open_listener(
			&(struct listen_options){.address = conf->ingest[i], .group = conf->ingest_group});
		if (server->ingest[i] == NULL) {
			result = CLN_ERR_SYSTEM;
		}
	}
	return result;
}

/* Those that no worker has taken over. */
static void close_listeners(struct listener **listeners, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (listeners[i] != NULL) {
			listen_close(listeners[i]);
			listeners[i] = NULL;
		}
	}
}

/* Workers close what they were given, also when this fails. */
static int hand_over_listeners(struct server *server)
{
	int result = CLN_OK;
	for (size_t i = 0; i < server->conf->listen_count && result == CLN_OK; i++) {
		log_clients(server->clients[i], false);
		result = workers_listen_clients(server->workers, server->clients[i]);
		server->clients[i] = NULL;
	}
	for (size_t i = 0; i < server->conf->listen_tls_count && result == CLN_OK; i++) {
		log_clients(server->tls_clients[i], true);
		result = workers_listen_tls(server->workers, server->tls_clients[i], server->tls);
		server->tls_clients[i] = NULL;
	}
	for (size_t i = 0; i < server->conf->ingest_count && result == CLN_OK; i++) {
		log_ingest(server->ingest[i], server->conf->ingest_group);
		result = workers_listen_ingest(server->workers, server->ingest[i]);
		server->ingest[i] = NULL;
	}
	if (result != CLN_OK) {
		log_event(LOG_LEVEL_ERROR, "listen_failed", "reason=\"the event loop refuses the socket\"");
	}
	return result;
}

/* --- start --- */

static const char *source_of(const struct conf *conf, const struct conf_app *app)
{
	switch (app->source) {
	case CONF_FROM_FILE:
		return "file";
	case CONF_FROM_ENV:
		return conf->env_source;
	case CONF_FROM_FLAG:
		return "flag";
	case CONF_FROM_DEFAULT:
		break;
	}
	return "default";
}

static void log_applications(const struct conf *conf)
{
	for (size_t i = 0; i < conf->app_count; i++) {
		const struct conf_app *const app = &conf->apps[i];
		log_event(LOG_LEVEL_INFO, "app", "id=%s source=%s%s", app->id, source_of(conf, app),
			app->enabled ? "" : " enabled=false");
	}
}

static void log_start(const struct conf *conf)
{
	log_event(LOG_LEVEL_INFO, "start", "version=%s workers=%u engine=%s max_connections=%u",
		CLN_VERSION, conf->workers, conf->engine == CONF_ENGINE_REDIS ? "redis" : "local",
		conf->max_connections);
}

/* --- the end --- */

static void on_drain_timer(struct wheel_timer *timer)
{
	struct server *const server = (struct server *)((char *)timer - offsetof(struct server, timer));
	if (workers_session_count(server->workers) == 0 ||
		server->loop.now_ms >= server->drained_by_ms) {
		loop_stop(&server->loop);
		return;
	}
	loop_timer_set(&server->loop, &server->timer, DRAIN_POLL_MS, on_drain_timer);
}

/* What was published before the signal stands before the close in every worker's mailbox. */
static void on_settled(void *context)
{
	struct server *const server = context;
	if (!server->is_ending) {
		workers_drain(server->workers);
	}
}

static void drain(struct server *server, int number)
{
	log_event(LOG_LEVEL_INFO, "stopping", "signal=%d sessions=%u", number,
		workers_session_count(server->workers));
	server->drained_by_ms = server->loop.now_ms + reload_conf(server->reload)->drain_timeout_ms;
	atomic_store(&server->is_draining, true);
	workers_visit(server->workers, WORKERS_SETTLE, reload_conf(server->reload),
		&(struct workers_done){&server->loop, on_settled, server});
	loop_timer_set(&server->loop, &server->timer, DRAIN_POLL_MS, on_drain_timer);
}

static void on_signal(void *context, int number)
{
	struct server *const server = context;
	const bool is_draining = atomic_load(&server->is_draining);
	if (number == SIGHUP && !is_draining) {
		log_event(LOG_LEVEL_INFO, "reloading", "signal=%d", number);
		reload_begin(server->reload);
	} else if (number != SIGHUP && is_draining) {
		loop_stop(&server->loop);
	} else if (number != SIGHUP) {
		drain(server, number);
	}
}

/* --- start --- */

/* For the log line only. */
static void on_ready_timer(struct wheel_timer *timer)
{
	struct server *const server = (struct server *)((char *)timer - offsetof(struct server, timer));
	if (hub_shared_is_ready(server->shared)) {
		log_event(LOG_LEVEL_INFO, "ready", "version=%s", CLN_VERSION);
	} else {
		loop_timer_set(&server->loop, &server->timer, READY_POLL_MS, on_ready_timer);
	}
}

static int init_loop(struct server *server)
{
	/* No worker's index, and no peers: nobody's sockets are served here. */
	if (loop_init(&server->loop, server->conf->workers, 0, NULL, server->conf) != CLN_OK) {
		return CLN_ERR_SYSTEM;
	}
	server->has_loop = true;
	server->signals = signals_new(&server->loop, on_signal, server);
	return server->signals != NULL ? CLN_OK : CLN_ERR_SYSTEM;
}

static int start(struct server *server, struct conf *conf, const struct reload_source *source)
{
	if (server->conf->listen_tls_count > 0 && (server->tls = tls_new(server->conf)) == NULL) {
		return CLN_ERR_SYSTEM;
	}
	if (open_listeners(server) != CLN_OK || init_loop(server) != CLN_OK) {
		return CLN_ERR_SYSTEM;
	}
	server->shared = hub_shared_new(server->conf, &server->loop);
	server->webhooks = webhooks_new(&server->loop, server->conf);
	hub_shared_set_webhooks(server->shared, server->webhooks);
	server->workers = workers_new(server->conf, server->shared, &server->is_draining);
	if (server->workers == NULL || hand_over_listeners(server) != CLN_OK) {
		return CLN_ERR_SYSTEM;
	}
	server->reload = reload_new(
		&(struct reload_parts){
			.source = source,
			.loop = &server->loop,
			.shared = server->shared,
			.workers = server->workers,
			.webhooks = server->webhooks,
			.tls = server->tls,
			.complete = choose_max_connections,
		},
		conf);
	log_applications(conf);
	loop_timer_set(&server->loop, &server->timer, 0, on_ready_timer);
	return workers_start(server->workers);
}

/* --- the whole --- */

static void log_end(const struct server *server)
{
	struct metrics sum;
	workers_metrics(server->workers, &sum);
	metrics_add(&sum, &server->loop.metrics);
	log_event(LOG_LEVEL_INFO, "stopped",
		"sessions_left=%u connections=%" PRIu64 " publishes=%" PRIu64 " deliveries=%" PRIu64,
		workers_session_count(server->workers), sum.connections_total, sum.publishes,
		sum.deliveries);
}

static void end(struct server *server)
{
	server->is_ending = true;
	if (server->reload != NULL) {
		reload_stop(server->reload);
	}
	if (server->workers != NULL) {
		workers_stop(server->workers);
		log_end(server);
		workers_free(server->workers);
	}
	if (server->has_loop) {
		loop_timer_stop(&server->loop, &server->timer);
		(void)loop_deliver(&server->loop); /* what workers said last */
	}
	if (server->webhooks != NULL) {
		webhooks_finish(server->webhooks, server->drained_by_ms - server->loop.now_ms);
		webhooks_free(server->webhooks);
	}
	if (server->shared != NULL) {
		hub_shared_free(server->shared);
	}
	signals_free(server->signals);
	if (server->has_loop) {
		loop_deinit(&server->loop);
	}
	close_listeners(server->clients, CONF_LISTEN_MAX);
	close_listeners(server->tls_clients, CONF_LISTEN_MAX);
	close_listeners(server->ingest, CONF_INGEST_MAX);
	if (server->tls != NULL) {
		tls_free(server->tls);
	}
}

static void free_conf(struct server *server, struct conf *conf)
{
	if (server->reload != NULL) {
		reload_free(server->reload);
	} else {
		conf_free(conf);
		free(conf);
	}
}

int server_run(struct conf *conf, const struct reload_source *source)
{
	struct server server = {.conf = conf};
	signals_block();
	raise_descriptors();
	choose_max_connections(conf);
	log_start(conf);
	const int result = start(&server, conf, source);
	if (result == CLN_OK) {
		loop_run(&server.loop);
	}
	end(&server);
	free_conf(&server, conf);
	return result == CLN_OK ? SERVER_EXIT_CLEAN : SERVER_EXIT_FAILURE;
}
