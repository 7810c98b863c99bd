/* SPDX-License-Identifier: MIT
 *
 * See query.h. A question about channels is cut into one part per worker that has to be asked;
 * a part carries copies of the names there and JSON back, so nothing is shared. The question
 * itself stays with the asker and ends with its last part.
 */
#include "query.h"

#include "cache.h"
#include "hub_private.h"
#include "jslice.h"

#include <inttypes.h>

#define MS_PER_S 1000

/* --- any question --- */

void query_ask(struct hub *hub, unsigned worker, struct query *query)
{
	query->asker = hub->loop->index;
	if (hub->is_stopped) {
		query->on_drop(query);
		return;
	}
	const struct note note = {.kind = NOTE_ASK, .from = query->asker, .query = query};
	hub_send(hub, worker, &note);
}

void query_answer(struct hub *hub, struct query *query)
{
	if (hub->is_stopped) {
		query->on_drop(query);
		return;
	}
	const struct note note = {.kind = NOTE_ANSWER, .from = hub->loop->index, .query = query};
	hub_send(hub, query->asker, &note);
}

void query_handle(struct hub *hub, const struct note *note)
{
	struct query *const query = note->query;
	if (note->kind == NOTE_ASK)
		query->on_ask(hub, query);
	else
		query->on_answer(hub, query);
}

void query_drop(const struct note *note)
{
	struct query *const query = note->query;
	if (query != NULL)
		query->on_drop(query);
}

/* --- about channels: the asker --- */

struct question {
	enum query_shape shape;
	query_done_fn done;
	void *user;
	size_t waiting; /* parts that are not back */
	bool is_dropped;
	size_t count;
	struct buf *answers; /* what stands between an item's braces; of a list: of one part */
	struct buf names;    /* of a map: of all items */
	size_t *name_ends;
};

/* One worker's share. */
struct part_item {
	size_t index; /* in the question */
	unsigned info;
	struct cln_slice channel; /* in the part's `names`; of a list: the prefix */
	struct buf answer;
};

struct part {
	struct query query;
	struct question *question; /* the asker's */
	unsigned app;
	bool is_list;
	struct buf names;
	size_t count;
	struct part_item items[];
};

static struct question *question_new(
	enum query_shape shape, size_t count, query_done_fn done, void *user)
{
	struct question *const question = xcalloc(1, sizeof(*question));
	question->shape = shape;
	question->done = done;
	question->user = user;
	question->count = count;
	question->answers = xcalloc(count + 1, sizeof(*question->answers));
	return question;
}

static void question_free(struct question *question)
{
	for (size_t i = 0; i < question->count; i++)
		buf_deinit(&question->answers[i]);
	buf_deinit(&question->names);
	free(question->name_ends);
	free(question->answers);
	free(question);
}

static struct cln_slice name_of(const struct question *question, size_t index)
{
	const size_t start = index == 0 ? 0 : question->name_ends[index - 1];
	return cln_slice(question->names.bytes + start, question->name_ends[index] - start);
}

/* The items' objects, with commas between them. */
static void append_objects(struct buf *json, const struct question *question)
{
	for (size_t i = 0; i < question->count; i++) {
		if (i > 0)
			buf_append_byte(json, ',');
		if (question->shape == QUERY_MAP) {
			buf_append_byte(json, '"');
			buf_append_slice(json, name_of(question, i)); /* has nothing to escape */
			buf_append_slice(json, CLN_SLICE("\":"));
		}
		buf_append_byte(json, '{');
		buf_append_slice(json, buf_slice(&question->answers[i]));
		buf_append_byte(json, '}');
	}
}

static void append_lists(struct buf *json, const struct question *question)
{
	bool is_first = true;
	for (size_t i = 0; i < question->count; i++) {
		if (question->answers[i].len == 0)
			continue;
		if (!is_first)
			buf_append_byte(json, ',');
		buf_append_slice(json, buf_slice(&question->answers[i]));
		is_first = false;
	}
}

static void finish(struct question *question)
{
	struct buf json = {0};
	const bool is_list = question->shape == QUERY_MAP && question->name_ends == NULL;
	if (question->shape == QUERY_MAP)
		buf_append_slice(&json, CLN_SLICE("{\"channels\":{"));
	else if (question->shape == QUERY_ARRAY)
		buf_append_slice(&json, CLN_SLICE("{\"batch\":["));
	if (is_list)
		append_lists(&json, question);
	else
		append_objects(&json, question);
	if (question->shape == QUERY_MAP)
		buf_append_slice(&json, CLN_SLICE("}}"));
	else if (question->shape == QUERY_ARRAY)
		buf_append_slice(&json, CLN_SLICE("]}"));
	const struct cln_slice text = buf_slice(&json);
	question->done(question->user, question->is_dropped ? NULL : &text);
	buf_deinit(&json);
	question_free(question);
}

/* With one worker an answer comes while the question still is being asked: the asker holds it. */
static void release(struct question *question)
{
	if (--question->waiting == 0)
		finish(question);
}

static void part_free(struct part *part)
{
	for (size_t i = 0; i < part->count; i++)
		buf_deinit(&part->items[i].answer);
	buf_deinit(&part->names);
	free(part);
}

static void on_answer(struct hub *hub, struct query *query)
{
	struct part *const part = (struct part *)query; /* its first member */
	struct question *const question = part->question;
	(void)hub;
	for (size_t i = 0; i < part->count; i++) {
		question->answers[part->items[i].index] = part->items[i].answer;
		part->items[i].answer = (struct buf){0};
	}
	part_free(part);
	release(question);
}

static void on_drop(struct query *query)
{
	struct part *const part = (struct part *)query; /* its first member */
	struct question *const question = part->question;
	question->is_dropped = true;
	part_free(part);
	release(question);
}

/* --- about channels: the home --- */

static void append_member(struct buf *text, const char *name, unsigned value)
{
	buf_appendf(text, "%s\"%s\":%u", text->len > 0 ? "," : "", name, value);
}

/* The raw "data" of a finished client text. */
static bool find_data(struct frame *frame, struct jslice *data)
{
	struct jslice object;
	return jslice_parse(msg_text(frame), &object) == CLN_OK &&
		   jslice_find(&object, CLN_SLICE("data"), data);
}

static void append_cache(struct buf *text, const struct app *app, struct cln_slice channel)
{
	int64_t left_ms = 0;
	struct jslice data;
	struct frame *const frame = cache_find(app, channel, &left_ms);
	buf_appendf(text, "%s\"cache\":", text->len > 0 ? "," : "");
	if (frame == NULL || !find_data(frame, &data)) {
		buf_append_slice(text, CLN_SLICE("null"));
		return;
	}
	buf_append_slice(text, CLN_SLICE("{\"data\":"));
	buf_append_slice(text, data.raw);
	buf_appendf(text, ",\"ttl\":%" PRId64 "}", (left_ms + MS_PER_S - 1) / MS_PER_S);
}

static void append_users(struct buf *text, const struct home *home)
{
	buf_append_slice(text, CLN_SLICE("\"users\":["));
	const struct member *member = home == NULL ? NULL : home->presence.members;
	for (bool is_first = true; member != NULL; member = member->hh.next, is_first = false) {
		buf_append_slice(text, is_first ? CLN_SLICE("{\"id\":\"") : CLN_SLICE(",{\"id\":\""));
		jslice_escape(text, member_id(member));
		buf_append_slice(text, CLN_SLICE("\"}"));
	}
	buf_append_byte(text, ']');
}

/* What is asked of one channel. `home` is NULL if the channel has none. Counts of subscriptions are
 * given whatever the application's row subscription_count says: that row is about telling the
 * subscribers, who pay for it with traffic; who holds the secret may know, as with other servers
 * of this kind. */
static void append_info(struct buf *text, const struct app *app, struct cln_slice channel,
	const struct home *home, unsigned info)
{
	const unsigned clients = home == NULL ? 0 : home_subscription_count(home);
	struct cln_channel_type type = {0};
	if (cln_channel_check(channel, &type) < 0)
		return; /* names were checked before they were asked about */
	if (info & QUERY_OCCUPIED)
		buf_appendf(text, "\"occupied\":%s", clients > 0 ? "true" : "false");
	if ((info & QUERY_USER_COUNT) && type.is_presence)
		append_member(text, "user_count", home == NULL ? 0 : presence_count(&home->presence));
	if (info & QUERY_SUBSCRIPTION_COUNT)
		append_member(text, "subscription_count", clients);
	if (info & QUERY_CONNECTION_COUNT)
		append_member(text, "connection_count", clients);
	if (info & QUERY_CACHE)
		append_cache(text, app, channel);
	if (info & QUERY_USERS)
		append_users(text, home);
}

static bool is_listed(const struct home *home, struct cln_slice prefix)
{
	const struct cln_slice name = home_name(home);
	return home_subscription_count(home) > 0 && cln_slice_starts(name, prefix) &&
		   (prefix.len > 0 || name.ptr[0] != '#');
}

static void list_homes(struct app *app, struct part_item *item)
{
	struct buf *const text = &item->answer;
	struct buf info = {0};
	const struct home *home;
	uint32_t at = 0;
	while ((home = table_next(&app->homes, &at)) != NULL) {
		if (!is_listed(home, item->channel))
			continue;
		buf_append_slice(text, text->len > 0 ? CLN_SLICE(",\"") : CLN_SLICE("\""));
		buf_append_slice(text, home_name(home)); /* has nothing to escape */
		buf_append_slice(text, CLN_SLICE("\":{"));
		info.len = 0;
		append_info(&info, app, home_name(home), home, item->info);
		buf_append_slice(text, buf_slice(&info));
		buf_append_byte(text, '}');
	}
	buf_deinit(&info);
}

static void on_ask(struct hub *hub, struct query *query)
{
	struct part *const part = (struct part *)query; /* its first member */
	struct app *const app = hub_app(hub, part->app);
	for (size_t i = 0; i < part->count; i++) {
		struct part_item *const item = &part->items[i];
		if (part->is_list)
			list_homes(app, item);
		else
			append_info(
				&item->answer, app, item->channel, home_find(app, item->channel), item->info);
	}
	query_answer(hub, query);
}

/* --- about channels: asking --- */

/* Room for names is reserved whole, so that slices of it hold. */
static struct part *part_new(
	struct question *question, unsigned app, size_t count, size_t name_bytes)
{
	struct part *const part = xcalloc(1, sizeof(*part) + count * sizeof(part->items[0]));
	part->query = (struct query){.on_ask = on_ask, .on_answer = on_answer, .on_drop = on_drop};
	part->question = question;
	part->app = app;
	buf_reserve(&part->names, name_bytes + 1);
	return part;
}

static void part_add(struct part *part, size_t index, const struct query_item *item)
{
	struct part_item *const own = &part->items[part->count++];
	own->index = index;
	own->info = item->info;
	own->channel = cln_slice(part->names.bytes + part->names.len, item->channel.len);
	buf_append_slice(&part->names, item->channel);
}

static void keep_names(struct question *question, const struct query_item *items)
{
	question->name_ends = xcalloc(question->count + 1, sizeof(*question->name_ends));
	for (size_t i = 0; i < question->count; i++) {
		buf_append_slice(&question->names, items[i].channel);
		question->name_ends[i] = question->names.len;
	}
}

/* The part for one worker; NULL if it is home of none of them. */
static struct part *part_for(struct hub *hub, unsigned worker, struct question *question,
	unsigned app, const struct query_item *items)
{
	size_t count = 0, bytes = 0;
	for (size_t i = 0; i < question->count; i++) {
		const bool is_home = hub_home_of(hub, app, items[i].channel) == worker;
		count += is_home;
		bytes += is_home ? items[i].channel.len : 0;
	}
	if (count == 0)
		return NULL;
	struct part *const part = part_new(question, app, count, bytes);
	for (size_t i = 0; i < question->count; i++) {
		if (hub_home_of(hub, app, items[i].channel) == worker)
			part_add(part, i, &items[i]);
	}
	return part;
}

void query_channels(struct hub *hub, unsigned app, const struct query_item *items, size_t count,
	enum query_shape shape, query_done_fn done, void *user)
{
	struct question *const question = question_new(shape, count, done, user);
	if (shape == QUERY_MAP)
		keep_names(question, items);
	question->waiting = 1; /* ours */
	for (unsigned worker = 0; worker < hub->shared->count; worker++) {
		struct part *const part = part_for(hub, worker, question, app, items);
		if (part == NULL)
			continue;
		question->waiting++;
		query_ask(hub, worker, &part->query);
	}
	release(question);
}

void query_occupied(struct hub *hub, unsigned app, struct cln_slice prefix, unsigned info,
	query_done_fn done, void *user)
{
	const struct query_item item = {.channel = prefix, .info = info};
	struct question *const question = question_new(QUERY_MAP, hub->shared->count, done, user);
	question->waiting = 1; /* ours */
	for (unsigned worker = 0; worker < hub->shared->count; worker++) {
		struct part *const part = part_new(question, app, 1, prefix.len);
		part->is_list = true;
		part_add(part, worker, &item);
		question->waiting++;
		query_ask(hub, worker, &part->query);
	}
	release(question);
}
