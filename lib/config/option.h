/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_OPTION_H
#define PST_CONFIG_OPTION_H

/*
 * The table of all configuration options. The parser, the defaults and the
 * output of `postern config show` are made from it, and tests/check-options
 * compares it with the manual page and with the sample configuration.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

enum pst_option_type {
	PST_OPTION_TEXT,     /* const char *; "" means not set */
	PST_OPTION_NUMBER,   /* unsigned, between min and max */
	PST_OPTION_DURATION, /* unsigned milliseconds: "5s", "250ms", "2min" */
	PST_OPTION_SECONDS,  /* the same, but stored in seconds */
	PST_OPTION_SIZE,     /* size_t octets: "64k", "8M", "4096" */
	PST_OPTION_OCTAL,    /* unsigned, written in octal: a umask */
	PST_OPTION_PREFIX,   /* unsigned bits of a network: "/8" */
	PST_OPTION_SWITCH,   /* bool: yes/no, on/off, true/false */
	PST_OPTION_WORD,     /* an enum, one of `words` */
	PST_OPTION_TEXTS,    /* struct pst_texts */
	PST_OPTION_DOMAINS,  /* struct pst_texts: domains in normal form */
	PST_OPTION_NETWORKS, /* struct pst_networks; also "@/file" */
	PST_OPTION_DOMAIN_SET, /* struct pst_domains: .example.com, "@/file" */
	PST_OPTION_LOGINS,     /* struct pst_logins: "LOGIN DOMAIN", "@/file" */
};

struct pst_option {
	const char *section; /* NULL: top level */
	const char *name;
	enum pst_option_type type;
	size_t offset;       /* in struct pst_config */
	const char *initial; /* the default as written in a file; of a list,
	                        its parts separated by commas */
	uint64_t min, max;   /* of numbers, sizes, and durations in ms;
	                        of PST_OPTION_OCTAL, only max is used */
	const struct pst_choice *words; /* of PST_OPTION_WORD */
	/*
	 * An extra check of a value, or of each part of a list; NULL if there
	 * is none. Returns false, with a sentence in *why, for a bad value.
	 */
	bool (*valid)(const char *text, const char **why);
	bool may_name_spf;      /* of PST_OPTION_NETWORKS: an entry may be
	                      "spf:DOMAIN", the networks in the SPF record of
	                      that domain (config/sets.h) */
	bool may_hold_password; /* is shown through config/mask.h */
	bool at_start;     /* takes effect only at a start, not at a reload */
	bool per_listener; /* may be set in a section `listener`; not a list,
	                      and not at_start */
};

extern const struct pst_option pst_options[];
extern const size_t pst_option_count;

/* The names of the sections, in the order of the table, NULL at the end. */
extern const char *const pst_option_sections[];

/* Returns the entry of that list that equals name, NULL if there is none. */
const char *pst_option_section(const char *name);

/* Writes "dns.query-timeout", "mode" etc. to buf, and returns buf. */
const char *
pst_option_path(const struct pst_option *option, char *buf, size_t size);

/*
 * Returns the index of an option in pst_options, pst_option_count if there is
 * no such option. section is NULL for the top level.
 */
size_t pst_option_find(const char *section, const char *name);

#endif
