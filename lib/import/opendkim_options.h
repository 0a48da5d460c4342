/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_IMPORT_OPENDKIM_OPTIONS_H
#define PST_IMPORT_OPENDKIM_OPTIONS_H

/* The options of opendkim.conf, and what becomes of each. */

#include "import/import.h"

enum pst_opendkim_type {
	PST_OPENDKIM_TEXT,
	PST_OPENDKIM_SWITCH, /* yes or no, by the first letter */
	PST_OPENDKIM_NUMBER,
};

/* What has the last word on an option. */
enum pst_opendkim_fate {
	PST_OPENDKIM_DROP,   /* unneeded; text says why */
	PST_OPENDKIM_CHANGE, /* text and now */
	PST_OPENDKIM_ASK,    /* text */
	PST_OPENDKIM_VERIFY, /* ask, but unneeded if the mode is only s */
	PST_OPENDKIM_OWN,    /* import/opendkim.c decides */
	PST_OPENDKIM_GONE,   /* opendkim does not start with it */
};

struct pst_opendkim_option {
	const char *name; /* as the manual spells it */
	enum pst_opendkim_type type;
	enum pst_opendkim_fate fate;
	const char *text;
	const char *now;
	/* A value with which nothing has to be said: NULL, or "no". */
	const char *harmless;
};

/* The option of that name, without case; NULL if opendkim has none. */
const struct pst_opendkim_option *pst_opendkim_option(struct pst_str name);

/* All of them, in the order of their names. */
extern const struct pst_opendkim_option pst_opendkim_options[];
extern const size_t pst_opendkim_option_count;

#endif
