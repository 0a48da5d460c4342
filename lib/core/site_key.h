/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_SITE_KEY_H
#define PST_CORE_SITE_KEY_H

/*
 * The secret of this installation, in the file `enforce-secret-file`: 64
 * hexadecimal digits. It decides which messages `enforce-percent` selects, so
 * that no sender can aim at the share that is not enforced. Gateways with the
 * same file treat a message the same way.
 */

#include "base/err.h"
#include "base/macros.h"
#include "config/config.h"

struct pst_site_key {
	unsigned char octets[32];
};

/*
 * Reads the file. False with a sentence in err if that fails, for example
 * because the file belongs to another user.
 */
bool pst_site_key_read(const struct pst_config *config,
    struct pst_site_key *key, struct pst_err *err) PST_MUST_CHECK;

/*
 * The same, but makes the file with random octets if there is none. Several
 * processes may do so at the same time; all of them get the same key.
 */
bool pst_site_key_make(const struct pst_config *config,
    struct pst_site_key *key, struct pst_err *err) PST_MUST_CHECK;

/* Sets a random key that is in no file. It differs from process to process. */
void pst_site_key_random(struct pst_site_key *key);

#endif
