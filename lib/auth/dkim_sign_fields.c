/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim_sign_fields.h"

#include <pthread.h>

/*
 * Octets of h=. libopendkim does not verify a signature with more than 4095
 * (auth/dkim_own).
 */
#define MAX_NAMES_BYTES 4000

/*
 * Oversigning names a field once more than it occurs, so that the signature
 * breaks if somebody adds one (RFC 6376 s. 8.15). It also breaks if an honest
 * program on the way adds one; so it is done where one more field changes what a
 * reader sees, and only where no honest program adds the field.
 */
enum way {
	COVER,   /* if it is there */
	IF_DATE, /* and oversign it if one of this group is there */
	IF_ID,
	IF_SENDER,
	IF_LIST,
	ALWAYS, /* oversign it in any case */
};
#define WAYS (ALWAYS + 1)

/*
 * RFC 6376 s. 5.4.1 recommends the fields that are the core of a message: who
 * wrote it to whom, when, about what, and how to read and answer it. Those that
 * relays add or change are not here: Received, Return-Path, DKIM-Signature,
 * Authentication-Results and its like (s. 5.4).
 */
static const struct {
	struct pst_str name;
	enum way way;
} table[] = {
    /* The reader sees these. Gmail and rspamd oversign them even when they are
     * missing, opendkim's sample does so with From. */
    {PST_STR_INIT("from"), ALWAYS},
    {PST_STR_INIT("to"), ALWAYS},
    {PST_STR_INIT("cc"), ALWAYS},
    {PST_STR_INIT("subject"), ALWAYS},
    {PST_STR_INIT("reply-to"), ALWAYS},
    /* They put the message into a conversation; rspamd oversigns them too. */
    {PST_STR_INIT("in-reply-to"), ALWAYS},
    {PST_STR_INIT("references"), ALWAYS},
    /* One of these, added on top, shows the same body as something else. */
    {PST_STR_INIT("mime-version"), ALWAYS},
    {PST_STR_INIT("content-type"), ALWAYS},
    {PST_STR_INIT("content-transfer-encoding"), ALWAYS},
    /* Sendmail adds them after its filters when a program sends mail without
     * them; rspamd does as we do. */
    {PST_STR_INIT("date"), IF_DATE},
    {PST_STR_INIT("message-id"), IF_ID},
    /* Mailing lists add Sender. */
    {PST_STR_INIT("sender"), IF_SENDER},
    /* Mail programs show a button for these. Mailing lists add them to mail
     * that has none, and change nothing else if they are well-behaved. RFC 8058
     * s. 4 requires both to be signed. */
    {PST_STR_INIT("list-unsubscribe"), IF_LIST},
    {PST_STR_INIT("list-unsubscribe-post"), IF_LIST},
    {PST_STR_INIT("list-id"), COVER},
    {PST_STR_INIT("list-help"), COVER},
    {PST_STR_INIT("list-subscribe"), COVER},
    {PST_STR_INIT("list-post"), COVER},
    {PST_STR_INIT("list-owner"), COVER},
    {PST_STR_INIT("list-archive"), COVER},
    /* Whoever sends the message again adds a block of them on top (RFC 5322
     * s. 3.6.6), and h= names the lowest ones, which are ours. */
    {PST_STR_INIT("resent-date"), COVER},
    {PST_STR_INIT("resent-from"), COVER},
    {PST_STR_INIT("resent-sender"), COVER},
    {PST_STR_INIT("resent-to"), COVER},
    {PST_STR_INIT("resent-cc"), COVER},
    {PST_STR_INIT("resent-message-id"), COVER},
    {PST_STR_INIT("content-id"), COVER},
    {PST_STR_INIT("content-description"), COVER},
    {PST_STR_INIT("content-disposition"), COVER},
    {PST_STR_INIT("content-language"), COVER},
    {PST_STR_INIT("auto-submitted"), COVER},
    {PST_STR_INIT("autocrypt"), COVER},
};
#define ROWS (sizeof(table) / sizeof(table[0]))

/* ---- the sets of oversigned names ---- */

static struct {
	pthread_once_t once;
	const char *names[PST_SIGN_SETS][ROWS + 1];
} sets = {.once = PTHREAD_ONCE_INIT};

/* The bit of a group in the number of a set. */
static unsigned
bit_of(enum way way)
{
	switch (way) {
	case COVER:
	case ALWAYS:
		return 0;
	case IF_DATE:
	case IF_ID:
	case IF_SENDER:
	case IF_LIST:
		return 1U << (way - IF_DATE);
	}
	return 0;
}

static bool
is_in_set(size_t row, unsigned set)
{
	return table[row].way == ALWAYS || (bit_of(table[row].way) & set) != 0;
}

static void
fill_sets(void)
{
	for (unsigned set = 0; set < PST_SIGN_SETS; set++) {
		const char **to = sets.names[set];

		for (size_t i = 0; i < ROWS; i++)
			if (is_in_set(i, set))
				*to++ = table[i].name.ptr;
		*to = NULL;
	}
}

const char *const *
pst_sign_fields_set(unsigned set)
{
	(void)pthread_once(&sets.once, fill_sets);
	return sets.names[set];
}

/* ---- one message ---- */

/* Returns the row of that name; ROWS if it is not covered. */
static size_t
row_of(struct pst_str name)
{
	size_t i = 0;

	while (i < ROWS && !pst_str_ieq(table[i].name, name))
		i++;
	return i;
}

/*
 * libopendkim takes VT and FF for white space, a CR for a line end, and a NUL for
 * the end of the field.
 */
static bool
is_odd(struct pst_str value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.ptr[i] <= '\r' &&
		    value.ptr[i] != '\n' && value.ptr[i] != '\t')
			return true;
	return false;
}

static bool
check_missing(const struct pst_header *header, struct pst_err *err)
{
	if (header->closed)
		return pst_err_set(err,
		    "the header has more than %zu fields or %zu octets, so the "
		    "message cannot be signed; raise header.max-fields or "
		    "header.max-total-size",
		    header->limits.max_fields, header->limits.max_total_bytes);
	for (size_t i = 0; i < ROWS; i++) {
		const struct pst_header_name *name =
		    pst_header_name(header, table[i].name);

		if (name != NULL && name->left_out)
			return pst_err_set(err,
			    "the field \"%s\" has more than %zu octets, so the "
			    "message cannot be signed; raise "
			    "header.max-field-size",
			    table[i].name.ptr, header->limits.max_field_bytes);
	}
	return true;
}

static void
add_name(struct pst_sign_fields *out, size_t row, size_t *bytes)
{
	out->names[out->name_count++] = table[row].name;
	*bytes += table[row].name.len + 1;
}

bool
pst_sign_fields_choose(struct pst_arena *arena, const struct pst_header *header,
    struct pst_sign_fields *out, struct pst_err *err)
{
	size_t bytes = 0;

	*out = (struct pst_sign_fields){.odd = false};
	if (!check_missing(header, err))
		return false;
	if (pst_header_name(header, PST_STR("from")) == NULL)
		return pst_err_set(err,
		    "the message has no From field, and a signature must cover "
		    "it (RFC 6376 s. 5.4)");
	out->covered =
	    pst_arena_array(arena, header->count, sizeof(*out->covered));
	out->names =
	    pst_arena_array(arena, header->count + ROWS, sizeof(*out->names));
	for (size_t i = 0; i < header->count; i++) {
		size_t row = row_of(header->fields[i].name);

		if (row == ROWS)
			continue;
		out->covered[out->count++] = i;
		out->set |= bit_of(table[row].way);
		out->odd = out->odd || is_odd(header->fields[i].value);
		add_name(out, row, &bytes);
	}
	for (size_t i = 0; i < ROWS; i++)
		if (is_in_set(i, out->set))
			add_name(out, i, &bytes);
	if (bytes <= MAX_NAMES_BYTES)
		return true;
	return pst_err_set(err,
	    "the message has %zu fields that a signature must cover, and "
	    "receivers do not accept that many; the program that wrote it "
	    "repeats fields",
	    out->count);
}
