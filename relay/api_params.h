/* SPDX-License-Identifier: MIT
 *
 * The query of an HTTP API request, percent-decoded. A '+' stays a '+': so it is signed. What is
 * no percent escape stays as it is, for the same reason.
 */
#ifndef API_PARAMS_H
#define API_PARAMS_H

#include "base/buf.h"

#include <stdbool.h>

#define API_PARAMS_MAX 256

struct api_param {
	struct cln_slice name;     /* ASCII letters in lower case; of an array without its brackets */
	struct cln_slice brackets; /* "[0]" or "[]" of an array's item, else empty */
	struct cln_slice value;
};

/* Owns the decoded text. */
struct api_params {
	struct buf text;
	size_t count;
	struct api_param list[API_PARAMS_MAX]; /* in the order they came */
};

/* False if there are more than API_PARAMS_MAX; to be deinitialised all the same. */
bool api_params_init(struct api_params *params, struct cln_slice query);
void api_params_deinit(struct api_params *params);

/* The first one of that name that is no array's item; NULL if there is none. */
const struct api_param *api_params_find(const struct api_params *params, struct cln_slice name);

/* %XX decoded; `out` needs text.len bytes. Returns the length. */
size_t api_percent_decode(struct cln_slice text, char *out);

#endif
