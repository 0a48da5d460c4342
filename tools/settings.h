/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_SETTINGS_H
#define PST_TOOLS_SETTINGS_H

/*
 * The gateway's configuration and resolver, for the commands that do what the
 * gateway does. Each function prints one sentence on standard error when it
 * fails.
 */

#include "core/service.h"

struct pst_settings {
	const char *config_file; /* NULL: the system's, else the defaults */
	const char *zone_file;   /* NULL: the DNS, or what the file says */
	const char *authserv_id; /* NULL: what the file says */
	bool has_now;
	int64_t now_epoch;
};

/* --now: seconds since 1970. */
bool pst_settings_now(
    const char *command, const char *text, struct pst_settings *settings);

/*
 * Loads file_name; NULL stands for the system's file when it can be read and
 * for the defaults when not. *origin then says which, for printing. NULL on
 * failure.
 */
struct pst_config *pst_settings_load(
    const char *command, const char *file_name, const char **origin);

/* The clock that the settings ask for. */
struct pst_clock pst_settings_clock(const struct pst_settings *settings);

/* Loads and starts; clock must outlive the service. NULL on failure. */
struct pst_service *
pst_settings_start(const char *command, const struct pst_settings *settings,
    struct pst_clock *clock, const char **origin);

#endif
