/* SPDX-License-Identifier: MIT
 *
 * See mailbox.h. Senders push onto a stack with compare-and-swap; the owner swaps the whole stack
 * out and turns it round. The counter may run ahead of the list for a moment; it bounds, it does
 * not measure.
 */
#include "mailbox.h"

#include "base/log.h"
#include "base/xalloc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define CACHE_LINE 64

struct mailbox {
	_Alignas(CACHE_LINE) _Atomic(struct mail *) newest;
	atomic_size_t waiting;
	size_t limit;
	int fd;
};

struct mailbox *mailbox_new(size_t limit)
{
	struct mailbox *const mailbox = aligned_alloc(CACHE_LINE, sizeof(*mailbox));
	const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (mailbox == NULL || fd < 0) {
		log_event(LOG_LEVEL_ERROR, "mailbox_failed", "error=\"%s\"", strerror(errno));
		abort();
	}
	atomic_init(&mailbox->newest, NULL);
	atomic_init(&mailbox->waiting, 0);
	mailbox->limit = limit;
	mailbox->fd = fd;
	return mailbox;
}

void mailbox_free(struct mailbox *mailbox)
{
	if (mailbox == NULL) {
		return;
	}
	close(mailbox->fd);
	free(mailbox);
}

int mailbox_fd(const struct mailbox *mailbox)
{
	return mailbox->fd;
}

static void push(struct mailbox *mailbox, struct mail *mail)
{
	struct mail *old = atomic_load_explicit(&mailbox->newest, memory_order_relaxed);
	do {
		mail->next = old;
	} while (!atomic_compare_exchange_weak_explicit(
		&mailbox->newest, &old, mail, memory_order_release, memory_order_relaxed));
	/* `mail` may be delivered and freed by now. */
	if (old == NULL) {
		const uint64_t one = 1;
		/* Fails only when 2^64 - 2 wakes wait already, which wake as well. */
		const ssize_t written = write(mailbox->fd, &one, sizeof(one));
		(void)written;
	}
}

void mailbox_post(struct mailbox *mailbox, struct mail *mail)
{
	atomic_fetch_add_explicit(&mailbox->waiting, 1, memory_order_relaxed);
	push(mailbox, mail);
}

bool mailbox_offer(struct mailbox *mailbox, struct mail *mail)
{
	if (atomic_fetch_add_explicit(&mailbox->waiting, 1, memory_order_relaxed) >= mailbox->limit) {
		atomic_fetch_sub_explicit(&mailbox->waiting, 1, memory_order_relaxed);
		return false;
	}
	push(mailbox, mail);
	return true;
}

struct mail *mailbox_take(struct mailbox *mailbox)
{
	uint64_t wakes;
	/* Before the list is taken: mail pushed in between wakes once too often, never too seldom. */
	const ssize_t got = read(mailbox->fd, &wakes, sizeof(wakes));
	(void)got;
	struct mail *newest = atomic_exchange_explicit(&mailbox->newest, NULL, memory_order_acquire);
	struct mail *oldest = NULL;
	size_t count = 0;
	while (newest != NULL) {
		struct mail *const next = newest->next;
		newest->next = oldest;
		oldest = newest;
		newest = next;
		count++;
	}
	atomic_fetch_sub_explicit(&mailbox->waiting, count, memory_order_relaxed);
	return oldest;
}
