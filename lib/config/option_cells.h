/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CONFIG_OPTION_CELLS_H
#define PST_CONFIG_OPTION_CELLS_H

/* How the rows of config/option_table.c are written; for that file only. */

#include "config/option.h"

/*
 * The place of a member of struct pst_config. It does not compile if the member
 * is not of the C type that the option's type stores. To C an enum and the
 * integer type that holds it are compatible, so unsigned members and enums are
 * told apart by the reader only; two enums are not compatible.
 */
#define PLACE(member, c_type)                                                  \
	_Generic(&((struct pst_config *)NULL)->member, c_type *                \
		 : offsetof(struct pst_config, member))
/* It does not compile if the enum is not stored as an unsigned either. */
#define ENUM_PLACE(member, an_enum)                                            \
	_Generic((enum an_enum *)NULL, unsigned * : PLACE(member, enum an_enum))
#define STORED(kind, member, c_type)                                           \
	.type = PST_OPTION_##kind, .offset = PLACE(member, c_type)
#define RANGE(low, high) .min = (low), .max = (high)

/* Type, member, and what that type needs besides. Limits of times are in ms. */
#define TEXT(member) STORED(TEXT, member, const char *)
#define NUMBER(member, low, high)                                              \
	STORED(NUMBER, member, unsigned), RANGE(low, high)
#define DURATION(member, low, high)                                            \
	STORED(DURATION, member, unsigned), RANGE(low, high)
#define SECONDS(member, low, high)                                             \
	STORED(SECONDS, member, unsigned), RANGE(low, high)
#define SIZE(member, low, high) STORED(SIZE, member, size_t), RANGE(low, high)
#define OCTAL(member, high) STORED(OCTAL, member, unsigned), RANGE(0, high)
#define SWITCH(member) STORED(SWITCH, member, bool)
#define WORD(member, an_enum, list)                                            \
	.type = PST_OPTION_WORD, .offset = ENUM_PLACE(member, an_enum),        \
	.words = pst_choices_##list
#define PREFIX(member, low, high)                                              \
	STORED(PREFIX, member, unsigned), RANGE(low, high)
#define TEXTS(member) STORED(TEXTS, member, struct pst_texts)
#define DOMAINS(member) STORED(DOMAINS, member, struct pst_texts)
#define NETWORKS(member) STORED(NETWORKS, member, struct pst_networks)
#define DOMAIN_SET(member) STORED(DOMAIN_SET, member, struct pst_domains)
#define LOGINS(member) STORED(LOGINS, member, struct pst_logins)

/* A whole row: what is done about a finding, which may differ by listener. */
#define ACTION(option, member, list, word)                                     \
	{                                                                      \
		.name = (option), WORD(member, pst_action, list),              \
		.initial = (word), .per_listener = true                        \
	}

/* The same for a switch. */
#define LISTENER_SWITCH(option, member, word)                                  \
	{                                                                      \
		.name = (option), SWITCH(member), .initial = (word),           \
		.per_listener = true                                           \
	}

#define UINT_LIMIT 1000000
#define SECOND_MS UINT64_C(1000)
#define HOUR_MS (3600 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)

#endif
