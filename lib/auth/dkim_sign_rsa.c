/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim_sign_rsa.h"

#include <opendkim/dkim.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "auth/msgsig_canon.h"
#include "replaced/pem_private_key.h"
#include "replaced/time.h"

/*
 * libopendkim writes a few zeros past the end of a block if h= names one more
 * field than there is, as it does with every oversigned one (auth/dkim_library).
 */
#define PADDING 64

#define FIELD_NAME "DKIM-Signature: "
/* Lines have this many octets at most; libopendkim counts one less. */
#define MARGIN 76

/* What libopendkim takes for a key in PEM; our own key takes its place. */
#define KEY "-----BEGIN"

/*
 * libopendkim leaks some blocks of a handle if something fails. So all blocks of
 * a handle are in a list, which is the handle's closure, and what is left when the
 * handle is freed can be freed too. The library's own blocks have no closure.
 */
struct block {
	struct block *next, **link;
	_Alignas(max_align_t) unsigned char octets[];
};

struct pst_sign_rsa {
	struct pst_arena *arena;
	const struct pst_sign_rsa_of *of;
	const struct pst_signature_by *by;
	struct block *blocks;
	DKIM *handle; /* NULL: libopendkim refused something */
};

static void *
allocate(void *closure, size_t size)
{
	struct block *block = calloc(1, sizeof(*block) + size + PADDING);
	struct block **list = closure;

	if (block == NULL)
		abort();
	if (list == NULL)
		return block->octets;
	block->next = *list;
	block->link = list;
	if (*list != NULL)
		(*list)->link = &block->next;
	*list = block;
	return block->octets;
}

static void
release(void *closure, void *octets)
{
	struct block *block;

	(void)closure;
	if (octets == NULL)
		return;
	block = (struct block *)((unsigned char *)octets -
	    offsetof(struct block, octets));
	if (block->link != NULL)
		*block->link = block->next;
	if (block->next != NULL)
		block->next->link = block->link;
	free(block);
}

/* ---- the library ---- */

/*
 * The oversigned names are an option of the library, so there is a library for
 * each set of them. Threads share them: they are never changed, and a message has
 * a handle of its own. They last as long as the process.
 */
static struct {
	pthread_once_t once;
	DKIM_LIB *of_set[PST_SIGN_SETS]; /* NULL: it cannot be used */
} libraries = {.once = PTHREAD_ONCE_INIT};

/* libopendkim only reads these, but its prototypes lack const. */
static unsigned char *
octets_of(const char *text)
{
	union {
		const char *text;
		unsigned char *octets;
	} both = {text};

	return both.octets;
}

/*
 * Without a list of names to sign, libopendkim signs all the fields that it is
 * given. It is given only those that are to be covered.
 */
static DKIM_LIB *
open_library(unsigned set)
{
	union {
		const char *const *names;
		void *option;
	} oversigned = {pst_sign_fields_set(set)};
	unsigned flags = 0;
	DKIM_LIB *library = dkim_init(allocate, release);

	if (library == NULL)
		return NULL;
	if (dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags,
		sizeof(flags)) == DKIM_STAT_OK &&
	    dkim_options(library, DKIM_OP_SETOPT, DKIM_OPTS_OVERSIGNHDRS,
		oversigned.option, sizeof(char **)) == DKIM_STAT_OK)
		return library;
	dkim_close(library);
	return NULL;
}

static void
open_libraries(void)
{
	for (unsigned set = 0; set < PST_SIGN_SETS; set++)
		libraries.of_set[set] = open_library(set);
}

/* ---- one message ---- */

static void
close_handle(void *arg)
{
	struct pst_sign_rsa *rsa = arg;

	if (rsa->handle != NULL)
		(void)dkim_free(rsa->handle);
	while (rsa->blocks != NULL)
		release(NULL, rsa->blocks->octets);
	rsa->handle = NULL;
}

/*
 * Around what reads the clock or the key. The option of the library for the time
 * would be the same for all threads.
 */
static void
enter(const struct pst_sign_rsa *rsa)
{
	pst_time_pin(rsa->of->now_s < 0 ? 0 : rsa->of->now_s);
	pst_private_key_enter(pst_sign_key_pkey(rsa->by->key));
}

static void
leave(void)
{
	pst_private_key_leave();
	pst_time_unpin();
}

static DKIM *
open_handle(struct pst_sign_rsa *rsa)
{
	static const unsigned char id[] = "-";
	DKIM_LIB *library;
	DKIM_STAT status;

	(void)pthread_once(&libraries.once, open_libraries);
	library = libraries.of_set[rsa->of->fields->set];
	if (library == NULL)
		return NULL;
	return dkim_sign(library, id, &rsa->blocks, octets_of(KEY),
	    octets_of(rsa->by->selector), octets_of(rsa->by->domain),
	    DKIM_CANON_RELAXED, DKIM_CANON_RELAXED, DKIM_SIGN_RSASHA256, -1,
	    &status);
}

/*
 * The fields are given in canonical form, with lower-case names: that is what
 * libopendkim would make of them, and h= has the same names as with our own
 * signatures. There is no guard here (auth/guard.h): the names are our own, odd
 * values never come here, tests/fuzz/fuzz_sign.c gives it all others, and whoever
 * could crash it with a message is a user of ours, who could as well send a
 * thousand of them.
 */
static bool
feed_header(const struct pst_sign_rsa *rsa)
{
	struct pst_arena_mark mark = pst_arena_mark(rsa->arena);
	const struct pst_sign_fields *fields = rsa->of->fields;
	struct pst_buf buf;
	bool ok = true;

	pst_buf_init(&buf, rsa->arena, SIZE_MAX / 4);
	for (size_t i = 0; ok && i < fields->count; i++) {
		const struct pst_header_field *field =
		    &rsa->of->header->fields[fields->covered[i]];

		pst_buf_reset(&buf);
		pst_msgsig_canon_field(
		    &buf, field->name, field->value, PST_CANON_RELAXED);
		ok = dkim_header(rsa->handle, octets_of(buf.ptr), buf.len) ==
		    DKIM_STAT_OK;
	}
	pst_arena_rewind(rsa->arena, mark);
	return ok && dkim_eoh(rsa->handle) == DKIM_STAT_OK;
}

struct pst_sign_rsa *
pst_sign_rsa_begin(struct pst_arena *arena, const struct pst_sign_rsa_of *of,
    const struct pst_signature_by *by)
{
	struct pst_sign_rsa *rsa = pst_arena_alloc(arena, sizeof(*rsa));

	rsa->arena = arena;
	rsa->of = of;
	rsa->by = by;
	pst_arena_defer(arena, close_handle, rsa);
	enter(rsa);
	rsa->handle = open_handle(rsa);
	if (rsa->handle != NULL &&
	    (dkim_set_margin(rsa->handle, MARGIN) != DKIM_STAT_OK ||
		!feed_header(rsa)))
		close_handle(rsa);
	leave();
	return rsa;
}

void
pst_sign_rsa_body(struct pst_sign_rsa *rsa, const void *ptr, size_t len)
{
	if (rsa->handle != NULL && len > 0 &&
	    dkim_body(rsa->handle, octets_of(ptr), len) != DKIM_STAT_OK)
		close_handle(rsa);
}

/*
 * Returns the value with a blank in front and without CR. libopendkim folds some
 * lines with a tab and a blank, which is the same as a tab in canonical form.
 */
static const char *
take_value(struct pst_sign_rsa *rsa)
{
	unsigned char *value = NULL;
	size_t len = 0, used = 0;
	char *out;

	if (dkim_getsighdr_d(rsa->handle, sizeof(FIELD_NAME) - 1, &value,
		&len) != DKIM_STAT_OK)
		return NULL;
	out = pst_arena_room(rsa->arena, len + 2);
	out[used++] = ' ';
	for (size_t i = 0; i < len; i++)
		if (value[i] != '\r' &&
		    (value[i] != ' ' || i == 0 || value[i - 1] != '\t'))
			out[used++] = (char)value[i];
	out[used] = '\0';
	return out;
}

const char *
pst_sign_rsa_end(struct pst_sign_rsa *rsa)
{
	const char *value = NULL;

	if (rsa->handle == NULL)
		return NULL;
	enter(rsa);
	if (dkim_eom(rsa->handle, NULL) == DKIM_STAT_OK)
		value = take_value(rsa);
	leave();
	close_handle(rsa);
	return value;
}
