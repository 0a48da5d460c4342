/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_UNPACK_H
#define PST_FEEDBACK_UNPACK_H

/*
 * Reports of others out of their packing: gzip, or a zip file with one member
 * (RFC 9990 s. 3.5.2, R-AGG-32). What they may cost is bounded before a
 * parser sees them: bombs end at a limit, and what is packed twice is refused.
 *
 * Of a zip file, members that are stored or deflated are read, and no other
 * method. A gzip file that was cut short is refused; its checksum is not
 * looked at, what it holds must make sense to the parser.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct pst_unpack_limits {
	size_t max_packed_bytes;
	size_t max_bytes; /* unpacked */
	size_t max_ratio; /* unpacked octets for each packed one */
};

#define PST_UNPACK_MAX_PACKED_BYTES ((size_t)10 * 1024 * 1024)
#define PST_UNPACK_MAX_BYTES ((size_t)50 * 1024 * 1024)
#define PST_UNPACK_MAX_RATIO ((size_t)200)

/* These numbers. */
extern const struct pst_unpack_limits pst_unpack_limits;

/* What these octets begin like. */
bool pst_unpack_is_gzip(struct pst_str octets);
bool pst_unpack_is_zip(struct pst_str octets);

/*
 * Octets of one of both kinds; *out is the content, in the arena. False, and
 * nothing in the arena, with half a sentence in err that goes behind the name
 * of what was read: "... is packed 1000:1 ...".
 */
bool pst_unpack(struct pst_arena *arena, struct pst_str packed,
    const struct pst_unpack_limits *limits, struct pst_str *out,
    struct pst_err *err);

#endif
