/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_DMARC_RECORD_H
#define PST_AUTH_DMARC_RECORD_H

/* One DMARC policy record (RFC 9989 s. 4.7, 4.8; R-DMARC-10 to -19). */

#include "base/arena.h"
#include "base/str.h"

enum pst_dmarc_policy {
	PST_DMARC_NONE,
	PST_DMARC_QUARANTINE,
	PST_DMARC_REJECT,
};

enum pst_dmarc_psd {
	PST_DMARC_PSD_U,
	PST_DMARC_PSD_Y,
	PST_DMARC_PSD_N,
};

#define PST_DMARC_MAX_URIS 20
#define PST_DMARC_MAX_RECORD 4096
#define PST_DMARC_MAX_TAGS 64

struct pst_dmarc_record {
	struct pst_str text; /* the record, cut if too long; in the arena */
	bool repeated_tag;   /* unusable: counts as no record (R-DMARC-17) */
	bool usable_policy;  /* p, sp, np are as below; false: R-DMARC-16 */
	bool has_p, has_sp, has_np;
	enum pst_dmarc_policy p, sp, np; /* with defaults: sp = p, np = sp */
	bool adkim_strict;
	bool aspf_strict;
	bool test; /* t=y */
	enum pst_dmarc_psd psd;
	const char *fo;   /* "0", "1:d:s", ...; "0" by default; it has no
	                        meaning when ruf_count is 0 (R-DMARC-15) */
	const char **rua; /* usable mailto URIs, size suffix dropped */
	size_t rua_count;
	const char **ruf;
	size_t ruf_count;
	bool limited;      /* some part exceeded a limit and is not used */
	const char *fault; /* fixed text for a report's error element; or
	                        NULL */
};

/* Returns "none", "quarantine" or "reject". */
const char *pst_dmarc_policy_word(enum pst_dmarc_policy policy);
const char *pst_dmarc_psd_word(enum pst_dmarc_psd psd); /* "u", "y", "n" */

/*
 * Parses one TXT record. Returns false if it is not a DMARC record at all; *out
 * is then undefined.
 */
bool pst_dmarc_record_parse(
    struct pst_arena *arena, struct pst_str text, struct pst_dmarc_record *out);

#endif
