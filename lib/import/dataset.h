/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_IMPORT_DATASET_H
#define PST_IMPORT_DATASET_H

/*
 * A data set of OpenDKIM (opendkim(8), DATA SETS): "file:PATH", "refile:PATH", a
 * plain path, or "csl:a=b,c=d". Those in databases and scripts are refused.
 */

#include "import/import.h"

enum pst_dataset_kind {
	PST_DATASET_LIST,     /* csl: */
	PST_DATASET_FILE,     /* keys are compared as they are */
	PST_DATASET_PATTERNS, /* refile: `*` in a key stands for any text */
};

struct pst_dataset_row {
	struct pst_str key;   /* up to the first blank */
	struct pst_str value; /* "": none */
	unsigned line;        /* of the file; 1 in a list */
	bool indented; /* a blank before the key: opendkim reads an empty key */
};

struct pst_dataset {
	enum pst_dataset_kind kind;
	const char *file; /* where the rows are: the path, or that of at */
	struct pst_dataset_row *rows;
	size_t count;
};

/*
 * Reads the data set that is at->value. base is the directory of relative paths
 * (BaseDirectory), NULL if there is none. False with a sentence in err, which
 * says what to do, for a kind that Postern does not read, for a file that cannot
 * be read, and for more than PST_IMPORT_MAX_ROWS rows.
 */
bool pst_dataset_read(struct pst_import *import, const struct pst_import_at *at,
    const char *base, struct pst_dataset *out,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * Takes the next line off *rest: without its comment and line end, and not
 * trimmed. False after the last one.
 */
bool pst_dataset_line(struct pst_str *rest, struct pst_str *line);

#endif
