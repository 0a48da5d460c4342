/* SPDX-License-Identifier: BSD-2-Clause */
#include "feedback/mailbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feedback/extract.h"

#define CHUNK_BYTES ((size_t)64 * 1024)
/* Octets of a line that are enough to see whether it begins a message. */
#define LINE_BYTES ((size_t)1024)
#define MB ((size_t)1024 * 1024)

struct document {
	char *ptr; /* malloc'ed */
	size_t len;
	size_t capacity;
	bool too_large;
};

struct input {
	const char *name;
	int fd;
	size_t max_bytes;
	struct pst_mailbox_visitor visitor;
	struct pst_err *err;
	struct document document;
	char chunk[CHUNK_BYTES];
	size_t pos, len; /* the part of the chunk that is not used yet */
	bool ended;
};

/* ---- octets ---- */

/*
 * Moves what is left to the front and fills the chunk. False with a sentence in
 * err if reading fails.
 */
static bool
fill(struct input *input)
{
	if (input->len > 0)
		memmove(input->chunk, input->chunk + input->pos, input->len);
	input->pos = 0;
	while (!input->ended && input->len < CHUNK_BYTES) {
		ssize_t got = read(input->fd, input->chunk + input->len,
		    CHUNK_BYTES - input->len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return pst_err_set(
			    input->err, "cannot be read: %s", strerror(errno));
		input->ended = got == 0;
		input->len += (size_t)got;
	}
	return true;
}

static void
add(struct input *input, struct pst_str piece)
{
	struct document *document = &input->document;
	size_t capacity = document->capacity;

	if (piece.len > input->max_bytes - document->len)
		document->too_large = true;
	if (document->too_large)
		return;
	while (capacity < document->len + piece.len)
		capacity = capacity == 0 ? CHUNK_BYTES : capacity * 2;
	if (capacity > document->capacity) {
		document->ptr = realloc(document->ptr, capacity);
		if (document->ptr == NULL)
			abort();
		document->capacity = capacity;
	}
	if (piece.len > 0)
		memcpy(document->ptr + document->len, piece.ptr, piece.len);
	document->len += piece.len;
}

/* Hands the document over and begins another. */
static void
finish(struct input *input, const char *label, bool is_message)
{
	struct document *document = &input->document;
	char why[128];

	if (!document->too_large)
		input->visitor.document(input->visitor.arg, label,
		    (struct pst_str){document->ptr, document->len}, is_message);
	else {
		(void)snprintf(why, sizeof(why),
		    "is larger than %zu MB, so it is not read",
		    input->max_bytes / MB);
		input->visitor.refused(input->visitor.arg, label, why);
	}
	document->len = 0;
	document->too_large = false;
}

/* ---- mbox ---- */

/* Returns whether text begins like "Mon Jan ". */
static bool
is_date(struct pst_str text)
{
	static const char days[] = "MonTueWedThuFriSatSun";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	bool day = false;
	bool month = false;

	if (text.len < 8 || text.ptr[3] != ' ' || text.ptr[7] != ' ')
		return false;
	for (size_t i = 0; i < sizeof(days) - 1; i += 3)
		day = day || memcmp(text.ptr, days + i, 3) == 0;
	for (size_t i = 0; i < sizeof(months) - 1; i += 3)
		month = month || memcmp(text.ptr + 4, months + i, 3) == 0;
	return day && month;
}

static bool
begins_message(struct pst_str line)
{
	if (!pst_str_starts(line, PST_STR("From ")))
		return false;
	while (line.len > 0) {
		line = pst_str_from(line, pst_str_find(line, ' ') + 1);
		if (is_date(line))
			return true;
	}
	return false;
}

static void
finish_message(struct input *input, size_t number)
{
	char label[PATH_MAX + 64];

	if (number == 0)
		return;
	(void)snprintf(
	    label, sizeof(label), "%s, message %zu", input->name, number);
	finish(input, label, true);
}

/*
 * Returns the next piece of a line; *whole tells whether the line ends with it.
 */
static struct pst_str
take_piece(struct input *input, bool *whole)
{
	struct pst_str rest = {input->chunk + input->pos, input->len};
	size_t len = pst_str_find(rest, '\n');

	*whole = len < rest.len;
	if (*whole)
		len++;
	input->pos += len;
	input->len -= len;
	return pst_str_first(rest, len);
}

static bool
visit_mbox(struct input *input)
{
	size_t number = 0;
	bool at_begin = true;
	bool after_empty = true;
	bool whole;

	for (;;) {
		if (input->len < LINE_BYTES && !input->ended && !fill(input))
			return false;
		if (input->len == 0)
			break;
		struct pst_str piece = take_piece(input, &whole);
		struct pst_str line = pst_str_trim(piece);
		if (at_begin && after_empty &&
		    (number == 0 ||
			begins_message(pst_str_first(piece, LINE_BYTES)))) {
			finish_message(input, number++);
		} else
			add(input, piece);
		after_empty = at_begin && whole && line.len == 0;
		at_begin = whole;
	}
	finish_message(input, number);
	return true;
}

/* ---- files and directories ---- */

static bool
visit_document(struct input *input, bool is_message)
{
	while (input->len > 0) {
		add(input,
		    (struct pst_str){input->chunk + input->pos, input->len});
		input->len = 0;
		/* The rest is not needed. */
		if (input->document.too_large)
			break;
		if (!fill(input))
			return false;
	}
	finish(input, input->name, is_message);
	return true;
}

/* Where a file is. */
enum place {
	ALONE, /* it was named */
	IN_FOLDER,
	IN_MAILDIR, /* it is a message, whatever it begins with */
};

static bool
visit_file(const char *name, int fd, enum place place,
    struct pst_mailbox_visitor visitor, struct pst_err *err)
{
	struct input *input = calloc(1, sizeof(*input));
	bool ok;

	if (input == NULL)
		abort();
	input->name = strcmp(name, "-") == 0 ? "standard input" : name;
	input->fd = fd;
	input->max_bytes = visitor.max_bytes;
	input->visitor = visitor;
	input->err = err;
	ok = fill(input);
	if (ok && place != IN_MAILDIR &&
	    pst_feedback_form((struct pst_str){input->chunk, input->len}) ==
		PST_FORM_MBOX)
		ok = visit_mbox(input);
	else if (ok)
		ok = visit_document(input, place != ALONE);
	free(input->document.ptr);
	free(input);
	return ok;
}

/* Hidden files, such as .nfs0001, are not messages. */
static int
is_message_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/*
 * Visits a file of a directory. One that cannot be read is refused, and the
 * others are still read.
 */
static void
visit_entry(
    const char *name, enum place place, struct pst_mailbox_visitor visitor)
{
	/* A named pipe must not block us. */
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct pst_err err = {"is not a file, so it is not read"};
	struct stat st;
	bool ok = false;

	if (fd < 0)
		(void)pst_err_set(
		    &err, "cannot be opened: %s", strerror(errno));
	else if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		ok = visit_file(name, fd, place, visitor, &err);
	if (!ok)
		visitor.refused(visitor.arg, name, err.text);
	if (fd >= 0)
		(void)close(fd);
}

/* Visits the messages in a folder. *found is set if the folder exists. */
static bool
visit_folder(const char *name, const char *folder,
    struct pst_mailbox_visitor visitor, bool *found, struct pst_err *err)
{
	char path[PATH_MAX];
	struct dirent **entries;
	int count;

	(void)snprintf(path, sizeof(path), "%s/%s", name, folder);
	count = scandir(path, &entries, is_message_name, by_name);
	if (count < 0 && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (count < 0)
		return pst_err_set(
		    err, "cannot be read: %s: %s", folder, strerror(errno));
	*found = true;
	for (int i = 0; i < count; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s/%s", name, folder,
		    entries[i]->d_name);
		visit_entry(path, IN_MAILDIR, visitor);
		free(entries[i]);
	}
	free(entries);
	return true;
}

/* Returns whether this is a directory itself, not a link to one. */
static bool
is_directory(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Visits the files in a directory and in those below it. */
static bool
visit_files(const char *name, struct pst_mailbox_visitor visitor,
    unsigned depth, struct pst_err *err)
{
	char path[PATH_MAX];
	struct dirent **entries;
	int count = scandir(name, &entries, is_message_name, by_name);

	if (count < 0)
		return pst_err_set(err, "cannot be read: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		struct pst_err why = {"is nested too deep; name it itself"};

		(void)snprintf(
		    path, sizeof(path), "%s/%s", name, entries[i]->d_name);
		free(entries[i]);
		if (!is_directory(path))
			visit_entry(path, IN_FOLDER, visitor);
		else if (depth == PST_MAILBOX_MAX_DEPTH ||
		    !visit_files(path, visitor, depth + 1, &why))
			visitor.refused(visitor.arg, path, why.text);
	}
	free(entries);
	return true;
}

static bool
visit_directory(
    const char *name, struct pst_mailbox_visitor visitor, struct pst_err *err)
{
	bool found = false;

	if (!visit_folder(name, "new", visitor, &found, err) ||
	    !visit_folder(name, "cur", visitor, &found, err))
		return false;
	return found || visit_files(name, visitor, 0, err);
}

bool
pst_mailbox_visit(
    const char *name, struct pst_mailbox_visitor visitor, struct pst_err *err)
{
	struct stat st;
	bool ok;
	int fd;

	if (strcmp(name, "-") == 0)
		return visit_file(name, STDIN_FILENO, ALONE, visitor, err);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		if (fd >= 0)
			(void)close(fd);
		return pst_err_set(
		    err, "cannot be opened: %s", strerror(errno));
	}
	if (S_ISDIR(st.st_mode))
		ok = visit_directory(name, visitor, err);
	else
		ok = visit_file(name, fd, ALONE, visitor, err);
	(void)close(fd);
	return ok;
}
