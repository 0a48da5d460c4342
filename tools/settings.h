/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_SETTINGS_H
#define PST_TOOLS_SETTINGS_H

/*
 * The gateway's configuration and resolver, for the commands that do what the
 * gateway does. Each function prints one sentence on standard error if it
 * fails.
 */

#include "core/service.h"

struct pst_settings {
	const char
	    *config_file;      /* NULL: the system's file, else the defaults */
	const char *zone_file; /* NULL: the DNS, or what the file says */
	const char *authserv_id; /* NULL: what the file says */
	bool has_now;
	int64_t now_epoch;
};

/*
 * What getopt_long() returns for these options. The values of
 * pst_envelope_option and of a command's own options are smaller.
 */
enum pst_settings_option {
	PST_OPT_ZONE = 1100,
	PST_OPT_CONFIG,
	PST_OPT_NOW,
};

/* Their rows in a command's table of options. */
/* clang-format off */
#define PST_SETTINGS_OPTIONS                                                   \
	{"zone", required_argument, NULL, PST_OPT_ZONE},                       \
	{"config", required_argument, NULL, PST_OPT_CONFIG},                   \
	{"now", required_argument, NULL, PST_OPT_NOW}
/* clang-format on */

/*
 * Takes the value of one of these options: option is what getopt_long()
 * returned, and text must outlive settings. Returns false, after one sentence
 * on standard error, if the value is wrong.
 */
bool pst_settings_take(const char *command, int option, const char *text,
    struct pst_settings *settings);

/*
 * Loads file_name; NULL means the system's file if it can be read, and
 * otherwise the defaults. *origin then names what was loaded, for messages.
 * Returns a reference; NULL on failure.
 */
struct pst_config *pst_settings_load(
    const char *command, const char *file_name, const char **origin);

/* Returns the clock that the settings ask for. */
struct pst_clock pst_settings_clock(const struct pst_settings *settings);

/*
 * Loads the configuration and starts a service with it; clock must outlive the
 * service. Returns NULL on failure.
 */
struct pst_service *
pst_settings_start(const char *command, const struct pst_settings *settings,
    struct pst_clock *clock, const char **origin);

#endif
