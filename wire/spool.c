/* SPDX-License-Identifier: MIT
 *
 * The spool's file: opening, locking, appending. The invariant under the lock: the header is whole,
 * and between base and end lie records (or what a disk made of them). Records are written before
 * the header that covers them, so who dies in between leaves nothing but bytes behind `end`.
 *
 * Readers take no lock: a header that is being written reads with a wrong CRC and is read again.
 */
#include "spool.h"

#include "spool_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MODE 0660
/* Spinning lasts about 20 us, which is what the lock's holder needs; a sleep is five times that. */
#define LOCK_SPINS   64
#define LOCK_SLEEPS  8
#define LOCK_WAIT_NS 50000 /* and the kernel's slack: about 100 us each */
#define HEADER_TRIES 3
#define OPEN_TRIES   3 /* a file that is replaced again and again */

/* ---- system calls, whole ---- */

static ssize_t read_at(int fd, char *bytes, size_t len, uint64_t position)
{
	size_t got = 0;

	while (got < len) {
		const ssize_t n = pread(fd, bytes + got, len - got, (off_t)(position + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n; /* > 0 */
	}
	return (ssize_t)got;
}

ssize_t cln_spool_read_at(const struct cln_spool *spool, char *bytes, size_t len, uint64_t position)
{
	return read_at(spool->fd, bytes, len, position);
}

/* Where the process's files must end (ulimit -f): the kernel would send SIGXFSZ with the error, and
 * end an application that has not heard of it. */
static bool is_past_limit(uint64_t position)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && position >= limit.rlim_cur;
}

int cln_spool_write_at(int fd, struct cln_slice bytes, uint64_t position)
{
	while (bytes.len > 0) {
		ssize_t n;

		if (is_past_limit(position)) {
			errno = EFBIG;
			return CLN_ERR_SYSTEM;
		}
		n = pwrite(fd, bytes.ptr, bytes.len, (off_t)position);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = ENOSPC;
		if (n <= 0)
			return CLN_ERR_SYSTEM;
		bytes = cln_slice_from(bytes, (size_t)n); /* > 0 */
		position += (uint64_t)n;
	}
	return CLN_OK;
}

int cln_spool_truncate(int fd, uint64_t len)
{
	int result;

	do
		result = ftruncate(fd, (off_t)len);
	while (result != 0 && errno == EINTR);
	return result == 0 ? CLN_OK : CLN_ERR_SYSTEM;
}

static void close_keeping_errno(int *fd)
{
	const int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

int cln_spool_lock(int fd, bool waits)
{
	const struct timespec pause = {.tv_nsec = LOCK_WAIT_NS};

	for (int i = 0;; i++) {
		int result;

		do
			result = flock(fd, LOCK_EX | LOCK_NB);
		while (result != 0 && errno == EINTR);
		if (result == 0)
			return CLN_OK;
		if (errno != EWOULDBLOCK)
			return CLN_ERR_SYSTEM;
		if (!waits || i == LOCK_SPINS + LOCK_SLEEPS)
			return CLN_ERR_MORE;
		if (i >= LOCK_SPINS)
			nanosleep(&pause, NULL);
	}
}

void cln_spool_unlock(int fd)
{
	const int saved = errno;

	flock(fd, LOCK_UN);
	errno = saved;
}

int cln_spool_open_plain(const char *path, bool create, int *fd)
{
	struct stat st;

	do
		*fd =
			open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (create ? O_CREAT : 0), MODE);
	while (*fd < 0 && errno == EINTR);
	if (*fd < 0)
		return errno == EISDIR || errno == ENXIO ? CLN_ERR_PROTOCOL : CLN_ERR_SYSTEM;
	if (fstat(*fd, &st) != 0) {
		close_keeping_errno(fd);
		return CLN_ERR_SYSTEM;
	}
	/* A second name of the file could stand where somebody else's file should be. */
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1) {
		close_keeping_errno(fd);
		return CLN_ERR_PROTOCOL;
	}
	return CLN_OK;
}

bool cln_spool_is_at(int fd, const char *path)
{
	struct stat open_file, named;

	return fstat(fd, &open_file) == 0 && lstat(path, &named) == 0 &&
		   open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino;
}

/* ---- the header ---- */

static struct cln_slice app_of(const struct cln_spool *spool)
{
	return cln_slice_of(spool->app);
}

int cln_spool_write_header(struct cln_spool *spool, const struct cln_spool_header *header)
{
	char bytes[CLN_SPOOL_HEADER];

	cln_spool_header_write(bytes, header, app_of(spool));
	return cln_spool_write_at(spool->fd, cln_slice(bytes, sizeof bytes), 0);
}

/* Takes the file's application, or compares it. */
static bool is_own(struct cln_spool *spool, struct cln_slice app)
{
	if (spool->app[0] != '\0')
		return cln_slice_equal(app_of(spool), app);
	memcpy(spool->app, app.ptr, app.len); /* a valid id: at most CLN_APP_ID_MAX */
	spool->app[app.len] = '\0';
	return true;
}

static int parse_header(struct cln_spool *spool, const char bytes[CLN_SPOOL_HEADER], ssize_t len,
	struct cln_spool_header *header)
{
	struct cln_slice app;
	int result;

	if (len < 0)
		return CLN_ERR_SYSTEM;
	if (len < CLN_SPOOL_HEADER)
		return CLN_ERR_SIGNATURE;
	result = cln_spool_header_read(bytes, header, &app);
	/* An id that can be read is believed also where the rest is wrong: nobody gets the file of
	 * another application by damaging its header. */
	if (app.len > 0 && !is_own(spool, app))
		return CLN_ERR_PROTOCOL;
	return result;
}

/* Without the lock. CLN_ERR_SIGNATURE: wrong more than once, or not there. */
static int read_header(struct cln_spool *spool, struct cln_spool_header *header)
{
	char bytes[CLN_SPOOL_HEADER];
	int result = CLN_ERR_SIGNATURE;

	for (int i = 0; i < HEADER_TRIES && result == CLN_ERR_SIGNATURE; i++) {
		const ssize_t len = read_at(spool->fd, bytes, sizeof bytes, 0);

		result = parse_header(spool, bytes, len, header);
	}
	return result;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether a file that is too short for a header is one that somebody died while making. */
static bool is_begun(const char *bytes, size_t len)
{
	char whole[CLN_SPOOL_HEADER];
	const struct cln_spool_header header = {0};

	cln_spool_header_write(whole, &header, cln_slice(NULL, 0));
	return memcmp(whole, bytes, len < 8 ? len : 8) == 0;
}

/* With the lock: makes a new file's header, and mends one that is wrong. */
static int ensure_header(struct cln_spool *spool, struct cln_spool_header *header)
{
	char bytes[CLN_SPOOL_HEADER];
	const ssize_t len = read_at(spool->fd, bytes, sizeof bytes, 0);
	const int result = parse_header(spool, bytes, len, header);
	struct stat st;

	if (result != CLN_ERR_SIGNATURE)
		return result;
	if (len < CLN_SPOOL_HEADER && !is_begun(bytes, (size_t)len)) /* >= 0: it was read */
		return CLN_ERR_PROTOCOL;
	if (spool->app[0] == '\0') {
		errno = ENOENT; /* nobody's file, and nobody to give it to */
		return CLN_ERR_SYSTEM;
	}
	if (fstat(spool->fd, &st) != 0)
		return CLN_ERR_SYSTEM;
	cln_spool_header_init(header, now_ms(),
		st.st_size > CLN_SPOOL_HEADER ? (uint64_t)st.st_size - CLN_SPOOL_HEADER : 0);
	if (cln_spool_write_header(spool, header) != CLN_OK) {
		if (len < CLN_SPOOL_HEADER)
			cln_spool_truncate(spool->fd, 0);
		return CLN_ERR_SYSTEM;
	}
	return CLN_OK;
}

/* ---- opening ---- */

/* After a fork the descriptors are the parent's: closing them releases none of its locks. */
void cln_spool_leave_parent(struct cln_spool *spool)
{
	if (spool->pid == getpid())
		return;
	close_keeping_errno(&spool->fd);
	close_keeping_errno(&spool->replay_fd);
	spool->own_end = 0;
	spool->pid = getpid();
}

static int ensure_open(struct cln_spool *spool, bool create)
{
	struct stat st;
	int result;

	cln_spool_leave_parent(spool);
	if (spool->fd >= 0)
		return CLN_OK;
	result = cln_spool_open_plain(spool->path, create, &spool->fd);
	if (result != CLN_OK)
		return result;
	if (fstat(spool->fd, &st) != 0) {
		close_keeping_errno(&spool->fd);
		return CLN_ERR_SYSTEM;
	}
	spool->device = st.st_dev;
	spool->inode = st.st_ino;
	return CLN_OK;
}

/* While it is open its number is not given to another file. */
static bool is_at_its_path(const struct cln_spool *spool)
{
	struct stat named;

	return lstat(spool->path, &named) == 0 && named.st_dev == spool->device &&
		   named.st_ino == spool->inode;
}

/* One try of cln_spool_begin(). CLN_ERR_SPACE: the file was replaced, try again. */
static int begin_once(struct cln_spool *spool, bool create, struct cln_spool_header *header)
{
	int result = ensure_open(spool, create);

	if (result != CLN_OK)
		return result;
	result = cln_spool_lock(spool->fd, true);
	if (result != CLN_OK)
		return result;
	if (!is_at_its_path(spool)) {
		close_keeping_errno(&spool->fd);
		return CLN_ERR_SPACE;
	}
	result = ensure_header(spool, header);
	if (result != CLN_OK)
		close_keeping_errno(&spool->fd);
	return result;
}

int cln_spool_begin(struct cln_spool *spool, bool create, struct cln_spool_header *header)
{
	int result = CLN_ERR_SPACE;

	for (int i = 0; i < OPEN_TRIES && result == CLN_ERR_SPACE; i++)
		result = begin_once(spool, create, header);
	return result == CLN_ERR_SPACE ? CLN_ERR_MORE : result;
}

void cln_spool_end(struct cln_spool *spool)
{
	cln_spool_unlock(spool->fd);
}

/* The header without changing anything; the lock is taken only if it looks wrong. */
int cln_spool_look(struct cln_spool *spool, bool create, struct cln_spool_header *header)
{
	int result = ensure_open(spool, create);

	if (result != CLN_OK)
		return result;
	if (is_at_its_path(spool)) {
		result = read_header(spool, header);
		if (result == CLN_OK)
			return CLN_OK;
	}
	result = cln_spool_begin(spool, create, header);
	if (result == CLN_OK)
		cln_spool_end(spool);
	return result;
}

int cln_spool_open(struct cln_spool *spool, const char *path, struct cln_slice app, bool create)
{
	struct cln_spool_header header;
	const size_t len = strlen(path);

	*spool = (struct cln_spool){.creates = create, .fd = -1, .replay_fd = -1, .pid = getpid()};
	if (len > CLN_SPOOL_PATH_MAX || app.len > CLN_APP_ID_MAX) {
		errno = ENAMETOOLONG;
		return CLN_ERR_SYSTEM;
	}
	memcpy(spool->path, path, len + 1);
	if (app.len > 0)
		memcpy(spool->app, app.ptr, app.len); /* the rest is zeroed */
	return cln_spool_look(spool, create, &header);
}

void cln_spool_close(struct cln_spool *spool)
{
	cln_spool_unclaim(spool);
	close_keeping_errno(&spool->fd);
}

int cln_spool_stat(struct cln_spool *spool, struct cln_spool_header *header)
{
	return cln_spool_look(spool, spool->creates, header);
}

bool cln_spool_is_empty(struct cln_spool *spool)
{
	struct cln_spool_header header;
	const int result = cln_spool_look(spool, false, &header);

	if (result == CLN_OK)
		return header.done == header.end;
	return result != CLN_ERR_MORE; /* locked: somebody is appending */
}

bool cln_spool_own_waits(struct cln_spool *spool)
{
	struct cln_spool_header header;
	int result;

	if (spool->own_end == 0)
		return false;
	result = cln_spool_look(spool, false, &header);
	if (result == CLN_OK ? header.done < spool->own_end
						 : !(result == CLN_ERR_SYSTEM && errno == ENOENT))
		return true;
	spool->own_end = 0;
	return false;
}

/* ---- appending ---- */

static int append_locked(struct cln_spool *spool, struct cln_spool_header *header,
	struct cln_slice records, size_t count, uint64_t max_bytes)
{
	const uint64_t waiting = header->end - header->done, size = header->end - header->base;
	const uint64_t position = cln_spool_position(header, header->end);
	struct cln_spool_header next = *header;

	if (records.len > max_bytes || waiting > max_bytes - records.len ||
		size > 2 * max_bytes - records.len)
		return CLN_ERR_LIMIT;
	next.end += records.len;
	next.appended += count;
	if (cln_spool_write_at(spool->fd, records, position) == CLN_OK &&
		cln_spool_write_header(spool, &next) == CLN_OK) {
		spool->own_end = next.end;
		return CLN_OK;
	}

	/* As it was: the bytes behind the end go, and a header that is half the next one's is put
	 * right, or mended by whoever reads it. */
	const int saved = errno;

	cln_spool_truncate(spool->fd, position);
	cln_spool_write_header(spool, header);
	errno = saved;
	return CLN_ERR_SYSTEM;
}

int cln_spool_append(
	struct cln_spool *spool, struct cln_slice records, size_t count, uint64_t max_bytes)
{
	struct cln_spool_header header;
	int result = cln_spool_begin(spool, spool->creates, &header);

	if (result != CLN_OK)
		return result;
	result = append_locked(spool, &header, records, count, max_bytes);
	cln_spool_end(spool);
	return result;
}
