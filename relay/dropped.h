/* SPDX-License-Identifier: MIT
 *
 * DROPPED: a publisher tells how many events it had to drop since it last said so, by reason. The
 * numbers go into the metrics publisher_dropped_*, where an operator sees all publishers' at once.
 */
#ifndef DROPPED_H
#define DROPPED_H

#include "../wire/resp.h"
#include "metrics.h"

#include <stdbool.h>

/* REASON COUNT [REASON COUNT ...]; nothing is counted unless all of it is good. */
bool dropped_count(struct metrics *metrics, const struct cln_slice *words, size_t count);

/* The same behind "DROPPED ", with a space between the words, as it comes over Redis. */
bool dropped_count_text(struct metrics *metrics, struct cln_slice text);

#endif
