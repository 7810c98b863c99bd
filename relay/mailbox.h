/* SPDX-License-Identifier: MIT
 *
 * Mail between workers: a lock-free list that any thread pushes to and one thread (the owner's
 * loop) takes whole, in the order of the pushes of each sender. The owner's eventfd is written
 * only when the list was empty. Bounded by count; a post to a full mailbox still succeeds for
 * control mail (nothing may get lost that keeps state in step) and is refused for messages.
 */
#ifndef MAILBOX_H
#define MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

struct loop;
struct mail;

/* Called on the receiving loop's thread; owns `mail` from now on. */
typedef void (*mail_deliver_fn)(struct loop *loop, struct mail *mail);

/* Put first into a heap-allocated struct of the sender's. */
struct mail {
	struct mail *next;
	mail_deliver_fn deliver;
};

struct mailbox;

struct mailbox *mailbox_new(size_t limit);
void mailbox_free(struct mailbox *mailbox); /* undelivered mail must have been taken */

/* The descriptor that becomes readable when mail waits. */
int mailbox_fd(const struct mailbox *mailbox);

void mailbox_post(struct mailbox *mailbox, struct mail *mail);

/* For messages: false, and `mail` stays the caller's, if `limit` pieces wait already. */
bool mailbox_offer(struct mailbox *mailbox, struct mail *mail);

/* Takes all that waits, oldest first, NULL if nothing does. Owner's thread only. */
struct mail *mailbox_take(struct mailbox *mailbox);

#endif
