/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_OPTION_H
#define PST_CONFIG_OPTION_H

/*
 * The one table of configuration options. The parser, the defaults, the printed
 * effective configuration, and the check that every option stands in the man page
 * and in the sample are all made from it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

enum pst_option_type {
	PST_OPTION_TEXT,     /* const char *; "" stands for not set */
	PST_OPTION_NUMBER,   /* unsigned, between min and max */
	PST_OPTION_DURATION, /* unsigned milliseconds: "5s", "250ms", "2min" */
	PST_OPTION_SECONDS,  /* the same, unsigned seconds */
	PST_OPTION_SIZE,     /* size_t octets: "64k", "8M", "4096" */
	PST_OPTION_OCTAL,    /* unsigned, a file mode */
	PST_OPTION_SWITCH,   /* bool: yes/no, on/off, true/false */
	PST_OPTION_WORD,     /* int, one of `words` */
	PST_OPTION_TEXTS,    /* struct pst_texts */
	PST_OPTION_DOMAINS,  /* struct pst_texts, each in normal form */
	PST_OPTION_NETWORKS, /* struct pst_networks; also "@/file" */
	PST_OPTION_DOMAIN_SET, /* struct pst_domains: .example.com, "@/file" */
};

struct pst_option_word {
	const char *word; /* NULL ends the list */
	int value;
};

struct pst_option {
	const char *section; /* NULL: top level */
	const char *name;
	enum pst_option_type type;
	size_t offset;       /* in struct pst_config */
	const char *initial; /* default as it would stand in a file; lists:
	                        parts separated by a comma */
	uint64_t min, max;   /* of numbers, durations (ms), sizes, modes */
	const struct pst_option_word *words;
	/* Extra check of the parsed text; NULL when none. False with *why. */
	bool (*valid)(const char *text, const char **why);
	bool at_start;     /* takes effect at start only, not on reload */
	bool per_listener; /* a section `listener` may set it; no list */
};

extern const struct pst_option pst_options[];
extern const size_t pst_option_count;

/* The sections, in the order of the table, NULL at the end. */
extern const char *const pst_option_sections[];

/* The one of that name, as it stands in the list; NULL: there is none. */
const char *pst_option_section(const char *name);

/* "dns.query-timeout", "mode"; buf takes it. */
const char *
pst_option_path(const struct pst_option *option, char *buf, size_t size);

/* Index of the option of that section (NULL: top level); pst_option_count: none. */
size_t pst_option_find(const char *section, const char *name);

#endif
