/* SPDX-License-Identifier: MIT
 *
 * What the HTTP API tells of channels and members, and the ending of a user's connections. The
 * answers are gathered by query.h.
 */
#include "api_private.h"

/* A request that waits for a query. */
struct asking {
	struct hub *hub;
	struct http_ticket *ticket;
};

static struct asking *asking_new(struct api_call *call)
{
	struct asking *const asking = xcalloc(1, sizeof(*asking));
	asking->hub = call->hub;
	asking->ticket = http_defer(call->conn);
	return asking;
}

/* A query_done_fn. */
static void on_json(void *user, const struct cln_slice *json)
{
	struct asking *const asking = user;
	if (json != NULL)
		api_answer_later(asking->hub, asking->ticket, API_OK, *json);
	else
		api_answer_later(asking->hub, asking->ticket, API_SERVICE_UNAVAILABLE,
			CLN_SLICE("The relay is shutting down.\n"));
	free(asking);
}

static struct cln_slice param_value(const struct api_call *call, const char *name)
{
	const struct api_param *const param = api_params_find(call->params, cln_slice_of(name));
	return param == NULL ? cln_slice(NULL, 0) : param->value;
}

/* info=a,b or info[]=a&info[]=b. */
static bool parse_info(
	const struct api_call *call, unsigned allowed, unsigned *info, struct api_refusal *refusal)
{
	*info = 0;
	for (size_t i = 0; i < call->params->count; i++) {
		const struct api_param *const param = &call->params->list[i];
		if (cln_slice_equal(param->name, CLN_SLICE("info")) &&
			!api_info_parse(param->value, allowed, info, refusal))
			return false;
	}
	return true;
}

static void refuse(struct api_call *call, struct api_refusal *refusal)
{
	api_answer_refusal(call, refusal);
	buf_deinit(&refusal->reason);
}

void api_get_channels(struct api_call *call)
{
	const struct cln_slice prefix = param_value(call, "filter_by_prefix");
	struct api_refusal refusal = {0};
	unsigned info;
	if (!parse_info(call, QUERY_USER_COUNT | QUERY_SUBSCRIPTION_COUNT, &info, &refusal)) {
		refuse(call, &refusal);
		return;
	}
	if ((info & QUERY_USER_COUNT) && !cln_slice_starts(prefix, CLN_SLICE("presence-"))) {
		api_answer_error(call, API_BAD_REQUEST,
			"info: user_count is for presence channels: ask with filter_by_prefix=presence-.");
		return;
	}
	query_occupied(call->hub, call->app->index, prefix, info, on_json, asking_new(call));
}

/* Whether the path names a channel; answers if not. */
static bool check_name(struct api_call *call, struct cln_channel_type *type)
{
	if (call->name.len <= call->app->conf->channel_name_bytes &&
		cln_channel_check(call->name, type) == CLN_OK)
		return true;
	api_answer_error(call, API_BAD_REQUEST,
		"The path holds no channel's name: up to %u letters, digits and _ - = @ , . ; are "
		"allowed.",
		call->app->conf->channel_name_bytes);
	return false;
}

static void ask_one(struct api_call *call, unsigned info)
{
	const struct query_item item = {.channel = call->name, .info = info};
	query_channels(call->hub, call->app->index, &item, 1, QUERY_OBJECT, on_json, asking_new(call));
}

void api_get_channel(struct api_call *call)
{
	struct cln_channel_type type;
	struct api_refusal refusal = {0};
	unsigned info;
	if (!check_name(call, &type))
		return;
	if (!parse_info(
			call, QUERY_USER_COUNT | QUERY_SUBSCRIPTION_COUNT | QUERY_CACHE, &info, &refusal)) {
		refuse(call, &refusal);
		return;
	}
	if ((info & QUERY_USER_COUNT) && !type.is_presence) {
		api_answer_error(call, API_BAD_REQUEST,
			"info: user_count is for presence channels only; ask for subscription_count here.");
		return;
	}
	ask_one(call, info | QUERY_OCCUPIED);
}

void api_get_users(struct api_call *call)
{
	struct cln_channel_type type;
	if (!check_name(call, &type))
		return;
	if (!type.is_presence) {
		api_answer_error(call, API_BAD_REQUEST,
			"Users are known of presence channels only: their names begin with presence-.");
		return;
	}
	ask_one(call, QUERY_USERS);
}

void api_get_stats(struct api_call *call)
{
	struct cln_channel_type type;
	if (check_name(call, &type))
		ask_one(call, QUERY_OCCUPIED | QUERY_USER_COUNT | QUERY_CONNECTION_COUNT);
}

void api_terminate(struct api_call *call)
{
	const struct note note = {
		.kind = NOTE_TERMINATE,
		.from = call->hub->loop->index,
		.msg = {.app = call->app->index},
		.user_id = call->name,
	};
	for (unsigned worker = 0; worker < call->hub->shared->count; worker++)
		hub_send(call->hub, worker, &note);
	api_answer(call, API_OK, CLN_SLICE("{}"));
}
