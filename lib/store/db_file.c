/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/db_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
pst_db_file_make(const char *path, struct pst_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool ok;

	if (fd == -1 && errno == EEXIST)
		return true;
	if (fd == -1) {
		return pst_err_set(err,
		    "cannot create the store %s: %s; create its directory "
		    "for the daemon's user, or set store.path",
		    path, strerror(errno));
	}
	ok = fchmod(fd, 0600) == 0;
	give_away(fd, path);
	(void)close(fd);
	return ok || pst_err_set(err, "cannot set the mode of %s", path);
}
