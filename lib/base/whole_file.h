/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_WHOLE_FILE_H
#define PST_BASE_WHOLE_FILE_H

/*
 * Small files that are read and written as a whole, such as what a command
 * remembers from run to run.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

struct pst_whole_file {
	const char *what; /* for sentences: "file with the last findings" */
	const char *path;
	size_t max_bytes; /* of content that is read */
	bool beginning;   /* of a longer file, the beginning is enough */
	/* Writing: the open directory that path is in, so that nobody can put
	 * another one in its place; 0: the one that path names. */
	int directory;
};

/*
 * Reads the file into the arena; text->ptr is NULL if it does not exist. False
 * with a sentence if it cannot be read, is longer, or is not a regular file. A
 * symbolic link is not followed, and a FIFO is not waited for.
 */
bool
pst_whole_file_read(struct pst_arena *arena, const struct pst_whole_file *file,
    struct pst_str *text, struct pst_err *err) PST_MUST_CHECK;

/*
 * Writes the file anew, with mode 0640: until that has succeeded and is on the
 * disk, the old one stays. The process writes "PATH.PID" first; it must not
 * write one path in two threads. Root gives the file to the owner of its
 * directory, as others could not replace or read it otherwise.
 */
bool
pst_whole_file_write(struct pst_arena *arena, const struct pst_whole_file *file,
    struct pst_str text, struct pst_err *err) PST_MUST_CHECK;

#endif
