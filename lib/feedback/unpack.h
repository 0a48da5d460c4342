/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_FEEDBACK_UNPACK_H
#define PST_FEEDBACK_UNPACK_H

/*
 * Unpacks reports of others: gzip, or a zip file (RFC 9990 s. 3.5.2,
 * R-AGG-32). Their cost is limited before a parser sees them: bombs are stopped
 * at a limit.
 *
 * Members of a zip file must be stored or deflated; no other method is read.
 * Folders, and the shadow files of macOS (__MACOSX/, ._NAME), are passed over. A
 * gzip file that is cut short is refused. Its checksum is not checked; the
 * parser must make sense of the content anyway. One call takes off one layer of
 * packing.
 */

#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

/*
 * What may still be unpacked. One budget serves everything in one document, so
 * that neither many attachments nor many layers multiply the cost.
 */
struct pst_unpack_budget {
	size_t packed_bytes; /* of one file */
	size_t bytes;        /* unpacked, of all */
	size_t members;      /* of all zip files */
};

#define PST_UNPACK_MAX_PACKED_BYTES ((size_t)10 * 1024 * 1024)
#define PST_UNPACK_MAX_BYTES ((size_t)50 * 1024 * 1024)
#define PST_UNPACK_MAX_MEMBERS ((size_t)1000)

/* The budget of one document: the limits above. */
extern const struct pst_unpack_budget pst_unpack_budget;

/* Return whether the octets begin like such a file. */
bool pst_unpack_is_gzip(struct pst_str octets);
bool pst_unpack_is_zip(struct pst_str octets);

struct pst_unpack_visitor {
	/*
	 * Called with the beginning of a member (64 KB or all of it). If it
	 * returns false, the rest is not unpacked.
	 */
	bool (*wanted)(void *arg, struct pst_str beginning);
	/* Called with the content of a wanted member, valid during the call. */
	void (*member)(void *arg, struct pst_str content);
	void *arg;
};

enum pst_unpack_result {
	PST_UNPACK_READ,
	/* Damaged, encrypted, empty, or not a file that we unpack. */
	PST_UNPACK_UNREADABLE,
	PST_UNPACK_TOO_LARGE, /* a member that was wanted passes the budget */
};

/*
 * Unpacks octets of either kind and visits the members that are wanted, maybe
 * none. Unless the result is PST_UNPACK_READ, err gets half a sentence that
 * follows the name of what was read; members before the fault were visited. A
 * member that cannot be read matters only if none was visited.
 */
enum pst_unpack_result
pst_unpack(struct pst_str packed, struct pst_unpack_budget *budget,
    struct pst_unpack_visitor visitor, struct pst_err *err) PST_MUST_CHECK;

#endif
