/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_RECORD_H
#define PST_BASE_RECORD_H

/*
 * A compact binary form for what is kept in a file: sections with a tag and a
 * length, which may hold sections again; values in a section have neither.
 *
 *	section	tag (1), length of the content (2, little-endian), content
 *	number	7 bits in each octet, the lowest first, 0x80: more follow
 *	text	number: 0 is NULL, else the length plus one; the octets
 *
 * How it changes without a new version: values are added at the end of a
 * section, and sections with new tags anywhere. A reader gets 0 or NULL for a
 * value after the end of the section, and skips the values and sections that it
 * does not know. An enum is written as a number of its own (struct
 * pst_record_numbers), never as its C value.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/ip.h"
#include "base/str.h"

#define PST_RECORD_SECTION_BYTES 3
#define PST_RECORD_NUMBER_BYTES 10 /* at most */
#define PST_RECORD_MAX_TAG 255

/* ---- writing ---- */

/*
 * The octets are in the arena. When they would pass max or limit, nothing more
 * is added until the section is closed, which then takes the whole section back
 * and sets `cut`.
 */
struct pst_record_out {
	struct pst_arena *arena;
	unsigned char *ptr;
	size_t len, capacity;
	size_t max;   /* of all octets; at most 65536 */
	size_t limit; /* of the octets so far and a part: pst_record_limit() */
	bool full;    /* something did not fit into the open section */
	bool cut;     /* something was left out; callers set it, too */
};

void pst_record_init(
    struct pst_record_out *out, struct pst_arena *arena, size_t max);

/* At most so many octets are added from here until it is called again. */
void pst_record_limit(struct pst_record_out *out, size_t octets);
void pst_record_unlimit(struct pst_record_out *out);

/* For the functions below: returns room for more octets, or NULL. */
unsigned char *pst_record_grow(struct pst_record_out *out, size_t more);

static inline unsigned char *
pst_record_room(struct pst_record_out *out, size_t more)
{
	return more <= out->capacity - out->len ? out->ptr + out->len :
						  pst_record_grow(out, more);
}

/* For the functions below: writes a number where there is room. */
static inline unsigned char *
pst_record_put_number(unsigned char *at, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*at++ = (unsigned char)(number | 0x80);
	*at++ = (unsigned char)number;
	return at;
}

static inline void
pst_record_number(struct pst_record_out *out, uint64_t number)
{
	unsigned char *at = pst_record_room(out, PST_RECORD_NUMBER_BYTES);

	if (at != NULL)
		out->len =
		    (size_t)(pst_record_put_number(at, number) - out->ptr);
}

/* A number that may be negative. */
void pst_record_signed(struct pst_record_out *out, int64_t number);

void pst_record_octets(struct pst_record_out *out, struct pst_str s);

/* Adds a text; NULL is allowed. */
static inline void
pst_record_text(struct pst_record_out *out, const char *text)
{
	if (text == NULL)
		pst_record_number(out, 0);
	else
		pst_record_octets(out, pst_str(text));
}

void pst_record_ip(struct pst_record_out *out, const struct pst_ip *ip);

/*
 * The numbers of an enum in a file, by its C values; they must differ, and a
 * number that was once used is never used for anything else.
 */
struct pst_record_numbers {
	const unsigned char *of; /* each below 128 */
	size_t count;
};

static inline void
pst_record_enum(struct pst_record_out *out,
    const struct pst_record_numbers *numbers, unsigned value)
{
	unsigned char *at = pst_record_room(out, 1);

	if (at == NULL)
		return;
	*at = numbers->of[value];
	out->len++;
}

/* Opens a section; returns what pst_record_close() needs. */
static inline size_t
pst_record_open(struct pst_record_out *out, unsigned tag)
{
	unsigned char *at = pst_record_room(out, PST_RECORD_SECTION_BYTES);
	size_t opened = out->len;

	if (at == NULL)
		return opened;
	at[0] = (unsigned char)tag;
	out->len += PST_RECORD_SECTION_BYTES;
	return opened;
}

/* Takes back the section that was opened last; returns false. */
bool pst_record_take_back(struct pst_record_out *out, size_t opened);

/* Closes the section that was opened last. False if it was taken back. */
static inline bool
pst_record_close(struct pst_record_out *out, size_t opened)
{
	unsigned char *at = out->ptr + opened;
	size_t len;

	if (out->full)
		return pst_record_take_back(out, opened);
	len = out->len - opened - PST_RECORD_SECTION_BYTES;
	at[1] = (unsigned char)len;
	at[2] = (unsigned char)(len >> 8);
	return true;
}

/* ---- reading ---- */

/* What the sections of one run of octets share. */
struct pst_record_source {
	struct pst_arena *arena; /* for the texts that are read */
	bool bad; /* the octets are damaged, or have an unknown number */
};

/* The rest of a section, or of all. */
struct pst_record_in {
	const unsigned char *ptr;
	size_t len;
	struct pst_record_source *source;
};

void pst_record_begin(struct pst_record_in *in, struct pst_str octets,
    struct pst_record_source *source);

/*
 * Takes the next section off *in. False at the end, and when what is left is not
 * a section; the latter is bad.
 */
bool pst_record_next(
    struct pst_record_in *in, unsigned *tag, struct pst_record_in *section);

/* Returns how many sections with that tag are in what is left. */
size_t pst_record_count(struct pst_record_in in, unsigned tag);

/* Each returns 0, false or an empty text at the end of the section, and for
 * what is bad. A number above max is bad. */
uint64_t pst_record_take_number(struct pst_record_in *in, uint64_t max);
unsigned pst_record_take_unsigned(struct pst_record_in *in);
int64_t pst_record_take_signed(struct pst_record_in *in);
void pst_record_take_ip(struct pst_record_in *in, struct pst_ip *out);
/* Returns the C value; 0 at the end. An unknown number is bad. */
unsigned pst_record_take_enum(
    struct pst_record_in *in, const struct pst_record_numbers *numbers);

/* Any octets, with a NUL after them, in the arena. */
struct pst_str pst_record_take_octets(struct pst_record_in *in);
/* The same without copying them; they are those that are read from. */
struct pst_str pst_record_peek_octets(struct pst_record_in *in);
/* The same; false if it is NULL. */
bool pst_record_peek(struct pst_record_in *in, struct pst_str *out);
/* Printable ASCII, or NULL; anything else is bad. */
const char *pst_record_take_text(struct pst_record_in *in);
/* UTF-8 without ASCII controls, except for TAB; or NULL. */
const char *pst_record_take_words(struct pst_record_in *in);
/* Any octets but NUL; or NULL. */
const char *pst_record_take_string(struct pst_record_in *in);

/* For a reader that finds something else that cannot be. */
static inline void
pst_record_is_bad(struct pst_record_in *in)
{
	in->source->bad = true;
}

#endif
