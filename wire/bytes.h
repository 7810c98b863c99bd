/* SPDX-License-Identifier: MIT
 *
 * Big-endian numbers in borrowed bytes. Compilers turn these loops of shifts into one swapped load
 * or store.
 */
#ifndef CLN_BYTES_H
#define CLN_BYTES_H

#include <stdint.h>

static inline void cln_put_u32(char *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = (char)(unsigned char)(value >> (24 - 8 * i));
}

static inline void cln_put_u64(char *out, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		out[i] = (char)(unsigned char)(value >> (56 - 8 * i));
}

static inline uint32_t cln_get_u32(const char *in)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 8 | (unsigned char)in[i];
	return value;
}

static inline uint64_t cln_get_u64(const char *in)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | (unsigned char)in[i];
	return value;
}

#endif
