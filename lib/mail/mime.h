/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_MIME_H
#define PST_MAIL_MIME_H

/*
 * The parts of a report mail (RFC 2045, 2046): enough of MIME to find a report
 * in it, lenient about what mailers do, and bounded (R-SEC-16): so many parts,
 * so deep. Mail that goes through the gateway is never parsed like this.
 *
 * Lines end in LF or CRLF. All slices point into the message or the arena.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define PST_MIME_MAX_DEPTH 10
#define PST_MIME_MAX_PARTS 100
/* Of a field's value; what is behind is not looked at. */
#define PST_MIME_MAX_VALUE ((size_t)16 * 1024)

enum pst_mime_encoding {
	PST_MIME_AS_IS, /* 7bit, 8bit, binary, and what is not known */
	PST_MIME_BASE64,
	PST_MIME_QUOTED_PRINTABLE,
};

/* One that is not divided any further. */
struct pst_mime_part {
	struct pst_str header;
	struct pst_str body;
	const char *type; /* "text/xml", lower case; "text/plain" unless said */
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
 * Multiparts and attached messages (message/rfc822, when not encoded) are
 * opened; an attached message is a part itself, too, in front of its parts.
 * False with half a sentence in err, as in feedback/unpack.h, when a bound is
 * passed.
 */
bool pst_mime_read(struct pst_arena *arena, struct pst_str message,
    struct pst_mime *out, struct pst_err *err);

/* The body without its transfer encoding; faults in that are passed over. */
struct pst_str
pst_mime_decode(struct pst_arena *arena, const struct pst_mime_part *part);

/*
 * Takes the next field off *header: its name, and all behind the colon. Lines
 * that belong to no field are passed over. False at the end.
 */
bool pst_mime_next_field(
    struct pst_str *header, struct pst_str *name, struct pst_str *value);

/* The value of the first field of that name: unfolded, trimmed, or empty. */
struct pst_str pst_mime_field(
    struct pst_arena *arena, struct pst_str header, const char *name);

/* A field's value without line ends, trimmed. */
struct pst_str pst_mime_unfold(struct pst_arena *arena, struct pst_str value);

/* The header that a message begins with. */
struct pst_str pst_mime_header(struct pst_str message);

/*
 * A parameter of a value like "text/xml; name=x" (RFC 2045 s. 5.1, RFC 2231
 * s. 3 and 4 without charsets); empty when it is not there.
 */
struct pst_str pst_mime_parameter(
    struct pst_arena *arena, struct pst_str value, const char *name);

#endif
