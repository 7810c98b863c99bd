/* SPDX-License-Identifier: MIT
 *
 * Big-endian numbers in borrowed bytes: one load or store and a swap.
 */
#ifndef CLN_BYTES_H
#define CLN_BYTES_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define CLN_BIG_32(value) __builtin_bswap32(value)
#define CLN_BIG_64(value) __builtin_bswap64(value)
#else
#define CLN_BIG_32(value) (value)
#define CLN_BIG_64(value) (value)
#endif

static inline void cln_put_u32(char *out, uint32_t value)
{
	value = CLN_BIG_32(value);
	memcpy(out, &value, sizeof value);
}

static inline void cln_put_u64(char *out, uint64_t value)
{
	value = CLN_BIG_64(value);
	memcpy(out, &value, sizeof value);
}

static inline uint32_t cln_get_u32(const char *in)
{
	uint32_t value;

	memcpy(&value, in, sizeof value);
	return CLN_BIG_32(value);
}

static inline uint64_t cln_get_u64(const char *in)
{
	uint64_t value;

	memcpy(&value, in, sizeof value);
	return CLN_BIG_64(value);
}

#endif
