/* SPDX-License-Identifier: MIT
 *
 * permessage-deflate (RFC 7692) without context takeover: one state for all connections.
 */
#ifndef BENCH_INFLATER_H
#define BENCH_INFLATER_H

#include "wire/slice.h"

struct inflater;

struct inflater *inflater_new(void);

/* The text of a compressed message, borrowed until the next call. */
struct cln_slice inflater_text(struct inflater *inflater, struct cln_slice compressed);

#endif
