/* SPDX-License-Identifier: BSD-2-Clause */
#include "feedback/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PIECE_BYTES ((size_t)64 * 1024)
#define MB ((size_t)1024 * 1024)

/* gzip alone: libarchive counts the file itself as another filter. */
#define FILTERS_OF_GZIP 2

const struct pst_unpack_limits pst_unpack_limits = {
    PST_UNPACK_MAX_PACKED_BYTES, PST_UNPACK_MAX_BYTES, PST_UNPACK_MAX_RATIO};

struct content {
	char *ptr; /* malloc'ed */
	size_t len;
	size_t capacity;
};

bool
pst_unpack_is_gzip(struct pst_str octets)
{
	return pst_str_starts(octets, PST_STR("\x1f\x8b"));
}

bool
pst_unpack_is_zip(struct pst_str octets)
{
	/* The second one begins a zip file without members. */
	return pst_str_starts(octets, PST_STR("PK\x03\x04")) ||
	    pst_str_starts(octets, PST_STR("PK\x05\x06"));
}

/*
 * Other methods of zip files take as much memory as the file demands, so they
 * are refused before libarchive begins to decode.
 */
static bool
check_method(struct archive *archive, struct pst_err *err)
{
	const char *format = archive_format_name(archive);

	if (format != NULL &&
	    (strstr(format, "(deflation)") != NULL ||
		strstr(format, "(uncompressed)") != NULL))
		return true;
	return pst_err_set(err,
	    "is a zip file packed with a method other than deflate; unpack it "
	    "first");
}

static bool
fail_damaged(struct pst_err *err)
{
	return pst_err_set(err,
	    "is damaged or ends too early, so it cannot be unpacked; get it "
	    "again");
}

/* Steps to the only member. */
static bool
find_member(struct archive *archive, bool is_zip, struct pst_err *err)
{
	struct archive_entry *entry;
	int status = archive_read_next_header(archive, &entry);

	if (status == ARCHIVE_EOF)
		return pst_err_set(err, "is packed, but holds nothing");
	if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
		return fail_damaged(err);
	if (!is_zip) {
		if (archive_filter_count(archive) == FILTERS_OF_GZIP)
			return true;
		return pst_err_set(
		    err, "is packed more than once; unpack it first");
	}
	if (archive_entry_is_encrypted(entry))
		return pst_err_set(
		    err, "is a zip file with a password; unpack it first");
	if (archive_entry_filetype(entry) != S_IFREG)
		return pst_err_set(err,
		    "is a zip file with something other than a file in it");
	return check_method(archive, err);
}

/* Makes room for another piece; one octet more than allowed is enough. */
static void
make_room(struct content *content, size_t max_bytes)
{
	size_t wanted = content->capacity * 2;

	if (wanted == 0)
		wanted = PIECE_BYTES;
	if (wanted > max_bytes + 1)
		wanted = max_bytes + 1;
	content->ptr = realloc(content->ptr, wanted);
	if (content->ptr == NULL)
		abort();
	content->capacity = wanted;
}

static bool
check_size(const struct content *content, struct pst_str packed,
    const struct pst_unpack_limits *limits, struct pst_err *err)
{
	if (content->len > limits->max_bytes)
		return pst_err_set(err,
		    "unpacks to more than %zu MB: either it is not a report "
		    "but a bomb, or it must be split",
		    limits->max_bytes / MB);
	if (content->len > 0 &&
	    (content->len - 1) / limits->max_ratio >= packed.len)
		return pst_err_set(err,
		    "unpacks to more than %zu times its size, as bombs do and "
		    "reports do not",
		    limits->max_ratio);
	return true;
}

static bool
read_member(struct archive *archive, struct pst_str packed,
    const struct pst_unpack_limits *limits, struct content *content,
    struct pst_err *err)
{
	for (;;) {
		if (content->len == content->capacity)
			make_room(content, limits->max_bytes);
		size_t room = content->capacity - content->len;
		la_ssize_t got =
		    archive_read_data(archive, content->ptr + content->len,
			room < PIECE_BYTES ? room : PIECE_BYTES);
		if (got < 0)
			return fail_damaged(err);
		if (got == 0)
			return true;
		content->len += (size_t)got;
		if (!check_size(content, packed, limits, err))
			return false;
	}
}

static bool
check_rest(struct archive *archive, bool is_zip, struct pst_str content,
    struct pst_err *err)
{
	struct archive_entry *entry;

	if (is_zip && archive_read_next_header(archive, &entry) != ARCHIVE_EOF)
		return pst_err_set(err,
		    "is a zip file with more than one member; unpack it and "
		    "name the files");
	if (pst_unpack_is_gzip(content) || pst_unpack_is_zip(content))
		return pst_err_set(
		    err, "is packed more than once; unpack it first");
	if (content.len == 0)
		return pst_err_set(err, "is packed, but holds nothing");
	return true;
}

static struct archive *
open_packed(struct pst_str packed, bool is_zip)
{
	struct archive *archive = archive_read_new();

	if (archive == NULL)
		abort();
	if (is_zip)
		(void)archive_read_support_format_zip(archive);
	else {
		(void)archive_read_support_filter_gzip(archive);
		(void)archive_read_support_format_raw(archive);
		(void)archive_read_support_format_empty(archive);
	}
	/* An error in the file is reported when the first header is read. */
	(void)archive_read_open_memory(archive, packed.ptr, packed.len);
	return archive;
}

bool
pst_unpack(struct pst_arena *arena, struct pst_str packed,
    const struct pst_unpack_limits *limits, struct pst_str *out,
    struct pst_err *err)
{
	struct content content = {NULL, 0, 0};
	bool is_zip = pst_unpack_is_zip(packed);

	if (!is_zip && !pst_unpack_is_gzip(packed))
		return pst_err_set(err, "is neither gzip nor zip");
	if (packed.len > limits->max_packed_bytes)
		return pst_err_set(err,
		    "is larger than %zu MB packed; ask its sender to split it",
		    limits->max_packed_bytes / MB);
	struct archive *archive = open_packed(packed, is_zip);
	bool ok = find_member(archive, is_zip, err) &&
	    read_member(archive, packed, limits, &content, err) &&
	    check_rest(archive, is_zip,
		(struct pst_str){content.ptr, content.len}, err);
	(void)archive_read_free(archive);
	if (!ok) {
		free(content.ptr);
		return false;
	}
	pst_arena_defer(arena, free, content.ptr);
	*out = (struct pst_str){content.ptr, content.len};
	return true;
}
