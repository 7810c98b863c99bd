/* SPDX-License-Identifier: MIT
 *
 * Notices that the process was forked, without a system call where the kernel helps: a page under
 * MADV_WIPEONFORK reads as zero in the child. Elsewhere the process id is compared.
 */
#ifndef CLN_FORK_H
#define CLN_FORK_H

#include <stdbool.h>
#include <sys/types.h>

/* Zeroed bytes are a valid start. Owned by the module globals. */
struct cln_fork_guard {
	unsigned char *page; /* NULL where the kernel has no such pages */
	pid_t pid;           /* 0: not armed yet */
};

/* Whether this process is another one than at the last call; false at the first call. */
bool cln_fork_noticed(struct cln_fork_guard *guard);

void cln_fork_deinit(struct cln_fork_guard *guard);

#endif
