/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/settings.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "dns/zone.h"
#include "tools/argument.h"
#include "tools/ui.h"

/* The end of the year 9999, which every calendar function can handle. */
#define MAX_EPOCH 253402300799

/* Takes the value of --now, in seconds since 1970. */
static bool
take_now(const char *command, const char *text, struct pst_settings *settings)
{
	uint64_t epoch;

	if (!pst_argument_number(command,
		(struct pst_argument_range){"--now", 0, MAX_EPOCH}, text,
		&epoch))
		return false;
	settings->has_now = true;
	settings->now_epoch = (int64_t)epoch;
	return true;
}

bool
pst_settings_take(const char *command, int option, const char *text,
    struct pst_settings *settings)
{
	if (option == PST_OPT_NOW)
		return take_now(command, text, settings);
	assert(option == PST_OPT_ZONE || option == PST_OPT_CONFIG);
	if (option == PST_OPT_ZONE)
		settings->zone_file = text;
	else
		settings->config_file = text;
	return true;
}

/* Names the defaults, and why they are used. */
static const char *
defaults_because(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "built-in defaults, because " PST_CONFIG_DEFAULT_FILE
		       " does not exist";
	case EACCES:
		return "built-in defaults, because this user may not "
		       "read " PST_CONFIG_DEFAULT_FILE;
	default:
		return "built-in defaults, because " PST_CONFIG_DEFAULT_FILE
		       " cannot be read";
	}
}

struct pst_config *
pst_settings_load(
    const char *command, const char *file_name, const char **origin)
{
	struct pst_err err;

	*origin = file_name;
	if (file_name == NULL && access(PST_CONFIG_DEFAULT_FILE, R_OK) == 0)
		*origin = file_name = PST_CONFIG_DEFAULT_FILE;
	else if (file_name == NULL)
		*origin = defaults_because(errno);
	struct pst_config *config = pst_config_load(file_name, &err);
	if (config == NULL)
		pst_ui_fail(command, "%s", err.text);
	return config;
}

struct pst_clock
pst_settings_clock(const struct pst_settings *settings)
{
	if (settings->has_now)
		return pst_clock_manual(settings->now_epoch);
	return pst_clock_system;
}

struct pst_service *
pst_settings_start(const char *command, const struct pst_settings *settings,
    struct pst_clock *clock, const char **origin)
{
	struct pst_config *config =
	    pst_settings_load(command, settings->config_file, origin);
	struct pst_err err;

	if (config == NULL)
		return NULL;
	/* Nothing else uses this configuration yet, so it may be changed. */
	if (settings->authserv_id != NULL)
		config->authserv_id = settings->authserv_id;
	if (settings->zone_file == NULL) {
		struct pst_service *service =
		    pst_service_start(config, clock, &err);
		if (service == NULL)
			pst_ui_fail(command, "%s", err.text);
		return service;
	}
	struct pst_resolver *zone = pst_zone_load(settings->zone_file, &err);
	if (zone == NULL) {
		pst_ui_fail(command, "%s", err.text);
		pst_config_unref(config);
		return NULL;
	}
	return pst_service_start_with(config, zone, clock);
}
