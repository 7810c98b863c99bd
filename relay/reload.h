/* SPDX-License-Identifier: MIT
 *
 * Reading the configuration again (SIGHUP): flags, environment and file exactly as at start. What
 * is wrong changes nothing and is logged line by line; what is right is taken over by worker after
 * worker without dropping a connection, and the log tells the difference.
 *
 * Two rounds of mail to all workers: first each learns the new settings and applications, then
 * each begins to find the new ones and sends those away who may not stay. The old configuration
 * is freed when all have done so. Main thread only.
 */
#ifndef RELOAD_H
#define RELOAD_H

#include "conf.h"
#include "hub.h"
#include "worker.h"

struct tls;
struct webhooks;

/* How the process was started. Flags are copied before conf_load() overwrites secrets in argv: the
 * copy is what a reload reads. */
struct reload_source;
struct reload_source *reload_source_new(int argc, char **argv, char *const *env);
void reload_source_free(struct reload_source *source);

struct reload_parts {
	const struct reload_source *source;
	struct loop *loop; /* of the main thread */
	struct hub_shared *shared;
	struct workers *workers;
	struct webhooks *webhooks;
	struct tls *tls; /* NULL without listen_tls */
	/* Completes a configuration by what the process knows, as at start. */
	void (*complete)(struct conf *conf);
};

struct reload;

/* `conf` is the one that all have; the reload owns it and those that follow. */
struct reload *reload_new(const struct reload_parts *parts, struct conf *conf);
/* The configuration that counts. */
const struct conf *reload_conf(const struct reload *reload);
/* Reads and takes over, or says why not. While an earlier one is under way: once more behind it. */
void reload_begin(struct reload *reload);
/* What is under way is not gone on with: workers are about to end. */
void reload_stop(struct reload *reload);
/* After the workers have ended, and their mail has been delivered. */
void reload_free(struct reload *reload);

#endif
