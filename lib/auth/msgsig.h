/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_MSGSIG_H
#define PST_AUTH_MSGSIG_H

/*
 * The cryptography of signatures in the manner of DKIM: hashes of a body that
 * streams through, and signatures over text (RFC 6376, RFC 8463). What is
 * signed, and by whom, is the caller's business; SHA-256 is the only hash.
 */

#include "auth/dkim_tags.h"
#include "auth/msgsig_canon.h"
#include "mail/token.h"

/* The hashes that the signatures of one message want of its body. */
struct pst_msgsig_bodies;

#define PST_MSGSIG_WHOLE UINT64_MAX

/* Lives in the arena. */
struct pst_msgsig_bodies *pst_msgsig_bodies_new(struct pst_arena *arena);

/*
 * Asks for the hash of the first limit octets (l=) of the canonical body;
 * returns its number. What was asked for before is not worked out twice. Only
 * before the first piece of the body.
 */
size_t pst_msgsig_bodies_want(
    struct pst_msgsig_bodies *bodies, enum pst_canon canon, uint64_t limit);

void pst_msgsig_bodies_add(
    struct pst_msgsig_bodies *bodies, const char *ptr, size_t len);
/* The end of the body; once. */
void pst_msgsig_bodies_end(struct pst_msgsig_bodies *bodies);

/* After the end: the hash is the one in bh (base64 without white space). */
bool pst_msgsig_bodies_match(
    const struct pst_msgsig_bodies *bodies, size_t number, struct pst_str bh);
/* After the end: octets of the canonical body, whatever the limit. */
uint64_t
pst_msgsig_bodies_length(const struct pst_msgsig_bodies *bodies, size_t number);

/*
 * value with all between the equals sign and the semicolon of that tag left
 * out (s. 3.7), in the arena. tag was read from value.
 */
struct pst_str pst_msgsig_without(
    struct pst_arena *arena, struct pst_str value, const struct pst_tag *tag);

/*
 * True when signature (base64 without white space) is one over text. key is a
 * record as auth/dkim_key.h normalizes it.
 */
bool
pst_msgsig_verify(struct pst_arena *arena, enum pst_dkim_algorithm algorithm,
    const char *key, struct pst_str text, struct pst_str signature);

#endif
