/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An open file, its name, and what it holds, for error messages. */
struct file {
	int fd;
	const char *name, *what;
};

static bool
read_all(const struct file *file, char *out, size_t size, struct pst_err *err)
{
	const char *name = file->name, *what = file->what;
	struct stat info;
	size_t used = 0;
	ssize_t got;

	if (fstat(file->fd, &info) != 0 || !S_ISREG(info.st_mode))
		return pst_err_set(err,
		    "%s is not a regular file; name one that holds the %s",
		    name, what);
	if ((info.st_mode & (S_IRWXO | S_IWGRP)) != 0)
		return pst_err_set(err,
		    "other users may read or change %s, which holds a %s: run "
		    "\"chmod g-w,o= %s\"",
		    name, what, name);
	while ((got = read(file->fd, out + used, size - 1 - used)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return pst_err_set(
			    err, "cannot read %s: %s", name, strerror(errno));
		used += (size_t)got;
		if (used == size - 1)
			return pst_err_set(err,
			    "%s is too long to hold only a %s; correct the "
			    "path",
			    name, what);
	}
	out[used] = '\0';
	return true;
}

bool
pst_secret_read(const char *file_name, const char *what, char *out, size_t size,
    struct pst_err *err)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	int fd = open(file_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool ok;

	out[0] = '\0';
	if (fd < 0)
		return pst_err_set(err,
		    "cannot read the %s %s: %s; correct the path or the "
		    "file's owner",
		    what, file_name, strerror(errno));
	ok = read_all(&(struct file){fd, file_name, what}, out, size, err);
	(void)close(fd);
	return ok;
}
