/* SPDX-License-Identifier: MIT */
/* sources: relay/mailbox.c relay/base/xalloc.c relay/base/log.c */
/* libs: -lpthread */
/*
 * Mailboxes: order, the bound, one wake for many letters, and two senders against one reader.
 */
#include "relay/mailbox.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#define SENDERS 2
#define LETTERS 100000
#define WAIT_MS 10000

struct letter {
	struct mail mail;
	unsigned sender;
	unsigned number;
};

static struct letter *letter_new(unsigned sender, unsigned number)
{
	struct letter *const letter = calloc(1, sizeof(*letter));
	letter->sender = sender;
	letter->number = number;
	return letter;
}

static bool is_readable(const struct mailbox *mailbox, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = mailbox_fd(mailbox), .events = POLLIN};
	return poll(&poll_fd, 1, timeout_ms) == 1;
}

static void in_order_with_one_wake(void **state)
{
	struct mailbox *const mailbox = mailbox_new(10);
	(void)state;
	assert_null(mailbox_take(mailbox));
	assert_false(is_readable(mailbox, 0));
	mailbox_post(mailbox, &letter_new(0, 0)->mail);
	assert_true(is_readable(mailbox, 0)); /* the first alone wakes */
	for (unsigned i = 1; i < 5; i++)
		mailbox_post(mailbox, &letter_new(0, i)->mail);
	struct mail *mail = mailbox_take(mailbox);
	assert_false(is_readable(mailbox, 0));
	for (unsigned i = 0; i < 5; i++) {
		struct mail *const next = mail->next;
		assert_int_equal(((struct letter *)mail)->number, i);
		free(mail);
		mail = next;
	}
	assert_null(mail);
	mailbox_free(mailbox);
	mailbox_free(NULL);
}

static void bound_holds_for_offers_only(void **state)
{
	struct mailbox *const mailbox = mailbox_new(2);
	struct letter letters[4] = {{.number = 0}};
	(void)state;
	assert_true(mailbox_offer(mailbox, &letters[0].mail));
	assert_true(mailbox_offer(mailbox, &letters[1].mail));
	assert_false(mailbox_offer(mailbox, &letters[2].mail));
	mailbox_post(mailbox, &letters[3].mail);
	assert_ptr_equal(mailbox_take(mailbox), &letters[0].mail);
	assert_true(mailbox_offer(mailbox, &letters[2].mail));
	assert_ptr_equal(mailbox_take(mailbox), &letters[2].mail);
	mailbox_free(mailbox);
}

struct sender {
	struct mailbox *mailbox;
	unsigned index;
};

static void *send_all(void *context)
{
	const struct sender *const sender = context;
	for (unsigned i = 0; i < LETTERS; i++)
		mailbox_post(sender->mailbox, &letter_new(sender->index, i)->mail);
	return NULL;
}

static void each_senders_order_is_kept(void **state)
{
	struct mailbox *const mailbox = mailbox_new(1);
	struct sender senders[SENDERS];
	pthread_t threads[SENDERS];
	unsigned next[SENDERS] = {0};
	(void)state;
	for (unsigned i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){mailbox, i};
		assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
	}
	for (unsigned got = 0; got < SENDERS * LETTERS;) {
		assert_true(is_readable(mailbox, WAIT_MS)); /* a lost wake would end here */
		struct mail *mail = mailbox_take(mailbox);
		while (mail != NULL) {
			struct letter *const letter = (struct letter *)mail;
			mail = mail->next;
			assert_int_equal(letter->number, next[letter->sender]++);
			free(letter);
			got++;
		}
	}
	for (unsigned i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	assert_null(mailbox_take(mailbox));
	mailbox_free(mailbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order_with_one_wake),
		cmocka_unit_test(bound_holds_for_offers_only),
		cmocka_unit_test(each_senders_order_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
