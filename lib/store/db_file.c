/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/db_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/*
 * Gives a file that root created to the owner of its directory, as the daemon
 * could not use it otherwise.
 */
static void
give_away(int fd, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);
	struct stat st;
	char *dir;

	if (geteuid() != 0)
		return;
	dir = len == 0 ? strdup(slash == NULL ? "." : "/") : strndup(path, len);
	if (dir == NULL)
		abort();
	if (stat(dir, &st) == 0)
		(void)!fchown(fd, st.st_uid, st.st_gid);
	free(dir);
}

bool
pst_db_file_make(const char *path, unsigned mode, struct pst_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	bool ok;

	if (fd == -1 && errno == EEXIST)
		return true;
	if (fd == -1) {
		return pst_err_set(err,
		    "cannot create the store %s: %s; create its directory "
		    "for the daemon's user, or set store.path",
		    path, strerror(errno));
	}
	ok = fchmod(fd, mode) == 0;
	give_away(fd, path);
	(void)close(fd);
	return ok || pst_err_set(err, "cannot set the mode of %s", path);
}

static bool
is_private(const struct stat *st)
{
	return S_ISREG(st->st_mode) && (st->st_mode & 07777) == 0600 &&
	    st->st_uid == geteuid() && st->st_nlink == 1;
}

/*
 * The descriptor stays open: a process loses all its locks on a file when it
 * closes any descriptor of it, and another thread may have this one open. That
 * happens once in the life of a file.
 */
static void
share(const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) == -1 || !is_private(&st))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd != -1 && fstat(fd, &st) == 0 && is_private(&st))
		(void)fchmod(fd, 0640);
}

void
pst_db_file_share(const char *path)
{
	static const char *const tails[] = {"", "-wal", "-shm"};
	char name[4096];

	for (size_t i = 0; i < PST_COUNT(tails); i++)
		if ((size_t)snprintf(name, sizeof(name), "%s%s", path,
			tails[i]) < sizeof(name))
			share(name);
}

bool
pst_db_file_check(const char *path, struct stat *st, struct pst_err *err)
{
	if (lstat(path, st) == -1) {
		return pst_err_set(err,
		    "cannot open the store %s: %s; the daemon creates it "
		    "when reports.from is set",
		    path, strerror(errno));
	}
	if (!S_ISREG(st->st_mode)) {
		return pst_err_set(err,
		    "cannot open the store %s: it is not a regular file; "
		    "move it away, or set store.path",
		    path);
	}
	return true;
}

/* With more room than this, SQLite's own limit for the log is small enough. */
#define ROOMY_BYTES (INT64_C(64) << 20)
#define PAGE_BYTES 4096
/* The shared memory beside the log. */
#define SHM_BYTES 32768

static int64_t
size_of(const char *path, const char *suffix)
{
	char name[4096];
	struct stat st;

	(void)snprintf(name, sizeof(name), "%s%s", path, suffix);
	return stat(name, &st) == 0 ? (int64_t)st.st_size : 0;
}

bool
pst_db_file_limit(const char *path, struct pst_db_file_limits *out)
{
	struct statvfs disk;
	int64_t room, pages, most;

	if (statvfs(path, &disk) != 0)
		return false;
	*out = (struct pst_db_file_limits){.is_roomy = (uint64_t)disk.f_bavail >
		(uint64_t)ROOMY_BYTES / disk.f_frsize};
	room = (int64_t)(disk.f_bavail * disk.f_frsize) / 2 +
	    size_of(path, "") + size_of(path, "-wal");
	pages = room / 8 / PAGE_BYTES;
	pages = pages < 16 ? 16 : pages > 1000 ? 1000 : pages;
	/* SQLite never sets the limit below the size that the file has. */
	most = (room - SHM_BYTES) / PAGE_BYTES - 3 * pages;
	out->log_pages = pages;
	out->max_pages = most < 1 ? 1 : most;
	return true;
}
