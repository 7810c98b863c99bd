/* SPDX-License-Identifier: MIT
 *
 * Randomness of the kernel, for ids that must not be guessed and for seeds. Never fails: the
 * process ends if the kernel has none.
 */
#ifndef RAND_H
#define RAND_H

#include <stddef.h>
#include <stdint.h>

void rand_bytes(void *out, size_t len);
uint64_t rand_u64(void);
/* Evenly distributed in 0 .. bound - 1; `bound` > 0. */
uint64_t rand_below(uint64_t bound);

#endif
