/* SPDX-License-Identifier: MIT
 *
 * The message of the measurement: its client text with a time stamp in it, and the RESP command
 * that publishes it, put together with wire/ as the extension does.
 */
#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include "wire/slice.h"

#include <stdint.h>

#define MESSAGE_CHANNEL     "bench"
#define MESSAGE_COMMAND_MAX 4096

/* CLOCK_MONOTONIC, which PHP's hrtime() reads too. */
int64_t message_now_ns(void);

/* AUTH and HELLO, which come before the first message. Returns their length. */
size_t message_greeting(
	char out[MESSAGE_COMMAND_MAX], struct cln_slice app, struct cln_slice secret);

/* The next PUBLISH, of the same size every time, stamped with the present. Returns its length. */
size_t message_command(char out[MESSAGE_COMMAND_MAX], struct cln_slice app);

/* Bytes of the WebSocket frame in which a client receives it. */
size_t message_frame_bytes(void);

/* The time stamp in the text of a frame; 0 if there is none. */
int64_t message_stamp(struct cln_slice text);

#endif
