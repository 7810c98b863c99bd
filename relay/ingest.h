/* SPDX-License-Identifier: MIT
 *
 * The relay's RESP server: publishers (PUBLISH), and people with redis-cli (INFO, SUBSCRIBE).
 * Commands are one table in ingest.c. A connection must authenticate within INGEST_AUTH_MS and may
 * send little before; replies to one read leave in one send; a peer that does not read its replies
 * is not read from.
 */
#ifndef INGEST_H
#define INGEST_H

#include "hub.h"

#define INGEST_AUTH_MS 10000

/* Takes over an accepted, non-blocking connection. */
void ingest_accept(struct hub *hub, int fd, bool is_unix);
/* Ends the connections of applications that are no longer configured. */
void ingest_dismiss(struct hub *hub);

#endif
