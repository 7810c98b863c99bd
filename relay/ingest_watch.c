/* SPDX-License-Identifier: MIT
 *
 * SUBSCRIBE and PSUBSCRIBE on an ingest connection: for a person who wants to see what the clients
 * of an application get. Shown is the client text. Channels are shown by their names on the bus
 * (clairon:1:{PART}:APPID:CHANNEL), as a Redis client expects; SUBSCRIBE understands a channel's
 * own name, too. A pattern sees every message that passes this relay's homes, so with the redis
 * engine only those of channels that clients subscribe to.
 */
#include "ingest_glob.h"
#include "ingest_private.h"

struct watch {
	LIST_ENTRY(watch) link;
	struct ingest *ingest;
	size_t len;
	char pattern[];
};

/* --- what the person sees --- */

static void push(
	struct ingest *ingest, const char *kind, const struct cln_slice *words, size_t count)
{
	ingest_array(ingest, 1 + count);
	ingest_bulk(ingest, cln_slice_of(kind));
	for (size_t i = 0; i < count; i++)
		ingest_bulk(ingest, words[i]);
	struct frame *const frame = frame_copy(buf_slice(&ingest->replies));
	ingest->replies.len = 0;
	conn_send(ingest->conn, frame);
	frame_unref(frame);
}

static struct cln_slice bus_name(const struct hub *hub, const struct app *app,
	struct cln_slice channel, char out[CLN_BUS_CHANNEL_MAX])
{
	const struct cln_slice prefix = cln_slice_of(hub->shared->conf->bus_prefix);
	return cln_slice(out, cln_bus_channel(out, prefix, app_id(app), channel));
}

static void deliver(
	struct subscriber *subscriber, const struct channel *channel, struct frame *frame)
{
	char buffer[CLN_BUS_CHANNEL_MAX];
	struct ingest *const ingest = (struct ingest *)subscriber;
	const struct cln_slice words[] = {
		bus_name(ingest->hub, channel->app, channel_name(channel), buffer), msg_text(frame)};
	push(ingest, "message", words, 2);
}

static void close_watcher(struct subscriber *subscriber, uint16_t code, struct cln_slice reason)
{
	(void)code;
	(void)reason;
	conn_close(((struct ingest *)subscriber)->conn);
}

static void describe(const struct subscriber *subscriber, char *out, size_t cap)
{
	snprintf(out, cap, "ingest=%llu", (unsigned long long)((const struct ingest *)subscriber)->id);
}

static const struct subscriber_ops watcher_ops = {
	.deliver = deliver,
	.close = close_watcher,
	.describe = describe,
};

static bool may_see(const struct ingest *ingest, unsigned app)
{
	return ingest->is_trusted || (ingest->app != NULL && ingest->app->index == app);
}

void watch_deliver(struct hub *hub, const struct msg *msg)
{
	struct watch *watch;
	char buffer[CLN_BUS_CHANNEL_MAX];
	const struct cln_slice name = bus_name(hub, hub_app(hub, msg->app), msg->channel, buffer);
	LIST_FOREACH(watch, &hub->watches, link)
	{
		const struct cln_slice pattern = {watch->pattern, watch->len};
		if (!may_see(watch->ingest, msg->app) || !glob_matches(pattern, name))
			continue;
		const struct cln_slice words[] = {pattern, name, msg_text(msg->frame)};
		push(watch->ingest, "pmessage", words, 3);
	}
}

/* --- commands --- */

bool watch_is_on(const struct ingest *ingest)
{
	return ingest->watcher.count > 0 || ingest->pattern_count > 0;
}

/* `name` as the person gave it, or NULL. */
static void confirm(struct ingest *ingest, const char *kind, struct cln_slice name)
{
	ingest_array(ingest, 3);
	ingest_bulk(ingest, cln_slice_of(kind));
	if (name.ptr == NULL)
		ingest_null(ingest);
	else
		ingest_bulk(ingest, name);
	ingest_integer(ingest, ingest->watcher.count + ingest->pattern_count);
}

/* The application and channel that `word` names; answers if it can't be watched. */
static struct app *find_channel(struct ingest *ingest, struct cln_slice word,
	struct cln_slice *channel, struct cln_channel_type *type)
{
	struct hub *const hub = ingest->hub;
	const struct conf *const conf = hub->shared->conf;
	struct app *app = ingest->app;
	struct cln_slice id;
	*channel = word;
	if (cln_bus_channel_parse(word, cln_slice_of(conf->bus_prefix), &id, channel) == CLN_OK)
		app = app_list_by_id(&hub->apps, id);
	else
		*channel = word;
	if (app == NULL || !may_see(ingest, app->index)) {
		ingest_error(ingest, "NOPERM that channel belongs to no application of this connection; "
							 "authenticate with AUTH APPID SECRET");
		return NULL;
	}
	if (cln_channel_check(*channel, type) < 0) {
		ingest_error(ingest, "ERR not a channel name");
		return NULL;
	}
	return app;
}

static void subscribe_one(struct ingest *ingest, struct cln_slice word)
{
	struct cln_slice name;
	struct cln_channel_type type;
	struct app *const app = find_channel(ingest, word, &name, &type);
	if (app == NULL)
		return;
	if (ingest->watcher.count >= INGEST_CHANNELS_MAX) {
		ingest_error(ingest, "ERR this connection watches as many channels as it may");
		return;
	}
	hub_subscribe(ingest->hub, &ingest->watcher, app, name, &type, &(const struct hub_member){0});
	confirm(ingest, "subscribe", word);
}

void watch_subscribe(struct ingest *ingest, const struct cln_resp_request *request)
{
	for (size_t i = 1; i < request->argc; i++)
		subscribe_one(ingest, request->argv[i]);
}

static void unsubscribe_all(struct ingest *ingest)
{
	struct subscription *subscription;
	if (ingest->watcher.count == 0)
		confirm(ingest, "unsubscribe", (struct cln_slice){0});
	while ((subscription = subscription_last(&ingest->watcher)) != NULL) {
		char buffer[CLN_BUS_CHANNEL_MAX];
		const struct channel *const channel = subscription->channel;
		const struct cln_slice name =
			bus_name(ingest->hub, channel->app, channel_name(channel), buffer);
		hub_unsubscribe(ingest->hub, subscription);
		confirm(ingest, "unsubscribe", name);
	}
}

void watch_unsubscribe(struct ingest *ingest, const struct cln_resp_request *request)
{
	if (request->argc == 1)
		unsubscribe_all(ingest);
	for (size_t i = 1; i < request->argc; i++) {
		struct cln_slice name;
		struct cln_channel_type type;
		struct app *const app = find_channel(ingest, request->argv[i], &name, &type);
		if (app == NULL)
			continue;
		struct subscription *const subscription = hub_find(&ingest->watcher, app, name);
		if (subscription != NULL)
			hub_unsubscribe(ingest->hub, subscription);
		confirm(ingest, "unsubscribe", request->argv[i]);
	}
}

/* Homes mail every message to the workers whose bit is set. */
static void tell_homes(struct hub *hub)
{
	const uint64_t bit = UINT64_C(1) << hub->loop->index;
	if (LIST_EMPTY(&hub->watches))
		atomic_fetch_and(&hub->shared->watching, ~bit);
	else
		atomic_fetch_or(&hub->shared->watching, bit);
}

static struct watch *find_pattern(struct ingest *ingest, struct cln_slice pattern)
{
	struct watch *watch;
	LIST_FOREACH(watch, &ingest->hub->watches, link)
	{
		if (watch->ingest == ingest &&
			cln_slice_equal(cln_slice(watch->pattern, watch->len), pattern))
			return watch;
	}
	return NULL;
}

static void add_pattern(struct ingest *ingest, struct cln_slice pattern)
{
	struct watch *const watch = xcalloc(1, sizeof(*watch) + pattern.len);
	watch->ingest = ingest;
	watch->len = pattern.len;
	memcpy(watch->pattern, pattern.ptr, pattern.len);
	LIST_INSERT_HEAD(&ingest->hub->watches, watch, link);
	ingest->pattern_count++;
	tell_homes(ingest->hub);
}

static void drop_pattern(struct watch *watch)
{
	struct ingest *const ingest = watch->ingest;
	LIST_REMOVE(watch, link);
	ingest->pattern_count--;
	tell_homes(ingest->hub);
	free(watch);
}

void watch_psubscribe(struct ingest *ingest, const struct cln_resp_request *request)
{
	for (size_t i = 1; i < request->argc; i++) {
		const struct cln_slice pattern = request->argv[i];
		const bool is_known = find_pattern(ingest, pattern) != NULL;
		if (pattern.len == 0 || pattern.len > INGEST_PATTERN_MAX ||
			(!is_known && ingest->pattern_count >= INGEST_PATTERNS_MAX)) {
			ingest_error(ingest, "ERR at most 16 patterns of up to 200 bytes");
			continue;
		}
		if (!is_known)
			add_pattern(ingest, pattern);
		confirm(ingest, "psubscribe", pattern);
	}
}

static void drop_patterns(struct ingest *ingest)
{
	struct watch *watch = LIST_FIRST(&ingest->hub->watches);
	while (watch != NULL) {
		struct watch *const next = LIST_NEXT(watch, link);
		if (watch->ingest == ingest)
			drop_pattern(watch);
		watch = next;
	}
}

void watch_punsubscribe(struct ingest *ingest, const struct cln_resp_request *request)
{
	if (request->argc == 1) {
		drop_patterns(ingest);
		confirm(ingest, "punsubscribe", (struct cln_slice){0});
	}
	for (size_t i = 1; i < request->argc; i++) {
		struct watch *const watch = find_pattern(ingest, request->argv[i]);
		if (watch != NULL)
			drop_pattern(watch);
		confirm(ingest, "punsubscribe", request->argv[i]);
	}
}

void watch_init(struct ingest *ingest)
{
	subscriber_init(&ingest->watcher, &watcher_ops, 0);
}

void watch_deinit(struct ingest *ingest)
{
	hub_unsubscribe_all(ingest->hub, &ingest->watcher);
	drop_patterns(ingest);
}
