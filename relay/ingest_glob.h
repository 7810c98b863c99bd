/* SPDX-License-Identifier: MIT
 *
 * Redis's patterns: * (anything), ? (one byte), [abc] [a-z] [^x] (one of, one not of), and a
 * backslash in front of what is meant literally. Time is bounded by the product of the lengths.
 */
#ifndef INGEST_GLOB_H
#define INGEST_GLOB_H

#include "../wire/slice.h"

/* Whether all of `text` matches. */
bool glob_matches(struct cln_slice pattern, struct cln_slice text);

#endif
