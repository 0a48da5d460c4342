/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE 0640

/* ---- reading ---- */

/* False with errno set. */
static bool
read_octets(struct pst_arena *arena, int fd, const struct pst_whole_file *file,
    struct pst_str *text)
{
	size_t want = file->max_bytes;
	struct stat st;
	char *octets;
	ssize_t got = 1;

	if (fstat(fd, &st) != 0)
		return false;
	if (!S_ISREG(st.st_mode) ||
	    (!file->beginning && (uintmax_t)st.st_size > want)) {
		errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
		return false;
	}
	if ((uintmax_t)st.st_size < want)
		want = (size_t)st.st_size;
	octets = pst_arena_room(arena, want + 1);
	*text = (struct pst_str){octets, 0};
	while (got > 0 && text->len < want) {
		got = read(fd, octets + text->len, want - text->len);
		if (got > 0)
			text->len += (size_t)got;
		else if (got == -1 && errno == EINTR)
			got = 1;
	}
	octets[text->len] = '\0';
	return got >= 0;
}

bool
pst_whole_file_read(struct pst_arena *arena, const struct pst_whole_file *file,
    struct pst_str *text, struct pst_err *err)
{
	int fd =
	    open(file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	bool good;

	*text = (struct pst_str){NULL, 0};
	if (fd == -1 && errno == ENOENT)
		return true;
	good = fd != -1 && read_octets(arena, fd, file, text);
	if (!good)
		(void)pst_err_set(err, "cannot read the %s %s: %s", file->what,
		    file->path,
		    errno == ELOOP      ? "it is a symbolic link" :
			errno == EINVAL ? "it is not a regular file" :
					  strerror(errno));
	if (fd != -1)
		(void)close(fd);
	return good;
}

/* ---- writing ---- */

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static int
open_directory(struct pst_arena *arena, const char *path)
{
	size_t len = (size_t)(last_part(path) - path);

	return open(len == 0 ? "." : pst_arena_memdup(arena, path, len),
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool
write_octets(int fd, struct pst_str text)
{
	while (text.len > 0) {
		ssize_t done = write(fd, text.ptr, text.len);

		if (done == -1 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		text = pst_str_from(text, (size_t)done);
	}
	return true;
}

/* What a process with our number has left is of no use to anybody. */
static int
create(int directory, const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd = openat(directory, name, flags, MODE);

	if (fd == -1 && errno == EEXIST && unlinkat(directory, name, 0) == 0)
		fd = openat(directory, name, flags, MODE);
	return fd;
}

/* The umask may have taken from the mode. */
static bool
set_rights(int directory, int fd)
{
	struct stat st;

	if (fchmod(fd, MODE) != 0)
		return false;
	if (geteuid() != 0)
		return true;
	return fstat(directory, &st) == 0 &&
	    fchown(fd, st.st_uid, st.st_gid) == 0;
}

static bool
put(struct pst_arena *arena, int directory, const char *name,
    struct pst_str text)
{
	const char *other =
	    pst_arena_printf(arena, "%s.%ld", name, (long)getpid());
	int fd = create(directory, other);
	bool good = fd != -1 && set_rights(directory, fd) &&
	    write_octets(fd, text) && fsync(fd) == 0;
	int saved = errno;

	if (fd == -1)
		return false;
	if (close(fd) != 0 && good) {
		good = false;
		saved = errno;
	}
	if (good && renameat(directory, other, directory, name) == 0)
		return true;
	if (good)
		saved = errno;
	(void)unlinkat(directory, other, 0);
	errno = saved;
	return false;
}

bool
pst_whole_file_write(struct pst_arena *arena, const struct pst_whole_file *file,
    struct pst_str text, struct pst_err *err)
{
	int directory = file->directory > 0 ? file->directory :
					      open_directory(arena, file->path);
	bool good = directory != -1 &&
	    put(arena, directory, last_part(file->path), text);

	if (!good)
		(void)pst_err_set(err, "cannot write the %s %s: %s", file->what,
		    file->path, strerror(errno));
	if (directory != -1 && directory != file->directory)
		(void)close(directory);
	return good;
}
