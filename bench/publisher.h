/* SPDX-License-Identifier: MIT
 *
 * The publishing side: one connection, never waited for. What the socket does not take waits here;
 * over HTTP so does a request until the one before is answered.
 */
#ifndef BENCH_PUBLISHER_H
#define BENCH_PUBLISHER_H

#include "options.h"

struct publisher;

/* Connects. Returns NULL if nothing is to be published. */
struct publisher *publisher_new(const struct options *options);
int publisher_fd(const struct publisher *publisher);

/* HTTP: the server may close the connection behind an answer, or because nothing came for long. If
 * publisher_serve() has found that, connects again and returns true: there is another fd. */
bool publisher_reopen(struct publisher *publisher);

/* Puts one message behind those that wait; sent by publisher_serve(). */
void publisher_add(struct publisher *publisher, struct cln_slice channel, struct cln_slice text);

/* Writes what the socket takes and reads the answers; an error among them ends the program. */
void publisher_serve(struct publisher *publisher);

/* Bytes that have not been sent, or not been answered where answers are waited for. */
size_t publisher_pending(const struct publisher *publisher);

/* Bytes of one command with a text of `payload` bytes, and of the frame a client gets. */
void publisher_sizes(const struct options *options, size_t *command, size_t *frame);

#endif
