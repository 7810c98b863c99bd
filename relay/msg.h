/* SPDX-License-Identifier: MIT
 *
 * A message on its way to the sockets: the client text, encoded once as a WebSocket frame, with
 * the channel and what the delivery needs to know. Open struct, lives on the stack; the channel
 * and the frame are borrowed.
 */
#ifndef MSG_H
#define MSG_H

#include "base/frame.h"

#include "../wire/limits.h"

#include <stdbool.h>
#include <stdint.h>

struct msg {
	unsigned app; /* index in conf.apps */
	struct cln_slice channel;
	struct frame *frame;
	uint64_t except; /* socket that gets nothing, 0: nobody */
	bool is_client;  /* a client event: also told to the engine */
	bool is_api;     /* published by the HTTP API: also told to the engine */
	bool has_id;     /* false: never a double */
	unsigned char id[CLN_ID_BYTES];
};

/* The WebSocket text frame of a client text; reference count 1. */
struct frame *msg_frame(struct cln_slice text);
/* The client text within such a frame. */
struct cln_slice msg_text(const struct frame *frame);

/* "123.456" as a session id; 0 if it can't be one of ours. */
uint64_t msg_socket_parse(struct cln_slice socket_id);
/* Writes the text form, NUL included; returns its length. */
#define MSG_SOCKET_MAX 24
size_t msg_socket_print(uint64_t id, char out[MSG_SOCKET_MAX]);

#endif
