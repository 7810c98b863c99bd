/* SPDX-License-Identifier: MIT
 *
 * Result classes shared by wire/ and relay/. A function returns 0 or one of these (negative).
 */
#ifndef CLN_ERR_H
#define CLN_ERR_H

enum cln_err {
	CLN_OK = 0,
	CLN_ERR_MORE = -1,      /* not an error: the input ends before the item does */
	CLN_ERR_PROTOCOL = -2,  /* the peer broke the rules of the format */
	CLN_ERR_LIMIT = -3,     /* well-formed, larger than a limit allows */
	CLN_ERR_SPACE = -4,     /* the caller's output buffer is too small */
	CLN_ERR_VERSION = -5,   /* a version this build does not speak */
	CLN_ERR_SIGNATURE = -6, /* missing or wrong signature */
	CLN_ERR_SYSTEM = -7,    /* errno says what */
};

#endif
