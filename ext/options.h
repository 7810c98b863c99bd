/* SPDX-License-Identifier: MIT
 *
 * Reads the constructor's option array.
 */
#ifndef CLAIRON_OPTIONS_H
#define CLAIRON_OPTIONS_H

#include "php.h"
#include "target.h"

/* Bounds that belong to one publisher object; links are shared and know none. */
struct cln_bounds {
	size_t outbox_events;
	size_t outbox_bytes;
	size_t payload_bytes;
	int64_t cli_wait_ms;
	bool is_held; /* flush: "response" */
};

/* Whether the word is "now" or "response", and which of them. */
bool clairon_flush_word(const zend_string *word, bool *is_held);

/* Fills the credentials of `target`, `bounds` and `key` (a new reference). On failure it throws
 * a ValueError or TypeError that names the option, and returns FAILURE with `key` untouched. */
zend_result clairon_options_read(
	HashTable *options, struct cln_target *target, struct cln_bounds *bounds, zend_string **key);

#endif
