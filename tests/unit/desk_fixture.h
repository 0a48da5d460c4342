/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_DESK_FIXTURE_H
#define PST_TESTS_DESK_FIXTURE_H

/*
 * Surveys of a zone, some of whose TXT records are replaced: by those of a test,
 * or by those that an earlier survey has proposed.
 */

#include "survey/survey.h"

#define DESK_MAX_TEXTS 20

#define DESK_KEY "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define DESK_RUA "rua=mailto:d@example.com"
#define GOOD_SPF "v=spf1 mx -all"
#define GOOD_DMARC "v=DMARC1; p=reject; " DESK_RUA
#define GOOD_DKIM "v=DKIM1; k=ed25519; p=" DESK_KEY
#define DESK_DKIM_NAME "s1._domainkey.example.com"

struct desk {
	struct pst_resolver resolver; /* first */
	struct pst_resolver *zone;
	struct {
		const char *name;
		struct pst_str texts[2]; /* the second may be missing */
	} fixed[4];
	size_t fixed_count;
	const struct pst_survey *proposal; /* NULL: nothing is published */
};

struct desk_texts {
	struct pst_str items[DESK_MAX_TEXTS];
	size_t count;
	bool changed;
};

/* Hosts of example.com and some domains to include, without its TXT records. */
extern const char desk_zone[];

void desk_open(struct desk *desk, const char *zone);
/* Everything that was surveyed must be freed before. */
void desk_close(struct desk *desk);

/* The name has this TXT record, and no other. */
void desk_fix(struct desk *desk, const char *name, struct pst_str text);

/* Adds a text to the list. */
void desk_add(struct desk_texts *texts, struct pst_str text);

/* Reads the TXT records of a name of the zone itself. */
void desk_read(struct pst_arena *arena, struct desk *desk, struct pst_str name,
    struct desk_texts *out);

/* selector NULL: the common ones are tried. */
void desk_survey(struct pst_arena *arena, struct desk *desk, const char *domain,
    const char *selector, struct pst_survey *out);

#endif
