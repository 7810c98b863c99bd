/* SPDX-License-Identifier: MIT
 *
 * See route.h.
 */
#include "route.h"

#include "../wire/name.h"
#include "../wire/resp.h"

#define TEXT_EVENT   "{\"event\":"
#define TEXT_CHANNEL ",\"channel\":\""
#define TEXT_DATA    "\",\"data\":"

static void make_head(
	struct cln_route *route, const struct cln_target *target, struct cln_slice channel)
{
	char bus[CLN_BUS_CHANNEL_MAX];
	const struct cln_slice prefix = cln_slice(target->prefix, target->prefix_len);
	const size_t bus_len = cln_bus_channel(bus, prefix, cln_target_app(target), channel);
	struct cln_out head = {.ptr = route->head, .cap = sizeof(route->head)};
	cln_out_bytes(&head, CLN_SLICE("*3\r\n$7\r\nPUBLISH\r\n"));
	cln_resp_bulk(&head, cln_slice(bus, bus_len));
	ZEND_ASSERT(!head.is_full);
	route->head_len = head.len;
}

/* Channel names need no escaping: their alphabet has neither quotes nor backslashes. */
static void make_text(struct cln_route *route, struct cln_slice channel, struct cln_slice name)
{
	char literal[CLN_LITERAL_MAX(CLN_EVENT_NAME_MAX)];
	const size_t literal_len = clairon_encode_literal(literal, name);
	struct cln_out text = {.ptr = route->text, .cap = sizeof(route->text)};
	cln_out_bytes(&text, CLN_SLICE(TEXT_EVENT));
	cln_out_bytes(&text, cln_slice(literal, literal_len));
	cln_out_bytes(&text, CLN_SLICE(TEXT_CHANNEL));
	cln_out_bytes(&text, channel);
	cln_out_bytes(&text, CLN_SLICE(TEXT_DATA));
	ZEND_ASSERT(!text.is_full);
	route->text_len = text.len;
}

void cln_route_make(struct cln_route *route, const struct cln_target *target,
	struct cln_slice channel, struct cln_slice name)
{
	make_head(route, target, channel);
	make_text(route, channel, name);
	memcpy(route->channel, channel.ptr, channel.len);
	memcpy(route->name, name.ptr, name.len);
	route->channel_len = channel.len;
	route->name_len = name.len;
}
