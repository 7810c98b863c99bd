/* SPDX-License-Identifier: MIT
 *
 * The message of a measurement: a client text of a wished size, different for every message. Its
 * data is "@STAMP#SERIAL:" and a fill, without anything that JSON would escape, so that it is found
 * again in the JSON of servers that write their own:
 *
 *   {"event":"m","channel":"bench","data":"@0000001234567890123#000000042:and so on and on"}
 */
#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include "wire/slice.h"

#include <stdint.h>

#define MESSAGE_EVENT       "m"
#define MESSAGE_CHANNEL     "bench"
#define MESSAGE_CHANNEL_MAX 40
#define MESSAGE_TEXT_MAX    16384
#define MESSAGE_TEXT_MIN    100
#define MESSAGE_TEXT_USUAL  128

/* CLOCK_MONOTONIC, which PHP's hrtime() reads too. */
int64_t message_now_ns(void);

/* Writes the text of `bytes` bytes (MESSAGE_TEXT_MIN to MESSAGE_TEXT_MAX), no NUL. */
void message_write(
	char *out, size_t bytes, struct cln_slice channel, int64_t stamp, uint32_t serial);

/* The data in a text, as it stands between its quotes; the whole text if there is none. */
struct cln_slice message_data(struct cln_slice text);

/* What "@STAMP#SERIAL" says in the text; false if it is not there. `stamp` may be NULL. */
bool message_read(struct cln_slice text, int64_t *stamp, uint32_t *serial);

#endif
