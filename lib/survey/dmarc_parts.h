/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_DMARC_PARTS_H
#define PST_SURVEY_DMARC_PARTS_H

/* What the files that examine the text of a DMARC record share. */

#include "auth/dmarc_record.h"
#include "survey/dmarc_text.h"

/* The tags of RFC 9989 s. 4.8, and those of RFC 7489 that it removed. */
enum pst_dmarc_tag {
	PST_DMARC_TAG_V,
	PST_DMARC_TAG_P,
	PST_DMARC_TAG_SP,
	PST_DMARC_TAG_NP,
	PST_DMARC_TAG_ADKIM,
	PST_DMARC_TAG_ASPF,
	PST_DMARC_TAG_T,
	PST_DMARC_TAG_PSD,
	PST_DMARC_TAG_FO,
	PST_DMARC_TAG_RUA,
	PST_DMARC_TAG_RUF,
	PST_DMARC_TAG_PCT,
	PST_DMARC_TAG_RF,
	PST_DMARC_TAG_RI,
};
#define PST_DMARC_TAGS (PST_DMARC_TAG_RI + 1)

#define PST_DMARC_MAX_STRAYS 200 /* parts of a record that are examined */

/* Returns the name of a tag, in lower case. */
const char *pst_dmarc_tag_name(enum pst_dmarc_tag tag);
/* Returns the tag of that name, of any case; PST_DMARC_TAGS if it is none. */
unsigned pst_dmarc_tag_find(struct pst_str name);

/* The record, while it is examined. */
struct pst_dmarc_parts {
	const struct pst_dmarc_text *what;
	struct pst_arena *arena;
	struct pst_dmarc_record record; /* what a receiver makes of it */
	struct pst_str first;           /* the first part */
	bool seen[PST_DMARC_TAGS];
	struct pst_str values[PST_DMARC_TAGS];
	/* parts that are not tags, or not known ones */
	struct pst_str strays[PST_DMARC_MAX_STRAYS];
	size_t stray_count;
};

/* One tag of it. */
struct pst_dmarc_part {
	enum pst_dmarc_tag tag;
	struct pst_str text; /* "tag=value" */
	struct pst_str value;
};

/* Adds a finding about a part; sentence and instead (or NULL) are not copied. */
void pst_dmarc_say(const struct pst_dmarc_parts *parts, const char *name,
    struct pst_str term, const char *sentence, const char *instead);

/* Returns the beginning of a part, escaped, for a sentence. */
const char *
pst_dmarc_shown(const struct pst_dmarc_parts *parts, struct pst_str part);

/*
 * Return s without blanks at its ends; or without quotation marks, backslashes
 * and line ends, too, which are named once for the whole record.
 */
struct pst_str pst_dmarc_trim(struct pst_str s);
struct pst_str pst_dmarc_bare(struct pst_str s);

/* Returns whether text, of any case, is one of the words between the blanks. */
bool pst_dmarc_is_word(struct pst_str text, const char *words);

/* Examines the value of a tag other than v. */
void pst_dmarc_value_check(
    const struct pst_dmarc_parts *parts, const struct pst_dmarc_part *part);

/* Examines the addresses in rua= or ruf=. */
void pst_dmarc_uris_check(
    const struct pst_dmarc_parts *parts, const struct pst_dmarc_part *part);

/*
 * Names the place where the semicolon between two tags was lost. words are the
 * values that the tag may have; "": addresses; NULL: anything without "=".
 * Returns false if no separator was lost.
 */
bool pst_dmarc_lost_check(const struct pst_dmarc_parts *parts,
    const struct pst_dmarc_part *part, const char *words);

/* The beginning of a tag inside a value; its name ends before "=". */
struct pst_dmarc_lost {
	size_t at;             /* where its name begins in the value */
	const char *tag;       /* its name */
	bool has_value;        /* "=" follows */
	struct pst_str before; /* the value of the tag that comes first */
};

/* Finds it; words are as above. False: there is none. */
bool pst_dmarc_lost_find(
    struct pst_str value, const char *words, struct pst_dmarc_lost *out);

/* Returns the words of a tag for pst_dmarc_lost_find(). */
const char *pst_dmarc_tag_words(enum pst_dmarc_tag tag);

/*
 * Returns the valid value that was meant by the value of p, sp, np, or of a tag
 * whose value is one letter; NULL: it is not known. In lower case.
 */
const char *pst_dmarc_value_meant(
    struct pst_arena *arena, enum pst_dmarc_tag tag, struct pst_str value);

/* Returns where the limit after an address ("!10m") begins, or uri.len. */
size_t pst_dmarc_uri_size(struct pst_str uri);

/* Examines what the tags say together. */
void pst_dmarc_whole_check(const struct pst_dmarc_parts *parts);

#endif
