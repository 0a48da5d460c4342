/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim_library.h"

#include <assert.h>
#include <opendkim/dkim.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/macros.h"
#include "replaced/d2i_pubkey_bio.h"
#include "replaced/time.h"

/*
 * libopendkim writes a few zeros past the end of some of its blocks if h= names
 * more fields than there are, and it reads past the end of others. With this
 * much extra room both are harmless.
 */
#define PADDING 64

struct pst_dkim_lib {
	DKIM_LIB *handle;
};

struct pst_dkim_library {
	struct pst_arena *arena;
	struct pst_guard *guard;
	const struct pst_header *header;
	struct pst_dkim_pick *pick;
	DKIM_SIGINFO **infos;    /* per item; NULL: unknown to libopendkim */
	DKIM *handle;            /* NULL: libopendkim has nothing to verify */
	bool barred;             /* by the guard */
	struct pst_siphash seen; /* what libopendkim has seen */
};

/* ---- the guard ---- */

/*
 * The digest names the message, so that another attempt to deliver it has the
 * same one. Received fields tell its path, which may be another one then.
 */
static void
begin_digest(struct pst_dkim_library *library)
{
	pst_guard_digest(library->guard, &library->seen);
	pst_siphash_add_whole(&library->seen, PST_STR("dkim"));
	for (size_t i = 0; i < library->header->count; i++) {
		const struct pst_header_field *field =
		    &library->header->fields[i];

		if (pst_str_ieq(field->name, PST_STR("Received")))
			continue;
		pst_siphash_add_whole(&library->seen, field->name);
		pst_siphash_add_whole(&library->seen, field->value);
	}
}

/*
 * Must come before libopendkim is called. Returns false if it is not to be
 * called any more. The digest is that of the header: libopendkim does not see the
 * body, and the header names the keys.
 */
static bool
enter(struct pst_dkim_library *library)
{
	struct pst_guarded what = {.library = PST_LIBRARY_OPENDKIM};

	if (library->barred)
		return false;
	if (library->guard == NULL)
		return true;
	what.digest = pst_siphash_digest(&library->seen);
	library->barred = !pst_guard_enter(library->guard, &what);
	return !library->barred;
}

/* ---- the library handle ---- */

static void *
padded_alloc(void *closure, size_t size)
{
	void *block = calloc(1, size + PADDING);

	if (block == NULL) {
		/* closure is the guard; this is not the message's fault */
		pst_guard_move(closure, PST_GUARD_OURS);
		abort();
	}
	return block;
}

static void
padded_free(void *closure, void *block)
{
	(void)closure;
	free(block);
}

/* libopendkim's hook that gets a signature's key record, NUL-terminated. */
static DKIM_CBSTAT
find_key(DKIM *dkim, DKIM_SIGINFO *info, u_char *buf, size_t size)
{
	const struct pst_dkim_library *library = dkim_get_user_context(dkim);

	for (size_t i = 0; i < library->pick->count; i++) {
		const char *record = library->pick->items[i].key.record;

		if (library->infos[i] != info || record == NULL)
			continue;
		assert(strlen(record) < size);
		memcpy(buf, record, strlen(record) + 1);
		return DKIM_CBSTAT_CONTINUE;
	}
	return DKIM_CBSTAT_NOTFOUND;
}

static bool
set_options(DKIM_LIB *handle, unsigned min_key_bits)
{
	unsigned flags = DKIM_LIBFLAGS_DELAYSIGPROC;
	unsigned bits = min_key_bits;
	/* with a tolerance its unsigned sums wrap: see library_time() */
	uint64_t drift = 0;

	return dkim_options(handle, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags,
		   sizeof(flags)) == DKIM_STAT_OK &&
	    dkim_options(handle, DKIM_OP_SETOPT, DKIM_OPTS_MINKEYBITS, &bits,
		sizeof(bits)) == DKIM_STAT_OK &&
	    dkim_options(handle, DKIM_OP_SETOPT, DKIM_OPTS_CLOCKDRIFT, &drift,
		sizeof(drift)) == DKIM_STAT_OK &&
	    dkim_set_key_lookup(handle, find_key) == DKIM_STAT_OK;
}

const char *
pst_dkim_lib_version(struct pst_arena *arena)
{
	uint32_t version = dkim_libversion();

	return pst_arena_printf(arena, "%u.%u.%u", version >> 24,
	    version >> 16 & 255, version >> 8 & 255);
}

struct pst_dkim_lib *
pst_dkim_lib_new(const struct pst_dkim_config *config, struct pst_err *err)
{
	struct pst_dkim_lib *lib = calloc(1, sizeof(*lib));

	if (lib == NULL)
		abort();
	lib->handle = dkim_init(padded_alloc, padded_free);
	if (lib->handle == NULL ||
	    dkim_libfeature(lib->handle, DKIM_FEATURE_ED25519) == 0) {
		pst_err_set(err,
		    "libopendkim cannot be used: it lacks Ed25519; "
		    "install version 2.11 or later, built with Ed25519");
	} else if (!set_options(lib->handle, config->min_key_bits)) {
		pst_err_set(err,
		    "libopendkim rejects the options that Postern sets; "
		    "install version 2.11 or later");
	} else {
		return lib;
	}
	pst_dkim_lib_free(lib);
	return NULL;
}

void
pst_dkim_lib_free(struct pst_dkim_lib *lib)
{
	if (lib == NULL)
		return;
	if (lib->handle != NULL)
		dkim_close(lib->handle);
	free(lib);
}

/* ---- the header ---- */

/*
 * If libopendkim is not to be called any more, its memory is lost: what crashed
 * it may have damaged the memory that would be freed.
 */
static void
release(void *arg)
{
	struct pst_dkim_library *library = arg;

	if (!enter(library))
		return;
	(void)dkim_free(library->handle);
	pst_guard_leave(library->guard);
}

bool
pst_dkim_library_has(const struct pst_dkim_item *item)
{
	return item->chosen && !item->own;
}

static bool
any_left(const struct pst_dkim_pick *pick)
{
	for (size_t i = 0; i < pick->count; i++)
		if (pst_dkim_library_has(&pick->items[i]))
			return true;
	return false;
}

/*
 * Returns a date at which libopendkim takes no chosen signature for expired or
 * signed in the future, if there is such a date. Our own parser has already
 * checked t= and x=.
 */
static int64_t
library_time(const struct pst_dkim_pick *pick, int64_t now)
{
	uint64_t date = now < 0 ? 0 : (uint64_t)now;

	for (size_t i = 0; i < pick->count; i++) {
		const struct pst_dkim_tags *tags = &pick->items[i].tags;

		if (pst_dkim_library_has(&pick->items[i]) &&
		    tags->signed_at > date)
			date = tags->signed_at;
	}
	for (size_t i = 0; i < pick->count; i++) {
		const struct pst_dkim_tags *tags = &pick->items[i].tags;

		if (pst_dkim_library_has(&pick->items[i]) &&
		    tags->expires_at <= date)
			date = tags->expires_at > 0 ? tags->expires_at - 1 : 0;
	}
	return (int64_t)date;
}

/* Writes "Name:value" with CRLF as line ends. */
static void
write_field(struct pst_buf *buf, const struct pst_header_field *field)
{
	struct pst_str rest = field->value, line;
	bool more = true, first = true;

	pst_buf_reset(buf);
	pst_buf_add(buf, field->name);
	pst_buf_add_char(buf, ':');
	while (pst_str_split(&rest, '\n', &line, &more)) {
		if (!first)
			pst_buf_add(buf, PST_STR("\r\n"));
		first = false;
		pst_buf_add(buf, line);
	}
}

static DKIM_STAT
feed_field(const struct pst_dkim_library *library, struct pst_buf *buf,
    const struct pst_header_field *field)
{
	union {
		char *text;
		unsigned char *octets;
	} line;

	pst_guard_move(library->guard, PST_GUARD_OURS);
	write_field(buf, field);
	assert(!pst_buf_overflowed(buf));
	pst_guard_move(library->guard, PST_GUARD_INSIDE);
	line.text = buf->ptr;
	return dkim_header(library->handle, line.octets, buf->len);
}

/*
 * Gives libopendkim all fields except for the signatures that it is not to
 * verify. Stores the indexes of those that it accepts in known, in its order,
 * and returns how many there are.
 */
static size_t
feed_header(struct pst_dkim_library *library, size_t *known)
{
	struct pst_arena_mark mark = pst_arena_mark(library->arena);
	const struct pst_header *header = library->header;
	struct pst_buf buf;
	size_t next = 0, count = 0;

	pst_buf_init(&buf, library->arena, SIZE_MAX / 4);
	for (size_t i = 0; i < header->count; i++) {
		const struct pst_header_field *field = &header->fields[i];
		struct pst_dkim_item *item = NULL;

		if (next < library->pick->count &&
		    library->pick->items[next].field == i)
			item = &library->pick->items[next++];
		if (field->name.len == 0 ||
		    (pst_dkim_is_signature(field) &&
			(item == NULL || !pst_dkim_library_has(item))))
			continue;
		/* any other field that it rejects is not hashed */
		if (feed_field(library, &buf, field) != DKIM_STAT_OK) {
			if (item != NULL)
				item->own = true;
			continue;
		}
		if (item != NULL)
			known[count++] = next - 1;
	}
	pst_arena_rewind(library->arena, mark);
	return count;
}

/* What libopendkim does not understand is left to auth/msgsig. */
static void
take_over(struct pst_dkim_library *library)
{
	for (size_t i = 0; i < library->pick->count; i++)
		if (pst_dkim_library_has(&library->pick->items[i]))
			library->pick->items[i].own = true;
}

static bool
has_tag(DKIM_SIGINFO *info, char *name, const char *value)
{
	union {
		unsigned char *octets;
		char *text;
	} tag, found;

	tag.text = name;
	found.octets = dkim_sig_gettagvalue(info, false, tag.octets);
	return found.octets != NULL && strcmp(found.text, value) == 0;
}

/*
 * Matches libopendkim's signatures with ours, which are in the same order.
 * Returns false if they differ.
 */
static bool
match_signatures(
    struct pst_dkim_library *library, const size_t *known, size_t count)
{
	DKIM_SIGINFO **infos = NULL;
	int found = 0;

	if (dkim_getsiglist(library->handle, &infos, &found) != DKIM_STAT_OK ||
	    found < 0 || (size_t)found != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		char tag[] = "b";

		if (!has_tag(
			infos[i], tag, library->pick->items[known[i]].sig.b))
			return false;
		library->infos[known[i]] = infos[i];
	}
	return true;
}

static void
feed(struct pst_dkim_library *library, struct pst_dkim_lib *lib, int64_t now,
    size_t *known)
{
	static const unsigned char id[] = "-";
	DKIM_STAT status;
	size_t count;

	library->handle = dkim_verify(lib->handle, id, library->guard, &status);
	assert(library->handle != NULL);
	(void)dkim_set_user_context(library->handle, library);

	pst_time_pin(library_time(library->pick, now));
	pst_pubkey_enter();
	count = feed_header(library, known);
	status = dkim_eoh(library->handle);
	pst_pubkey_leave();
	pst_time_unpin();

	if (status != DKIM_STAT_OK || !match_signatures(library, known, count))
		take_over(library);
}

/* The same inside the guard. */
static void
feed_guarded(
    struct pst_dkim_library *library, struct pst_dkim_lib *lib, int64_t now)
{
	size_t *known = pst_arena_array(
	    library->arena, library->pick->count, sizeof(*known));

	if (library->guard != NULL)
		begin_digest(library);
	pst_arena_defer(library->arena, release, library);
	if (!enter(library))
		return;
	feed(library, lib, now, known);
	pst_guard_leave(library->guard);
}

struct pst_dkim_library *
pst_dkim_library_open(struct pst_world *world, struct pst_dkim_lib *lib,
    const struct pst_header *header, struct pst_dkim_pick *pick)
{
	struct pst_dkim_library *library =
	    pst_arena_alloc(world->arena, sizeof(*library));

	library->arena = world->arena;
	library->guard = world->guard;
	library->header = header;
	library->pick = pick;
	library->infos =
	    pst_arena_array(world->arena, pick->count, sizeof(DKIM_SIGINFO *));
	if (any_left(pick))
		feed_guarded(library, lib, world->now_epoch);
	return library;
}

bool
pst_dkim_library_is_barred(const struct pst_dkim_library *library)
{
	return library->barred;
}

/* ---- the results ---- */

void
pst_dkim_library_end(struct pst_dkim_library *library)
{
	if (!any_left(library->pick) || !enter(library))
		return;
	pst_pubkey_enter();
	/* its return value is about only one of the signatures */
	(void)dkim_eom(library->handle, NULL);
	pst_pubkey_leave();
	pst_guard_leave(library->guard);
}

/*
 * What libopendkim's errors mean. Most of them are found by our own parser
 * before libopendkim sees the signature. A code that is not here is one that
 * only signers or other set-ups can cause.
 */
static const struct {
	int error;
	enum pst_result result;
	enum pst_dkim_why why;
} sig_errors[] = {
    {DKIM_SIGERROR_VERSION, PST_RESULT_NEUTRAL, PST_DKIM_WHY_VERSION},
    {DKIM_SIGERROR_DOMAIN, PST_RESULT_PERMERROR, PST_DKIM_WHY_IDENTITY_ABOVE},
    {DKIM_SIGERROR_EXPIRED, PST_RESULT_FAIL, PST_DKIM_WHY_EXPIRED},
    {DKIM_SIGERROR_FUTURE, PST_RESULT_POLICY, PST_DKIM_WHY_FUTURE},
    {DKIM_SIGERROR_TIMESTAMPS, PST_RESULT_NEUTRAL, PST_DKIM_WHY_TIMES},
    {DKIM_SIGERROR_INVALID_HC, PST_RESULT_NEUTRAL, PST_DKIM_WHY_CANON},
    {DKIM_SIGERROR_INVALID_BC, PST_RESULT_NEUTRAL, PST_DKIM_WHY_CANON},
    {DKIM_SIGERROR_MISSING_A, PST_RESULT_NEUTRAL, PST_DKIM_WHY_TAG_MISSING},
    {DKIM_SIGERROR_INVALID_A, PST_RESULT_NEUTRAL, PST_DKIM_WHY_ALGORITHM},
    {DKIM_SIGERROR_MISSING_H, PST_RESULT_NEUTRAL, PST_DKIM_WHY_TAG_MISSING},
    {DKIM_SIGERROR_INVALID_L, PST_RESULT_NEUTRAL, PST_DKIM_WHY_LENGTH},
    {DKIM_SIGERROR_INVALID_Q, PST_RESULT_NEUTRAL, PST_DKIM_WHY_QUERY},
    {DKIM_SIGERROR_INVALID_QO, PST_RESULT_NEUTRAL, PST_DKIM_WHY_QUERY},
    {DKIM_SIGERROR_MISSING_D, PST_RESULT_NEUTRAL, PST_DKIM_WHY_TAG_MISSING},
    {DKIM_SIGERROR_EMPTY_D, PST_RESULT_NEUTRAL, PST_DKIM_WHY_DOMAIN},
    {DKIM_SIGERROR_MISSING_S, PST_RESULT_NEUTRAL, PST_DKIM_WHY_TAG_MISSING},
    {DKIM_SIGERROR_EMPTY_S, PST_RESULT_NEUTRAL, PST_DKIM_WHY_SELECTOR},
    {DKIM_SIGERROR_MISSING_B, PST_RESULT_NEUTRAL, PST_DKIM_WHY_TAG_MISSING},
    {DKIM_SIGERROR_EMPTY_B, PST_RESULT_NEUTRAL, PST_DKIM_WHY_BASE64},
    {DKIM_SIGERROR_CORRUPT_B, PST_RESULT_NEUTRAL, PST_DKIM_WHY_BASE64},
    {DKIM_SIGERROR_NOKEY, PST_RESULT_NEUTRAL, PST_DKIM_WHY_NO_KEY},
    {DKIM_SIGERROR_DNSSYNTAX, PST_RESULT_NEUTRAL, PST_DKIM_WHY_KEY_RECORD},
    {DKIM_SIGERROR_KEYFAIL, PST_RESULT_NEUTRAL, PST_DKIM_WHY_KEY_TEMPERROR},
    {DKIM_SIGERROR_MISSING_BH, PST_RESULT_NEUTRAL, PST_DKIM_WHY_TAG_MISSING},
    {DKIM_SIGERROR_EMPTY_BH, PST_RESULT_NEUTRAL, PST_DKIM_WHY_BASE64},
    {DKIM_SIGERROR_CORRUPT_BH, PST_RESULT_NEUTRAL, PST_DKIM_WHY_BASE64},
    {DKIM_SIGERROR_BADSIG, PST_RESULT_FAIL, PST_DKIM_WHY_SIGNATURE},
    {DKIM_SIGERROR_SUBDOMAIN, PST_RESULT_NEUTRAL, PST_DKIM_WHY_KEY_SUBDOMAIN},
    {DKIM_SIGERROR_MULTIREPLY, PST_RESULT_NEUTRAL, PST_DKIM_WHY_KEY_RECORD},
    {DKIM_SIGERROR_EMPTY_H, PST_RESULT_NEUTRAL, PST_DKIM_WHY_NAMES},
    {DKIM_SIGERROR_INVALID_H, PST_RESULT_NEUTRAL, PST_DKIM_WHY_FROM_UNSIGNED},
    {DKIM_SIGERROR_TOOLARGE_L, PST_RESULT_NEUTRAL, PST_DKIM_WHY_LENGTH_LARGE},
    {DKIM_SIGERROR_KEYVERSION, PST_RESULT_NEUTRAL, PST_DKIM_WHY_KEY_RECORD},
    {DKIM_SIGERROR_KEYUNKNOWNHASH, PST_RESULT_NEUTRAL, PST_DKIM_WHY_KEY_HASH},
    {DKIM_SIGERROR_KEYHASHMISMATCH, PST_RESULT_NEUTRAL, PST_DKIM_WHY_KEY_HASH},
    {DKIM_SIGERROR_NOTEMAILKEY, PST_RESULT_NEUTRAL, PST_DKIM_WHY_KEY_SERVICE},
    {DKIM_SIGERROR_KEYTYPEMISSING, PST_RESULT_NEUTRAL, PST_DKIM_WHY_KEY_TYPE},
    {DKIM_SIGERROR_KEYTYPEUNKNOWN, PST_RESULT_NEUTRAL, PST_DKIM_WHY_KEY_TYPE},
    {DKIM_SIGERROR_KEYREVOKED, PST_RESULT_NEUTRAL, PST_DKIM_WHY_KEY_REVOKED},
    {DKIM_SIGERROR_KEYDECODE, PST_RESULT_PERMERROR, PST_DKIM_WHY_KEY_MALFORMED},
    {DKIM_SIGERROR_MISSING_V, PST_RESULT_NEUTRAL, PST_DKIM_WHY_TAG_MISSING},
    {DKIM_SIGERROR_EMPTY_V, PST_RESULT_NEUTRAL, PST_DKIM_WHY_VERSION},
    {DKIM_SIGERROR_KEYTOOSMALL, PST_RESULT_POLICY, PST_DKIM_WHY_KEY_SHORT},
};

void
pst_dkim_library_explain(int error, struct pst_dkim_verdict *out)
{
	if (error == DKIM_SIGERROR_OK)
		return;
	out->result = PST_RESULT_NEUTRAL;
	out->why = PST_DKIM_WHY_NOT_UNDERSTOOD;
	for (size_t i = 0; i < PST_COUNT(sig_errors); i++) {
		if (sig_errors[i].error != error)
			continue;
		out->result = sig_errors[i].result;
		out->why = sig_errors[i].why;
	}
}

void
pst_dkim_library_verdict(const struct pst_dkim_library *library, size_t i,
    struct pst_dkim_verdict *out)
{
	DKIM_SIGINFO *info = library->infos[i];
	int error = dkim_sig_geterror(info);

	*out = (struct pst_dkim_verdict){
	    .header_ok = (dkim_sig_getflags(info) & DKIM_SIGFLAG_PASSED) != 0,
	    .hash_tested = dkim_sig_getbh(info) != DKIM_SIGBH_UNTESTED,
	    .result = PST_RESULT_NONE};
	/*
	 * libopendkim has not seen the body, so it reports BADSIG for a good
	 * signature, too
	 */
	if (!out->header_ok || error != DKIM_SIGERROR_BADSIG)
		pst_dkim_library_explain(error, out);
}
