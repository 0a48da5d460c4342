/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/list_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define MAX_LIST_BYTES (64 * 1024 * 1024)
#define MAX_SHOWN 80
#define BOM "\xef\xbb\xbf" /* as some editors write it */

const char *
pst_list_shown(struct pst_arena *arena, struct pst_str entry)
{
	return pst_escaped(arena, pst_str_first(entry, MAX_SHOWN));
}

/* read(2) may return less than was asked for. */
static bool
read_all(int fd, char *to, size_t size, size_t *len)
{
	ssize_t got = 1;

	*len = 0;
	while (*len < size && got > 0) {
		got = read(fd, to + *len, size - *len);
		if (got > 0)
			*len += (size_t)got;
	}
	return got != -1;
}

static bool
read_open(
    int fd, const char *path, char **text, size_t *len, struct pst_err *err)
{
	struct stat st;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return pst_err_set(err, "%s: not a regular file", path);
	if (st.st_size > MAX_LIST_BYTES)
		return pst_err_set(err,
		    "%s: a list file may have at most 64 MB; split it", path);
	*text = malloc((size_t)st.st_size + 1);
	if (*text == NULL)
		abort();
	if (read_all(fd, *text, (size_t)st.st_size, len))
		return true;
	free(*text);
	return pst_err_set(err, "%s: %s", path, strerror(errno));
}

static bool
take_lines(const char *path, struct pst_str rest,
    bool (*add)(void *arg, struct pst_str entry, struct pst_err *err),
    void *arg, struct pst_err *err)
{
	struct pst_str line;
	struct pst_err why;
	unsigned number = 0;
	bool more = true;

	while (more && pst_str_split(&rest, '\n', &line, &more)) {
		number++;
		if (number == 1 && pst_str_starts(line, PST_STR(BOM)))
			line = pst_str_from(line, sizeof(BOM) - 1);
		line =
		    pst_str_trim(pst_str_first(line, pst_str_find(line, '#')));
		if (line.len > 0 && !add(arg, line, &why))
			return pst_err_set_at(
			    err, path, number, "%s", why.text);
	}
	return true;
}

static bool
read_list(const char *path,
    bool (*add)(void *arg, struct pst_str entry, struct pst_err *err),
    void *arg, struct pst_err *err)
{
	/* O_NONBLOCK, as opening a FIFO without a writer would wait. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char *text = NULL;
	size_t len = 0;
	bool good;

	if (fd == -1)
		return pst_err_set(err,
		    "%s: %s; check the path and its permissions", path,
		    strerror(errno));
	good = read_open(fd, path, &text, &len, err);
	(void)close(fd);
	if (!good)
		return false;
	good = take_lines(path, (struct pst_str){text, len}, add, arg, err);
	free(text);
	return good;
}

bool
pst_list_read(struct pst_arena *arena, const char *const *parts, size_t count,
    struct pst_list_taker taker, struct pst_err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct pst_str part = pst_str(parts[i]);

		if (part.len == 0 || part.ptr[0] != '@') {
			if (!taker.add(taker.arg, part, err))
				return false;
			continue;
		}
		/* The daemon's working directory must not matter. */
		if (part.len < 2 || part.ptr[1] != '/')
			return pst_err_set(err,
			    pst_str_find(part, '.') < part.len &&
				    pst_str_find(part, '/') == part.len ?
				"\"%s\": write a domain without @; a list file "
				"must be given by its absolute path, as in "
				"@/etc/postern/partners" :
				"\"%s\": a list file must be given by its "
				"absolute path, as in @/etc/postern/partners",
			    pst_list_shown(arena, part));
		if (!read_list(part.ptr + 1, taker.add, taker.arg, err))
			return false;
	}
	return true;
}
