/* SPDX-License-Identifier: MIT
 *
 * What the workers' hubs tell each other. A note is a value with borrowed parts; note_copy() makes
 * a letter of it that owns them. Between two workers notes arrive in the order of sending.
 */
#ifndef NOTE_H
#define NOTE_H

#include "mailbox.h"
#include "msg.h"

enum note_kind {
	/* to the home */
	NOTE_INTEREST,    /* from has its first subscription; token names the interest */
	NOTE_DISINTEREST, /* from has no subscription left */
	NOTE_JOIN,        /* socket wants in as user; token names its subscription */
	NOTE_CANCEL,      /* that join is off, if it still waits */
	NOTE_LEAVE,       /* one connection of user is gone */
	NOTE_COUNT,       /* count client subscriptions of the channel are live at from */
	NOTE_MESSAGE,     /* msg is to be delivered; the last of the notes to a channel's home */
	/* to a worker with subscribers */
	NOTE_LIVE,    /* the engine delivers the channel; token as in the interest */
	NOTE_DOWN,    /* the engine is away; token as in the interest */
	NOTE_JOINED,  /* socket is in; msg.frame is its success frame */
	NOTE_REFUSED, /* the channel is full */
	NOTE_DELIVER, /* msg, to this worker's subscribers */
	NOTE_WATCH, /* msg, to this worker's pattern watchers; the last of the notes to its subscribers
				 */
	/* users (hub_users.c) */
	NOTE_SIGNED_IN,  /* to the user's home: from has its first connection signed in as user_id */
	NOTE_SIGNED_OUT, /* to the user's home: from has none any more */
	NOTE_FOLLOW,     /* to the user's home: from watches user_id */
	NOTE_UNFOLLOW,   /* to the user's home: from does not any more */
	NOTE_ONLINE,     /* to a follower: user_id is online */
	NOTE_OFFLINE,    /* to a follower: user_id is offline */
	NOTE_TERMINATE,  /* to every worker: close the connections signed in as user_id; the last of the
					  * notes about users */
	/* questions of the HTTP API (query.c) */
	NOTE_ASK,    /* query, to a home */
	NOTE_ANSWER, /* query, back */
};

struct note {
	enum note_kind kind;
	unsigned from;
	uint64_t token;
	uint64_t socket;
	struct msg msg; /* app and channel are set in every note */
	struct cln_slice user_id;
	struct cln_slice user_info;
	unsigned count;
	struct frame *extra; /* JOINED on a cache channel: the cached event or cache_miss */
	void *query;         /* ASK, ANSWER: owned by the note's receiver */
};

struct hub;

struct letter {
	struct mail mail;
	struct hub *to;
	struct note note; /* its slices point into `bytes` */
	char bytes[];
};

struct letter *note_copy(const struct note *note, struct hub *to);
void letter_free(struct letter *letter);

#endif
