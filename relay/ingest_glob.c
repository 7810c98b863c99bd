/* SPDX-License-Identifier: MIT
 *
 * Patterns of PSUBSCRIBE, without recursion.
 */
#include "ingest_glob.h"

/* The set behind '['; *used tells how much of the pattern it took. */
static bool set_matches(struct cln_slice set, char c, size_t *used)
{
	size_t i = 0;
	bool is_hit = false;
	const bool is_inverse = set.len > 0 && set.ptr[0] == '^';
	if (is_inverse)
		i++;
	for (; i < set.len && set.ptr[i] != ']'; i++) {
		if (i + 2 < set.len && set.ptr[i + 1] == '-' && set.ptr[i + 2] != ']') {
			is_hit |= set.ptr[i] <= c && c <= set.ptr[i + 2];
			i += 2;
		} else {
			is_hit |= set.ptr[i] == c;
		}
	}
	*used = i < set.len ? i + 1 : i;
	return is_hit != is_inverse;
}

/* Whether the pattern's next item (no '*') matches `c`; *used is its length. */
static bool item_matches(struct cln_slice pattern, char c, size_t *used)
{
	*used = 1;
	switch (pattern.ptr[0]) {
	case '?':
		return true;
	case '[': {
		size_t set;
		const bool is_hit = set_matches(cln_slice_from(pattern, 1), c, &set);
		*used += set;
		return is_hit;
	}
	case '\\':
		if (pattern.len > 1) {
			*used = 2;
			return pattern.ptr[1] == c;
		}
		return c == '\\';
	default:
		return pattern.ptr[0] == c;
	}
}

/* Of several stars only the last is ever tried again: time is bounded by the product of the
 * lengths. */
bool glob_matches(struct cln_slice pattern, struct cln_slice text)
{
	struct cln_slice star_pattern = {0};
	struct cln_slice star_text = {0};
	bool has_star = false;
	while (text.len > 0) {
		size_t used;
		if (pattern.len > 0 && pattern.ptr[0] == '*') {
			pattern = cln_slice_from(pattern, 1);
			star_pattern = pattern;
			star_text = text;
			has_star = true;
		} else if (pattern.len > 0 && item_matches(pattern, text.ptr[0], &used)) {
			pattern = cln_slice_from(pattern, used);
			text = cln_slice_from(text, 1);
		} else if (has_star) {
			star_text = cln_slice_from(star_text, 1);
			pattern = star_pattern;
			text = star_text;
		} else {
			return false;
		}
	}
	while (pattern.len > 0 && pattern.ptr[0] == '*')
		pattern = cln_slice_from(pattern, 1);
	return pattern.len == 0;
}
