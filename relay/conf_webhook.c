/* SPDX-License-Identifier: MIT
 *
 * Words of an item are separated by blanks; the URL comes first, the order of the others does not
 * matter.
 */
#include "conf_webhook.h"

#define CHANNEL  "channel:"
#define WORD_END " \t"

static const char *const names[WEBHOOK_KINDS] = {
	[WEBHOOK_CHANNEL_OCCUPIED] = "channel_occupied",
	[WEBHOOK_CHANNEL_VACATED] = "channel_vacated",
	[WEBHOOK_MEMBER_ADDED] = "member_added",
	[WEBHOOK_MEMBER_REMOVED] = "member_removed",
	[WEBHOOK_CLIENT_EVENT] = "client_event",
	[WEBHOOK_CACHE_MISS] = "cache_miss",
	[WEBHOOK_SUBSCRIPTION_COUNT] = "subscription_count",
};

const char *conf_webhook_name(enum webhook_kind kind)
{
	return names[kind];
}

/* The next word of `*rest`, which moves behind it; empty at the end. */
static struct cln_slice next_word(const char **rest)
{
	*rest += strspn(*rest, WORD_END);
	const size_t len = strcspn(*rest, WORD_END);
	const struct cln_slice word = cln_slice(*rest, len);
	*rest += len;
	return word;
}

static bool is_printable(struct cln_slice word)
{
	for (size_t i = 0; i < word.len; i++) {
		if (word.ptr[i] <= ' ' || word.ptr[i] > '~')
			return false;
	}
	return true;
}

/* What stands behind "://", the path included; NULL if the scheme is another one. */
static const char *behind_scheme(const char *url)
{
	if (strncmp(url, "http://", 7) == 0)
		return url + 7;
	return strncmp(url, "https://", 8) == 0 ? url + 8 : NULL;
}

/* Whether what stands behind the host is ":" and digits, or nothing: a "/" in a password would make
 * the rest of it part of what is shown in logs. */
static bool has_good_port(const char *authority)
{
	const char *const end = authority + strcspn(authority, "/?#");
	const char *host = authority;
	for (const char *at = authority; at < end; at++) {
		if (*at == '@')
			host = at + 1;
	}
	const char *const bracket = host[0] == '[' ? memchr(host, ']', (size_t)(end - host)) : host;
	const char *const colon =
		bracket != NULL ? memchr(bracket, ':', (size_t)(end - bracket)) : NULL;
	return bracket != NULL && (colon == NULL || colon + 1 + strspn(colon + 1, "0123456789") == end);
}

static const char *set_url(struct conf_webhook *webhook, struct cln_slice word)
{
	if (word.len >= sizeof(webhook->url))
		return "is too long";
	memcpy(webhook->url, word.ptr, word.len);
	webhook->url[word.len] = '\0';
	const char *const rest = behind_scheme(webhook->url);
	if (rest == NULL)
		return "must begin with http:// or https://";
	if (!is_printable(word))
		return "has a URL with characters other than printable ASCII; write them as %XX, and a "
			   "host's name as xn--";
	if (rest[0] == '\0' || strchr("/:?#@", rest[0]) != NULL)
		return "has a URL without a host";
	return has_good_port(rest)
			   ? NULL
			   : "has a port that is no number; write / ? and # of a password as %XX";
}

static const char *add_prefix(struct conf_webhook *webhook, size_t *used, struct cln_slice prefix)
{
	if (prefix.len == 0)
		return "has channel: without a prefix behind it";
	if (prefix.len >= sizeof(webhook->prefixes) - *used)
		return "is too long";
	memcpy(webhook->prefixes + *used, prefix.ptr, prefix.len);
	*used += prefix.len + 1; /* the struct was zeroed */
	webhook->prefix_count++;
	return NULL;
}

static const char *add_kind(struct conf_webhook *webhook, struct cln_slice word)
{
	for (unsigned kind = 0; kind < WEBHOOK_KINDS; kind++) {
		if (cln_slice_equal(word, cln_slice_of(names[kind]))) {
			webhook->kinds |= WEBHOOK_BIT(kind);
			return NULL;
		}
	}
	return "names an event that does not exist; there are channel_occupied, channel_vacated, "
		   "member_added, member_removed, client_event, cache_miss and subscription_count, and "
		   "channel:PREFIX for channels";
}

const char *conf_webhook_parse(struct conf_webhook *webhook, const char *item)
{
	const struct cln_slice channel = CLN_SLICE(CHANNEL);
	size_t used = 0;
	*webhook = (struct conf_webhook){0};
	const char *wrong = set_url(webhook, next_word(&item));
	for (;;) {
		const struct cln_slice word = next_word(&item);
		if (wrong != NULL || word.len == 0)
			break;
		wrong = cln_slice_starts(word, channel)
					? add_prefix(webhook, &used, cln_slice_from(word, channel.len))
					: add_kind(webhook, word);
	}
	if (webhook->kinds == 0)
		webhook->kinds = WEBHOOK_BIT(WEBHOOK_KINDS) - 1;
	return wrong;
}

bool conf_webhook_wants(
	const struct conf_webhook *webhook, enum webhook_kind kind, struct cln_slice channel)
{
	if ((webhook->kinds & WEBHOOK_BIT(kind)) == 0)
		return false;
	const char *prefix = webhook->prefixes;
	for (size_t i = 0; i < webhook->prefix_count; i++) {
		if (cln_slice_starts(channel, cln_slice_of(prefix)))
			return true;
		prefix += strlen(prefix) + 1;
	}
	return webhook->prefix_count == 0;
}

void conf_webhook_show(const struct conf_webhook *webhook, char out[CONF_ADDRESS_MAX])
{
	const char *const rest = behind_scheme(webhook->url);
	const size_t scheme = (size_t)(rest - webhook->url);
	const size_t end = strcspn(rest, "?#");
	size_t from = 0;
	for (size_t i = 0; i < strcspn(rest, "/?#"); i++) {
		if (rest[i] == '@')
			from = i + 1;
	}
	memcpy(out, webhook->url, scheme);
	memcpy(out + scheme, rest + from, end - from);
	out[scheme + end - from] = '\0';
}
