/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_UNPACK_H
#define PST_FEEDBACK_UNPACK_H

/*
 * Unpacks reports of others: gzip, or a zip file with one member
 * (RFC 9990 s. 3.5.2, R-AGG-32). Their cost is limited before a parser sees
 * them: bombs are stopped at a limit, and what is packed twice is refused.
 *
 * Members of a zip file must be stored or deflated; no other method is read. A
 * gzip file that is cut short is refused. Its checksum is not checked; the
 * parser must make sense of the content anyway.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

struct pst_unpack_limits {
	size_t max_packed_bytes;
	size_t max_bytes; /* unpacked */
	size_t max_ratio; /* unpacked octets for each packed one */
};

#define PST_UNPACK_MAX_PACKED_BYTES ((size_t)10 * 1024 * 1024)
#define PST_UNPACK_MAX_BYTES ((size_t)50 * 1024 * 1024)
#define PST_UNPACK_MAX_RATIO ((size_t)200)

/* The limits above. */
extern const struct pst_unpack_limits pst_unpack_limits;

/* Return whether the octets begin like such a file. */
bool pst_unpack_is_gzip(struct pst_str octets);
bool pst_unpack_is_zip(struct pst_str octets);

/*
 * Unpacks octets of either kind. *out is the content, in the arena. Returns
 * false, with nothing left in the arena and half a sentence in err that follows
 * the name of what was read: "is packed more than once; ...".
 */
bool pst_unpack(struct pst_arena *arena, struct pst_str packed,
    const struct pst_unpack_limits *limits, struct pst_str *out,
    struct pst_err *err) PST_MUST_CHECK;

#endif
