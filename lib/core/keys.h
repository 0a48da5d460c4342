/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_KEYS_H
#define PST_CORE_KEYS_H

/*
 * The one table of configuration keys. The parser, the defaults, the printed
 * effective configuration, and the check that every key stands in the man page
 * and in the sample are all made from it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config.h"

enum pst_key_type {
	PST_KEY_TEXT,       /* const char *; "" stands for not set */
	PST_KEY_NUMBER,     /* unsigned, between min and max */
	PST_KEY_DURATION,   /* unsigned milliseconds: "5s", "250ms", "2min" */
	PST_KEY_SECONDS,    /* the same, unsigned seconds */
	PST_KEY_SIZE,       /* size_t octets: "64k", "8M", "4096" */
	PST_KEY_OCTAL,      /* unsigned, a file mode */
	PST_KEY_SWITCH,     /* bool: yes/no, on/off, true/false */
	PST_KEY_WORD,       /* int, one of `words` */
	PST_KEY_TEXTS,      /* struct pst_texts */
	PST_KEY_DOMAINS,    /* struct pst_texts, each in normal form */
	PST_KEY_NETWORKS,   /* struct pst_networks; also "@/file" */
	PST_KEY_DOMAIN_SET, /* struct pst_domains: .example.com, "@/file" */
};

struct pst_key_word {
	const char *word; /* NULL ends the list */
	int value;
};

struct pst_key {
	const char *section; /* NULL: top level */
	const char *name;
	enum pst_key_type type;
	size_t offset;       /* in struct pst_config */
	const char *initial; /* default as it would stand in a file; lists:
	                        parts separated by a comma */
	uint64_t min, max;   /* of numbers, durations (ms), sizes, modes */
	const struct pst_key_word *words;
	/* Extra check of the parsed text; NULL when none. False with *why. */
	bool (*valid)(const char *text, const char **why);
	bool at_start;     /* takes effect at start only, not on reload */
	bool per_listener; /* a section `listener` may set it; no list */
};

extern const struct pst_key pst_keys[];
extern const size_t pst_key_count;

/* The sections, in the order of the table, NULL at the end. */
extern const char *const pst_key_sections[];

/* The one of that name, as it stands in the list; NULL: there is none. */
const char *pst_key_section(const char *name);

/* "dns.query-timeout", "mode"; buf takes it. */
const char *pst_key_path(const struct pst_key *key, char *buf, size_t size);

/* Index of the key of that section (NULL: top level); pst_key_count: none. */
size_t pst_key_find(const char *section, const char *name);

#endif
