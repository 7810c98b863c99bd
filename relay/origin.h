/* SPDX-License-Identifier: MIT
 *
 * Which web pages may use an application. A pure function.
 */
#ifndef ORIGIN_H
#define ORIGIN_H

#include "../wire/slice.h"

#include <stdbool.h>

/* A pattern with a scheme (https://example.com) is compared with the whole origin; without one
 *  with its host (*.example.com), and its port if the pattern names one. '*' stands for any
 * characters, letters are compared without regard to case. The pattern "*" allows everything, also
 * the origin "null" of sandboxed pages. An empty `origin` is allowed: browsers always send one
 * where it matters, so it came from something else, which could write into it what it likes. */
bool origin_is_allowed(const char *const *patterns, size_t count, struct cln_slice origin);

#endif
