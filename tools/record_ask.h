/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TOOLS_RECORD_ASK_H
#define PST_TOOLS_RECORD_ASK_H

/* What `postern record` is to make: from options, or asked on a terminal. */

#include "survey/key_pair.h"
#include "survey/make_record.h"
#include "tools/settings.h"

#define PST_RECORD_MAX_LIST 50

struct pst_record_list {
	const char *items[PST_RECORD_MAX_LIST];
	size_t count;
};

enum pst_record_kind {
	PST_RECORD_SPF,
	PST_RECORD_DKIM,
	PST_RECORD_DMARC,
};

struct pst_record_request {
	struct pst_arena *arena;
	enum pst_record_kind kind;
	const char *domain; /* in normal form */
	bool any;           /* an option says what to make */
	struct pst_settings settings;
	/* SPF */
	struct pst_net nets[PST_RECORD_MAX_LIST];
	size_t net_count;
	struct pst_record_list includes;
	bool mx, a;
	char all;
	/* DMARC; the lists of dmarc are set from rua and ruf */
	struct pst_make_dmarc dmarc;
	bool has_policy;
	struct pst_record_list rua, ruf;
	bool from_current;
	/* DKIM */
	const char *selector, *key_file;
	enum pst_key_type type;
	unsigned bits;
	bool verify;
};

/*
 * Take one value, which must outlive the request. If it is wrong, they print one
 * sentence on standard error and return false.
 */
bool
pst_record_add(struct pst_record_list *list, const char *item) PST_MUST_CHECK;
bool pst_record_add_network(
    struct pst_record_request *request, const char *text) PST_MUST_CHECK;
bool pst_record_take_policy(
    const char *text, enum pst_dmarc_policy *out) PST_MUST_CHECK;
bool
pst_record_take_type(const char *text, enum pst_key_type *out) PST_MUST_CHECK;

/*
 * Asks on the terminal for what the kind of record requires; an empty answer is
 * the default. Returns false, after a sentence, if the input ends.
 */
bool pst_record_ask(struct pst_record_request *request) PST_MUST_CHECK;

#endif
