/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_IMPORT_OPENDKIM_KEYS_H
#define PST_IMPORT_OPENDKIM_KEYS_H

/* OpenDKIM's KeyTable: names, each with a domain, a selector and a key. */

#include "import/dataset.h"

struct pst_opendkim_keys {
	struct pst_arena *arena;
	struct pst_dataset set;
	const char *base; /* BaseDirectory; NULL: none */
	bool *used;       /* by row */
};

/* What a key is for one From domain. */
struct pst_opendkim_signature {
	const struct pst_dataset_row *row; /* of the KeyTable */
	const char *domain; /* d=, normal form; NULL: the From domain (`%`) */
	const char *selector;
	const char *file; /* absolute; with `%` for the From domain if that is
	                     not known */
	bool file_varies; /* it has such a `%` */
};

/*
 * Finds the key of that name. from is the From domain, NULL if it may be any one.
 * False with a sentence in err, without any part of a key that is written into
 * the table itself: there is no such name, or it has no counterpart.
 */
bool pst_opendkim_keys_find(struct pst_opendkim_keys *keys, struct pst_str name,
    const char *from, struct pst_opendkim_signature *out,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * The path of a key file: absolute, and safe in a string. NULL with a sentence
 * in err.
 */
const char *pst_opendkim_key_file(struct pst_arena *arena, struct pst_str path,
    const char *base, struct pst_err *err) PST_MUST_CHECK;

/* Adds a remark for each line that nothing uses. */
void pst_opendkim_keys_unused(
    const struct pst_opendkim_keys *keys, struct pst_import *import);

#endif
