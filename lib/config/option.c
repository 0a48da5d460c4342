/* SPDX-License-Identifier: BSD-2-Clause */
#include "config/option.h"

#include <stdio.h>
#include <string.h>

const char *const pst_option_sections[] = {"dns", "iprev", "spf", "dkim",
    "dmarc", "arc", "header", "store", "journal", "reports", "failure-reports",
    "canary", "log", NULL};

const char *
pst_option_section(const char *name)
{
	for (size_t i = 0; pst_option_sections[i] != NULL; i++) {
		if (strcmp(pst_option_sections[i], name) == 0)
			return pst_option_sections[i];
	}
	return NULL;
}

const char *
pst_option_path(const struct pst_option *option, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s%s%s",
	    option->section == NULL ? "" : option->section,
	    option->section == NULL ? "" : ".", option->name);
	return buf;
}

static bool
same_section(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

size_t
pst_option_find(const char *section, const char *name)
{
	size_t i;

	for (i = 0; i < pst_option_count; i++) {
		if (same_section(pst_options[i].section, section) &&
		    strcmp(pst_options[i].name, name) == 0)
			break;
	}
	return i;
}
