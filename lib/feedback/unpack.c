/* SPDX-License-Identifier: BSD-2-Clause */
#include "feedback/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <zlib.h>

/* zlib: gzip only, with the largest window. */
#define GZIP_WINDOW (15 + 16)

#define PIECE_BYTES ((size_t)64 * 1024)
#define MB ((size_t)1024 * 1024)

const struct pst_unpack_budget pst_unpack_budget = {
    PST_UNPACK_MAX_PACKED_BYTES, PST_UNPACK_MAX_BYTES, PST_UNPACK_MAX_MEMBERS};

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

/* What a Mac packs beside the files that it was told to pack. */
static bool
is_shadow(struct pst_str name)
{
	size_t slash = pst_str_rfind(name, '/');

	return pst_str_starts(name, PST_STR("__MACOSX/")) ||
	    pst_str_starts(pst_str_from(name, slash < name.len ? slash + 1 : 0),
		PST_STR("._"));
}

/* ---- one call ---- */

struct unpacking {
	struct pst_str packed;
	struct archive *archive; /* of zip; NULL before the first member */
	z_stream *gzip;          /* of gzip */
	bool is_zip;
	/*
	 * The zip file has no directory. To get past a member whose length is
	 * unknown, libarchive would unpack all of it, and no limit would stop
	 * that, so reading ends at a member that is not wanted.
	 */
	bool is_stream;
	bool skipped; /* the last member was not read to its end */
	struct pst_unpack_budget *budget;
	struct pst_unpack_visitor visitor;
	struct content content;
	size_t visited;
	bool any;        /* there was a member that is not empty */
	bool unreadable; /* err has the sentence about the first one */
	struct pst_err *err;
};

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

/* Returns whether the member is to be read, as far as its header tells. */
static bool
check_member(struct unpacking *unpacking, struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);
	struct pst_err *err = unpacking->unreadable ? NULL : unpacking->err;

	/* A name may end in a slash without saying that it is a folder. */
	if (archive_entry_filetype(entry) != S_IFREG ||
	    (name != NULL &&
		(is_shadow(pst_str(name)) ||
		    pst_str_iends(pst_str(name), PST_STR("/")))))
		return false;
	if (archive_entry_is_encrypted(entry))
		(void)pst_err_set(
		    err, "is a zip file with a password; unpack it first");
	else if (check_method(unpacking->archive, err))
		return true;
	unpacking->any = true;
	unpacking->unreadable = true;
	return false;
}

/*
 * Returns how many octets were put into room; 0 at the end, -1 if the file is
 * damaged. A gzip file may consist of several (RFC 1952 s. 2.2); anything else
 * after it is ignored.
 */
static la_ssize_t
read_gzip(z_stream *gzip, char *room, size_t len)
{
	gzip->next_out = (Bytef *)room;
	gzip->avail_out = (uInt)len;
	while (gzip->avail_out > 0) {
		int status = inflate(gzip, Z_NO_FLUSH);

		if (status == Z_STREAM_END) {
			struct pst_str rest = {
			    (const char *)gzip->next_in, gzip->avail_in};

			if (!pst_unpack_is_gzip(rest))
				gzip->avail_in = 0;
			if (!pst_unpack_is_gzip(rest) ||
			    inflateReset(gzip) != Z_OK)
				break;
		} else if (status != Z_OK)
			return gzip->avail_out < len ?
			    (la_ssize_t)(len - gzip->avail_out) :
			    -1;
	}
	return (la_ssize_t)(len - gzip->avail_out);
}

/*
 * Reads the content of a member up to its end or `most` octets. False with a
 * sentence if it is damaged.
 */
static bool
read_content(struct unpacking *unpacking, size_t most, bool *ended)
{
	struct content *content = &unpacking->content;

	for (*ended = false; content->len < most;) {
		if (content->len == content->capacity)
			make_room(content, unpacking->budget->bytes);
		size_t room = content->capacity - content->len;
		char *end = content->ptr + content->len;
		if (room > PIECE_BYTES)
			room = PIECE_BYTES;
		la_ssize_t got = unpacking->is_zip ?
		    archive_read_data(unpacking->archive, end, room) :
		    read_gzip(unpacking->gzip, end, room);
		if (got < 0)
			return fail_damaged(unpacking->err);
		*ended = got == 0;
		if (*ended)
			return true;
		content->len += (size_t)got;
	}
	return true;
}

static enum pst_unpack_result
read_member(struct unpacking *unpacking)
{
	struct content *content = &unpacking->content;
	size_t max_bytes = unpacking->budget->bytes;
	struct pst_str look;
	bool ended;

	content->len = 0;
	unpacking->skipped = false;
	if (!read_content(unpacking,
		max_bytes < PIECE_BYTES ? max_bytes + 1 : PIECE_BYTES, &ended))
		return PST_UNPACK_UNREADABLE;
	look = pst_str_first(
	    (struct pst_str){content->ptr, content->len}, PIECE_BYTES);
	if (look.len > 0)
		unpacking->any = true;
	if (look.len == 0 ||
	    !unpacking->visitor.wanted(unpacking->visitor.arg, look)) {
		unpacking->skipped = !ended;
		unpacking->budget->bytes -=
		    content->len < max_bytes ? content->len : max_bytes;
		return PST_UNPACK_READ;
	}
	if (!ended && !read_content(unpacking, max_bytes + 1, &ended))
		return PST_UNPACK_UNREADABLE;
	if (content->len > max_bytes) {
		unpacking->budget->bytes = 0;
		(void)pst_err_set(unpacking->err,
		    "unpacks to more than %zu MB: either it is not a report "
		    "but a bomb, or it must be split",
		    PST_UNPACK_MAX_BYTES / MB);
		return PST_UNPACK_TOO_LARGE;
	}
	unpacking->budget->bytes -= content->len;
	unpacking->visited++;
	unpacking->visitor.member(unpacking->visitor.arg,
	    (struct pst_str){content->ptr, content->len});
	return PST_UNPACK_READ;
}

static struct archive *
open_zip(struct pst_str packed, bool is_stream)
{
	struct archive *archive = archive_read_new();

	if (archive == NULL)
		abort();
	if (is_stream)
		(void)archive_read_support_format_zip_streamable(archive);
	else
		(void)archive_read_support_format_zip_seekable(archive);
	/* An error in the file is reported when the first header is read. */
	(void)archive_read_open_memory(archive, packed.ptr, packed.len);
	return archive;
}

/* Steps to the next member. */
static int
next_member(struct unpacking *unpacking, struct archive_entry **entry)
{
	bool is_first = unpacking->archive == NULL;
	int status;

	if (is_first)
		unpacking->archive = open_zip(unpacking->packed, false);
	else if (unpacking->is_stream && unpacking->skipped)
		return ARCHIVE_EOF;
	status = archive_read_next_header(unpacking->archive, entry);
	if (status == ARCHIVE_OK || status == ARCHIVE_EOF || !is_first)
		return status;
	(void)archive_read_free(unpacking->archive);
	unpacking->is_stream = true;
	unpacking->archive = open_zip(unpacking->packed, true);
	return archive_read_next_header(unpacking->archive, entry);
}

static enum pst_unpack_result
read_members(struct unpacking *unpacking)
{
	for (;;) {
		enum pst_unpack_result result = PST_UNPACK_READ;
		struct archive_entry *entry;
		int status = next_member(unpacking, &entry);

		if (status == ARCHIVE_EOF)
			break;
		if (status != ARCHIVE_OK && status != ARCHIVE_WARN) {
			(void)fail_damaged(unpacking->err);
			return PST_UNPACK_UNREADABLE;
		}
		if (unpacking->budget->members == 0) {
			(void)pst_err_set(unpacking->err,
			    "is a zip file with more than %zu members; unpack "
			    "it and name the files",
			    PST_UNPACK_MAX_MEMBERS);
			return PST_UNPACK_UNREADABLE;
		}
		unpacking->budget->members--;
		unpacking->skipped = true;
		if (check_member(unpacking, entry))
			result = read_member(unpacking);
		if (result != PST_UNPACK_READ)
			return result;
	}
	return unpacking->unreadable && unpacking->visited == 0 ?
	    PST_UNPACK_UNREADABLE :
	    PST_UNPACK_READ;
}

/*
 * A gzip file has one member. libarchive would take off all layers of gzip by
 * itself, and what the outer ones unpack to would count for no limit.
 */
static enum pst_unpack_result
read_only_member(struct unpacking *unpacking)
{
	z_stream gzip = {.next_in = (Bytef *)(uintptr_t)unpacking->packed.ptr,
	    .avail_in = (uInt)unpacking->packed.len};
	enum pst_unpack_result result;

	if (inflateInit2(&gzip, GZIP_WINDOW) != Z_OK)
		abort();
	(void)inflateValidate(&gzip, 0);
	unpacking->gzip = &gzip;
	result = read_member(unpacking);
	(void)inflateEnd(&gzip);
	return result;
}

enum pst_unpack_result
pst_unpack(struct pst_str packed, struct pst_unpack_budget *budget,
    struct pst_unpack_visitor visitor, struct pst_err *err)
{
	struct unpacking unpacking = {.packed = packed,
	    .is_zip = pst_unpack_is_zip(packed),
	    .budget = budget,
	    .visitor = visitor,
	    .err = err};
	enum pst_unpack_result result;

	if (!unpacking.is_zip && !pst_unpack_is_gzip(packed)) {
		(void)pst_err_set(err, "is neither gzip nor zip");
		return PST_UNPACK_UNREADABLE;
	}
	if (packed.len > budget->packed_bytes) {
		(void)pst_err_set(err,
		    "is larger than %zu MB packed; ask its sender to split it",
		    budget->packed_bytes / MB);
		return PST_UNPACK_UNREADABLE;
	}
	result = unpacking.is_zip ? read_members(&unpacking) :
				    read_only_member(&unpacking);
	if (result == PST_UNPACK_READ && !unpacking.any) {
		(void)pst_err_set(err, "is packed, but holds nothing");
		result = PST_UNPACK_UNREADABLE;
	}
	(void)archive_read_free(unpacking.archive);
	free(unpacking.content.ptr);
	return result;
}
