/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_IMPORT_OPENDKIM_OWN_H
#define PST_IMPORT_OPENDKIM_OWN_H

/* The options of opendkim.conf whose value matters for the result. */

#include "import/opendkim_options.h"

struct pst_opendkim_setting {
	const struct pst_opendkim_option *option;
	struct pst_import_at at;
	bool in_effect; /* false: a later line sets the option again */
};

struct pst_opendkim_settings {
	struct pst_import *import;
	struct pst_opendkim_setting *items; /* in the order of the files */
	size_t count, room;
	unsigned includes;    /* files read because of Include */
	bool signs, verifies; /* Mode */
	const char *base;     /* BaseDirectory; NULL: none */
};

/* Returns the setting that is in effect; NULL if the option is not set. */
const struct pst_opendkim_setting *pst_opendkim_setting(
    const struct pst_opendkim_settings *settings, const char *name);

/* True if a switch is on. */
bool pst_opendkim_is_on(
    const struct pst_opendkim_settings *settings, const char *name);

/* Adds what a setting with PST_OPENDKIM_OWN becomes. */
void pst_opendkim_own(const struct pst_opendkim_settings *settings,
    const struct pst_opendkim_setting *setting);

#endif
