/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_STORE_H
#define PST_TOOLS_STORE_H

/* The parts of `postern store`. */

#include "config/config.h"

struct pst_store_request {
	const char *config_file; /* NULL: the system's file */
	bool json;
	bool csv;
	int64_t day;        /* < 0: all */
	const char *domain; /* "": all */
};

/* Each prints what was asked for and returns the exit status. */
int pst_store_info(
    const struct pst_config *config, const struct pst_store_request *request);
int pst_store_export(
    const struct pst_config *config, const struct pst_store_request *request);

/* Returns the size of a store in octets, with its write-ahead log. */
uint64_t pst_store_file_size(const char *path);

#endif
