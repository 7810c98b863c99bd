/* SPDX-License-Identifier: MIT
 *
 * See sha256.h. The names of states and steps are those of the standard.
 */
#include "sha256.h"

#include "../wire/bytes.h"
#include "php.h"
#include "ext/hash/php_hash.h"
#include "ext/hash/php_hash_sha.h"

#if defined(__x86_64__)
#define HAS_NATIVE 1
#include <cpuid.h>
#include <immintrin.h>
#endif

/* Where the length in bits stands in the last block. */
#define LENGTH_AT (CLN_SHA256_BLOCK - 8)

/* ext/hash's function, which works on a state of its own. */
static void php_blocks(uint32_t state[8], const char *bytes, size_t count)
{
	PHP_SHA256_CTX sha;
	PHP_SHA256InitArgs(&sha, NULL);
	memcpy(sha.state, state, sizeof(sha.state));
	PHP_SHA256Update(&sha, (const unsigned char *)bytes, count * CLN_SHA256_BLOCK);
	memcpy(state, sha.state, sizeof(sha.state));
	ZEND_SECURE_ZERO(&sha, sizeof(sha));
}

static void (*blocks)(uint32_t state[8], const char *bytes, size_t count) = php_blocks;

#ifdef HAS_NATIVE

/* ---- the processor's ---- */

#define NATIVE __attribute__((target("sha,sse4.1")))

static const uint32_t constants[64] = {
	0x428a2f98,
	0x71374491,
	0xb5c0fbcf,
	0xe9b5dba5,
	0x3956c25b,
	0x59f111f1,
	0x923f82a4,
	0xab1c5ed5,
	0xd807aa98,
	0x12835b01,
	0x243185be,
	0x550c7dc3,
	0x72be5d74,
	0x80deb1fe,
	0x9bdc06a7,
	0xc19bf174,
	0xe49b69c1,
	0xefbe4786,
	0x0fc19dc6,
	0x240ca1cc,
	0x2de92c6f,
	0x4a7484aa,
	0x5cb0a9dc,
	0x76f988da,
	0x983e5152,
	0xa831c66d,
	0xb00327c8,
	0xbf597fc7,
	0xc6e00bf3,
	0xd5a79147,
	0x06ca6351,
	0x14292967,
	0x27b70a85,
	0x2e1b2138,
	0x4d2c6dfc,
	0x53380d13,
	0x650a7354,
	0x766a0abb,
	0x81c2c92e,
	0x92722c85,
	0xa2bfe8a1,
	0xa81a664b,
	0xc24b8b70,
	0xc76c51a3,
	0xd192e819,
	0xd6990624,
	0xf40e3585,
	0x106aa070,
	0x19a4c116,
	0x1e376c08,
	0x2748774c,
	0x34b0bcb5,
	0x391c0cb3,
	0x4ed8aa4a,
	0x5b9cca4f,
	0x682e6ff3,
	0x748f82ee,
	0x78a5636f,
	0x84c87814,
	0x8cc70208,
	0x90befffa,
	0xa4506ceb,
	0xbef9a3f7,
	0xc67178f2,
};

/* The next four words of the schedule, from the last sixteen. */
NATIVE static inline __m128i next_words(__m128i a, __m128i b, __m128i c, __m128i d)
{
	return _mm_sha256msg2_epu32(
		_mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4)), d);
}

/* One block. The instructions want the state as ABEF and CDGH. */
NATIVE static inline void native_block(__m128i *abef, __m128i *cdgh, const char *bytes)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	const __m128i abef_before = *abef;
	const __m128i cdgh_before = *cdgh;
	__m128i w[4];
	for (int i = 0; i < 4; i++) {
		w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes + 16 * i)), swap);
	}
	for (int i = 0; i < 16; i++) { /* four rounds each */
		const __m128i k = _mm_loadu_si128((const __m128i *)(constants + 4 * i));
		const __m128i wk = _mm_add_epi32(w[i & 3], k);
		*cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, wk);
		*abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(wk, 0x0e));
		w[i & 3] = next_words(w[i & 3], w[(i + 1) & 3], w[(i + 2) & 3], w[(i + 3) & 3]);
	}
	*abef = _mm_add_epi32(*abef, abef_before);
	*cdgh = _mm_add_epi32(*cdgh, cdgh_before);
}

NATIVE static void native_blocks(uint32_t state[8], const char *bytes, size_t count)
{
	const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
	const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);
	__m128i abef = _mm_alignr_epi8(badc, efgh, 8);
	__m128i cdgh = _mm_blend_epi16(efgh, badc, 0xf0);
	for (; count > 0; count--, bytes += CLN_SHA256_BLOCK) {
		native_block(&abef, &cdgh, bytes);
	}
	const __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
	const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

static bool has_native(void)
{
	unsigned eax, ebx, ecx, edx;
	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || (ecx & bit_SSE4_1) == 0 ||
		(ecx & bit_SSSE3) == 0) {
		return false;
	}
	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_SHA) != 0;
}

#endif

void cln_sha256_minit(void)
{
#ifdef HAS_NATIVE
	if (has_native()) {
		blocks = native_blocks;
	}
#endif
}

/* ---- what is around blocks ---- */

void cln_sha256_start(struct cln_sha256 *sha)
{
	static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
		0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
	memcpy(sha->state, first, sizeof(sha->state));
	sha->len = 0;
}

void cln_sha256_update(struct cln_sha256 *sha, struct cln_slice bytes)
{
	const size_t filled = sha->len % CLN_SHA256_BLOCK;
	if (bytes.len == 0) {
		return; /* its ptr may be NULL */
	}
	sha->len += bytes.len;
	if (filled > 0) {
		const size_t part = MIN(bytes.len, CLN_SHA256_BLOCK - filled);
		memcpy(sha->block + filled, bytes.ptr, part);
		bytes = cln_slice_from(bytes, part);
		if (filled + part < CLN_SHA256_BLOCK) {
			return;
		}
		blocks(sha->state, (const char *)sha->block, 1);
	}
	const size_t count = bytes.len / CLN_SHA256_BLOCK;
	if (count > 0) {
		blocks(sha->state, bytes.ptr, count);
		bytes = cln_slice_from(bytes, count * CLN_SHA256_BLOCK);
	}
	if (bytes.len > 0) {
		memcpy(sha->block, bytes.ptr, bytes.len);
	}
}

void cln_sha256_finish(struct cln_sha256 *sha, unsigned char digest[CLN_SHA256_DIGEST])
{
	char *const block = (char *)sha->block;
	size_t filled = sha->len % CLN_SHA256_BLOCK;
	block[filled++] = (char)0x80;
	if (filled > LENGTH_AT) {
		memset(block + filled, 0, CLN_SHA256_BLOCK - filled);
		blocks(sha->state, block, 1);
		filled = 0;
	}
	memset(block + filled, 0, LENGTH_AT - filled);
	cln_put_u64(block + LENGTH_AT, sha->len * 8);
	blocks(sha->state, block, 1);
	for (size_t i = 0; i < 8; i++) {
		cln_put_u32((char *)digest + 4 * i, sha->state[i]);
	}
}
