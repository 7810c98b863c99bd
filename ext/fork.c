/* SPDX-License-Identifier: MIT
 *
 * See fork.h. getpid() costs a system call at each publish since glibc stopped to cache it; reading
 * a byte of a page costs nothing. The page is mapped at the first use, after FPM's fork.
 */
#include "fork.h"

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES 4096
#define ARMED      1

static unsigned char *map_page(void)
{
#ifdef MADV_WIPEONFORK
	void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED) {
		return NULL;
	}
	if (madvise(page, PAGE_BYTES, MADV_WIPEONFORK) != 0) {
		munmap(page, PAGE_BYTES);
		return NULL;
	}
	return page;
#else
	return NULL;
#endif
}

static void arm(struct cln_fork_guard *guard)
{
	guard->pid = getpid();
	if (guard->page != NULL) {
		*guard->page = ARMED;
	}
}

bool cln_fork_noticed(struct cln_fork_guard *guard)
{
	if (guard->pid == 0) {
		guard->page = map_page();
		arm(guard);
		return false;
	}
	const bool same = guard->page != NULL ? *guard->page == ARMED : guard->pid == getpid();
	if (!same) {
		arm(guard);
	}
	return !same;
}

void cln_fork_deinit(struct cln_fork_guard *guard)
{
	if (guard->page != NULL) {
		munmap(guard->page, PAGE_BYTES);
	}
	*guard = (struct cln_fork_guard){NULL, 0};
}
