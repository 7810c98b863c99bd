/* SPDX-License-Identifier: MIT
 *
 * See api_params.h. Decoding shortens, so the text of all parameters fits where the query did; the
 * buffer is reserved once and never moves.
 */
#include "api_params.h"

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	const char lower = (char)(digit | 0x20);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

size_t api_percent_decode(struct cln_slice text, char *out)
{
	size_t len = 0;
	for (size_t i = 0; i < text.len; i++) {
		const bool may_be = text.ptr[i] == '%' && text.len - i > 2;
		const int high = may_be ? hex_value(text.ptr[i + 1]) : -1;
		const int low = may_be ? hex_value(text.ptr[i + 2]) : -1;
		if (high < 0 || low < 0) {
			out[len++] = text.ptr[i];
			continue;
		}
		out[len++] = (char)(high << 4 | low);
		i += 2;
	}
	return len;
}

/* To the end of the buffer, where there is room. */
static struct cln_slice add_decoded(struct buf *text, struct cln_slice raw)
{
	char *const at = text->bytes + text->len;
	const size_t len = api_percent_decode(raw, at);
	text->len += len;
	return cln_slice(at, len);
}

static void lower(struct cln_slice name)
{
	char *const bytes = (char *)name.ptr; /* of our own text */
	for (size_t i = 0; i < name.len; i++) {
		if (bytes[i] >= 'A' && bytes[i] <= 'Z')
			bytes[i] = (char)(bytes[i] | 0x20);
	}
}

static void add(struct api_params *params, struct cln_slice pair)
{
	struct api_param *const param = &params->list[params->count++];
	const char *const equal = memchr(pair.ptr, '=', pair.len);
	const size_t name_len = equal != NULL ? (size_t)(equal - pair.ptr) : pair.len;
	const size_t skip = name_len + (equal != NULL ? 1 : 0);
	param->name = add_decoded(&params->text, cln_slice(pair.ptr, name_len));
	param->value = add_decoded(&params->text, cln_slice_from(pair, skip));
	param->brackets = cln_slice(NULL, 0);
	lower(param->name);
	const char *const open = memchr(param->name.ptr, '[', param->name.len);
	if (open != NULL && param->name.ptr[param->name.len - 1] == ']') {
		const size_t len = (size_t)(open - param->name.ptr);
		param->brackets = cln_slice_from(param->name, len);
		param->name.len = len;
	}
}

bool api_params_init(struct api_params *params, struct cln_slice query)
{
	params->text = (struct buf){0};
	params->count = 0;
	buf_reserve(&params->text, query.len + 1);
	while (query.len > 0) {
		const char *const end = memchr(query.ptr, '&', query.len);
		const size_t len = end != NULL ? (size_t)(end - query.ptr) : query.len;
		if (params->count == API_PARAMS_MAX)
			return false;
		if (len > 0)
			add(params, cln_slice(query.ptr, len));
		query = cln_slice_from(query, len + (end != NULL ? 1 : 0));
	}
	return true;
}

void api_params_deinit(struct api_params *params)
{
	buf_deinit(&params->text);
}

const struct api_param *api_params_find(const struct api_params *params, struct cln_slice name)
{
	for (size_t i = 0; i < params->count; i++) {
		const struct api_param *const param = &params->list[i];
		if (param->brackets.len == 0 && cln_slice_equal(param->name, name))
			return param;
	}
	return NULL;
}
