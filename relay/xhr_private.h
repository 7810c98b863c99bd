/* SPDX-License-Identifier: MIT
 *
 * Between xhr.c (sessions), xhr_send.c (what clients say), xhr_request.c (requests, their headers)
 * and xhr_move.c (to another worker); nobody else includes it.
 */
#ifndef XHR_PRIVATE_H
#define XHR_PRIVATE_H

#include "hub_private.h"
#include "xhr.h"
#include "xhr_frame.h"

/* A message too long for one WebSocket frame gets this code there. */
#define XHR_TOO_BIG 1009

struct xhr_waiting;
TAILQ_HEAD(xhr_waiting_list, xhr_waiting);

struct xhr {
	struct session session;       /* first: it is how the session finds its xhr */
	struct http_ticket *receiver; /* the request that receives; NULL between two */
	struct wheel_timer timer;     /* with a receiver: heartbeat; without: the end */
	int64_t said_ms;              /* when the receiver last got something */
	struct frame **frames;        /* not yet sent, references */
	uint32_t frame_count;
	uint32_t frame_cap;
	size_t bytes;                    /* of them */
	size_t units;                    /* of this streaming answer so far, as the client counts */
	struct buf close_line;           /* not empty: the last word */
	struct xhr_waiting_list waiting; /* messages that came during a pause */
	unsigned waiting_count;
	size_t waiting_bytes;
	bool is_streaming : 1;
	bool is_dirty : 1; /* in xhr_hub.dirty */
	bool is_overflowed : 1;
	bool is_open : 1;        /* the client was told so */
	bool owes_life : 1;      /* the client asked whether we live */
	bool owes_heartbeat : 1; /* we are about to ask the client */
	bool has_asked : 1;      /* and have not heard since */
	TAILQ_ENTRY(xhr) dirty;
	UT_hash_handle hh;
	size_t name_len;
	char name[]; /* see struct xhr_path */
};

TAILQ_HEAD(xhr_list, xhr);

struct xhr_move;
TAILQ_HEAD(xhr_move_list, xhr_move);

struct xhr_hub {
	struct mail wake; /* posted to the own loop: what a turn said goes out at once */
	bool is_posted;
	bool is_stopped;
	struct hub *hub;
	struct xhr *sessions; /* uthash by name */
	struct xhr_list dirty;
	struct xhr_move_list moves; /* connections about to leave */
	struct wheel_timer move_timer;
	int64_t second_ms; /* begin of the second that `opened` counts sessions of */
	unsigned opened;
	struct xhr_memo memo;
	struct buf text; /* scratch */
	const struct http_limits *limits;
	http_router_fn router;
	void *context;
};

/* --- xhr.c --- */

struct xhr *xhr_find(struct xhr_hub *xhrs, struct cln_slice name);
/* Opens a session that was judged welcome. */
struct xhr *xhr_open(
	struct xhr_hub *xhrs, struct cln_slice name, const struct session_opening *opening);
/* `ticket` receives from now on; it belongs to the session. May end it. */
void xhr_receive(struct xhr *xhr, struct http_ticket *ticket, bool is_streaming);
/* To be looked at at the end of this turn. */
void xhr_touch(struct xhr *xhr);
void xhr_wake(struct xhr_hub *xhrs);

/* --- xhr_send.c --- */

/* The answer to a request that brings messages. */
void xhr_take(struct xhr *xhr, struct conn *conn, struct cln_slice body);
/* A pause is over. */
void xhr_take_waiting(struct xhr *xhr);
void xhr_drop_waiting(struct xhr *xhr);

/* --- xhr_request.c --- */

extern const char xhr_headers[];      /* of all answers */
extern const char xhr_content_type[]; /* of lines */
extern const char xhr_text_type[];    /* of sentences */

/* --- xhr_move.c --- */

/* The request goes on at `worker`, with its connection. */
void xhr_move(
	struct xhr_hub *xhrs, unsigned worker, struct conn *conn, const struct http_request *request);
void xhr_move_all(struct xhr_hub *xhrs); /* that can leave now */
void xhr_move_drop(struct xhr_hub *xhrs);

#endif
