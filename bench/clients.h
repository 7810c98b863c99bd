/* SPDX-License-Identifier: MIT
 *
 * The receiving side: many TCP connections on one epoll, either WebSocket clients subscribed to
 * MESSAGE_CHANNEL or plain readers of fixed-size frames. Counts deliveries and times them. Any
 * client that is refused or dropped ends the program: a measurement with fewer clients is none.
 */
#ifndef BENCH_CLIENTS_H
#define BENCH_CLIENTS_H

#include "samples.h"

#include <stdbool.h>
#include <stdint.h>

struct clients_options {
	uint16_t port;      /* of 127.0.0.1 */
	const char *key;    /* of the application; NULL for plain readers */
	size_t frame_bytes; /* of a plain reader's frame */
};

struct clients;

struct clients *clients_new(const struct clients_options *options);

/* Opens connections until `count` are ready to receive. */
void clients_open(struct clients *clients, size_t count);

/* Reads until `deliveries` have arrived in all since the last call. Latencies of stamped messages
 * go to `latencies` unless that is NULL. */
void clients_receive(struct clients *clients, size_t deliveries, struct samples *latencies);

size_t clients_count(const struct clients *clients);

#endif
