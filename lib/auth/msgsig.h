/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_MSGSIG_H
#define PST_AUTH_MSGSIG_H

/*
 * The cryptography of DKIM-like signatures: hashes of a body that is streamed,
 * and signatures over text (RFC 6376, RFC 8463). What is signed, and by whom,
 * is up to the caller. SHA-256 is the only hash.
 */

#include "auth/dkim_tags.h"
#include "auth/msgsig_canon.h"
#include "mail/token.h"

/* The body hashes that the signatures of one message need. */
struct pst_msgsig_bodies;

#define PST_MSGSIG_WHOLE UINT64_MAX

/* Returns a set without hashes, in the arena. */
struct pst_msgsig_bodies *pst_msgsig_bodies_new(struct pst_arena *arena);

/*
 * Requests the hash of the first limit octets (l=) of the canonical body, or of
 * all of it (PST_MSGSIG_WHOLE); returns the number of the hash. A hash that was
 * requested before is not computed twice. Call it only before the first piece
 * of the body.
 */
size_t pst_msgsig_bodies_want(
    struct pst_msgsig_bodies *bodies, enum pst_canon canon, uint64_t limit);

void pst_msgsig_bodies_add(
    struct pst_msgsig_bodies *bodies, const char *ptr, size_t len);
/* Ends the body. Call it once. */
void pst_msgsig_bodies_end(struct pst_msgsig_bodies *bodies);

/* After the end: returns true if the hash equals bh, base64 without blanks. */
bool pst_msgsig_bodies_match(
    const struct pst_msgsig_bodies *bodies, size_t number, struct pst_str bh);
/* After the end: returns the hash in base64, as bh= has it, in the arena. */
const char *
pst_msgsig_bodies_hash(const struct pst_msgsig_bodies *bodies, size_t number);
/* After the end: returns the length of the canonical body, in octets. */
uint64_t
pst_msgsig_bodies_length(const struct pst_msgsig_bodies *bodies, size_t number);

/*
 * Returns value without anything between the equals sign and the semicolon of
 * that tag (RFC 6376 s. 3.7), in the arena. tag must have been read from value.
 */
struct pst_str pst_msgsig_without(
    struct pst_arena *arena, struct pst_str value, const struct pst_tag *tag);

/*
 * Returns true if signature (base64 without white space) is a valid signature
 * over text. key is a record that auth/dkim_key.h has normalized.
 */
bool
pst_msgsig_verify(struct pst_arena *arena, enum pst_dkim_algorithm algorithm,
    const char *key, struct pst_str text, struct pst_str signature);

#endif
