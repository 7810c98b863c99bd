/* SPDX-License-Identifier: MIT
 *
 * trigger() and triggerBatch() without their class: first all data is encoded (PHP code may run),
 * then everything is checked, then everything goes to the link with one write. The first two
 * throw, the third can't.
 */
#ifndef CLAIRON_TRIGGER_H
#define CLAIRON_TRIGGER_H

#include "php.h"
#include "link.h"
#include "options.h"

/* One event of a call, before its checks. Borrowed values, except `json`. */
struct clairon_draft {
	zval *channels; /* a string or a list of strings */
	zend_string *name;
	zend_string *exclude; /* NULL: nobody */
	/* The data: its literal in CLAIRON_G(text), or, where json_encode() made it, its text. */
	size_t literal_at;
	size_t literal_len;
	zend_string *json; /* owned; NULL: it is the literal */
	/* Arguments of the PHP method that messages name. */
	uint32_t channels_arg;
	uint32_t name_arg;
	uint32_t exclude_arg;
};

/* Encodes the data of a draft; throws and returns FAILURE if that can't be done. */
zend_result clairon_draft_encode(struct clairon_draft *draft, zval *data);

/* Checks a draft against the limits; throws and returns FAILURE. Runs no PHP code. */
zend_result clairon_draft_check(const struct clairon_draft *draft, const struct cln_bounds *bounds,
	const struct cln_link *link);

/* Sends checked drafts, or only keeps them for the end of the request if `is_held`; returns the
 * worst result. */
int clairon_drafts_send(const struct clairon_draft *drafts, size_t count,
	const struct cln_bounds *bounds, struct cln_link *link, bool is_held);

void clairon_draft_free(struct clairon_draft *draft);

#endif
