/* SPDX-License-Identifier: MIT
 *
 * See forwarded.h. Every proxy appends the address it was called from, so the list is read from its
 * end, as long as the one who wrote a word is trusted; several headers of a name are one list. Of
 * X-Forwarded-Proto the last word counts, which the nearest proxy wrote.
 */
#include "forwarded.h"

#include <strings.h>

struct walk {
	const struct proxy_list *list;
	struct conn_origin origin; /* as far as known */
	bool is_over;              /* whoever wrote the next word is not trusted */
	bool has_proto;
};

static bool is_named(const struct http_header *header, struct cln_slice name)
{
	return header->name.len == name.len && strncasecmp(header->name.ptr, name.ptr, name.len) == 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The last word of a list, taken off its end. */
static struct cln_slice take_last(struct cln_slice *list)
{
	size_t begin = list->len;
	while (begin > 0 && list->ptr[begin - 1] != ',') {
		begin--;
	}
	struct cln_slice word = cln_slice_from(*list, begin);
	list->len = begin > 0 ? begin - 1 : 0;
	while (word.len > 0 && is_blank(word.ptr[0])) {
		word = cln_slice_from(word, 1);
	}
	while (word.len > 0 && is_blank(word.ptr[word.len - 1])) {
		word.len--;
	}
	return word;
}

static void walk_for(struct walk *walk, struct cln_slice list)
{
	while (!walk->is_over && list.len > 0) {
		struct conn_address address;
		if (!proxy_parse_address(take_last(&list), &address)) {
			walk->is_over = true; /* "unknown" and the like: what was found until here counts */
			return;
		}
		walk->origin.address = address;
		walk->origin.has_address = true;
		walk->is_over = !proxy_list_has(walk->list, &address);
	}
}

static void walk_proto(struct walk *walk, struct cln_slice list)
{
	const struct cln_slice word = take_last(&list);
	walk->has_proto = true;
	walk->origin.is_secure = (word.len == 5 && strncasecmp(word.ptr, "https", 5) == 0) ||
							 (word.len == 3 && strncasecmp(word.ptr, "wss", 3) == 0);
}

void forwarded_apply(
	const struct proxy_list *list, struct conn *conn, const struct http_request *request)
{
	if (!conn_is_proxied(conn)) {
		return;
	}
	const struct conn_origin *const origin = conn_origin(conn);
	if (origin != NULL && !proxy_list_has(list, &origin->address)) {
		return; /* the trusted proxy knows only TCP; what is in HTTP is the client's own */
	}
	struct walk walk = {.list = list};
	if (origin != NULL) {
		walk.origin = *origin;
	}
	for (size_t i = request->header_count; i-- > 0;) {
		const struct http_header *const header = &request->headers[i];
		if (is_named(header, CLN_SLICE("X-Forwarded-For"))) {
			walk_for(&walk, header->value);
		} else if (!walk.has_proto && is_named(header, CLN_SLICE("X-Forwarded-Proto"))) {
			walk_proto(&walk, header->value);
		}
	}
	conn_set_forwarded(conn, &walk.origin);
}
