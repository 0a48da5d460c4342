/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_MIME_H
#define PST_MAIL_MIME_H

/*
 * The parts of a report mail (RFC 2045, 2046): enough of MIME to find a report
 * in it. The parser is lenient about what mailers do, but the number of parts
 * and their depth are bounded (R-SEC-16). Mail that goes through the gateway is
 * never parsed like this.
 *
 * Lines end in LF or CRLF. All slices point into the message or the arena.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

#define PST_MIME_MAX_DEPTH 10
#define PST_MIME_MAX_PARTS 100
/* Octets of a field's value that are used; the rest is ignored. */
#define PST_MIME_MAX_VALUE ((size_t)16 * 1024)

enum pst_mime_encoding {
	PST_MIME_AS_IS, /* 7bit, 8bit, binary, or an unknown encoding */
	PST_MIME_BASE64,
	PST_MIME_QUOTED_PRINTABLE,
};

/* Any entity that is not opened as a multipart. */
struct pst_mime_part {
	struct pst_str header;
	struct pst_str body;
	const char *type;    /* "text/xml", lower case; default "text/plain" */
	struct pst_str name; /* of the file; empty when there is none */
	enum pst_mime_encoding encoding; /* of the body */
	unsigned messages; /* how many attached messages it is in */
};

struct pst_mime {
	struct pst_str header; /* the message's own */
	struct pst_mime_part *parts;
	size_t count;
};

/*
 * Finds the parts of a message. Multiparts are opened, and so are attached
 * messages (message/rfc822 and message/global; RFC 2046 s. 5.2.1 forbids to
 * encode the former, but Exchange does); an attached message is also a part
 * itself and comes before its parts. False if a bound is passed; err then
 * holds half a sentence that goes after the message's name, as in
 * feedback/unpack.h.
 */
bool pst_mime_read(struct pst_arena *arena, struct pst_str message,
    struct pst_mime *out, struct pst_err *err) PST_MUST_CHECK;

/* Returns what a Content-Transfer-Encoding field means. */
enum pst_mime_encoding pst_mime_encoding(struct pst_str word);

/* Returns the decoded body; faults in its transfer encoding are skipped. */
struct pst_str
pst_mime_decode(struct pst_arena *arena, const struct pst_mime_part *part);

/*
 * Takes the next field off *header: its name and everything after the colon.
 * Lines that do not belong to a field are skipped. False at the end.
 */
bool pst_mime_next_field(
    struct pst_str *header, struct pst_str *name, struct pst_str *value);

/* Returns the first field of that name, unfolded as below; empty if none. */
struct pst_str pst_mime_field(
    struct pst_arena *arena, struct pst_str header, const char *name);

/* Returns a field's value without line ends and trimmed, in the arena. */
struct pst_str pst_mime_unfold(struct pst_arena *arena, struct pst_str value);

/* Returns the header of a message, with the empty line that ends it. */
struct pst_str pst_mime_header(struct pst_str message);

/*
 * Returns a parameter of a value such as "text/xml; name=x"; empty if it is
 * absent. Follows RFC 2045 s. 5.1 and RFC 2231 s. 3 and 4; charsets are
 * ignored.
 */
struct pst_str pst_mime_parameter(
    struct pst_arena *arena, struct pst_str value, const char *name);

#endif
