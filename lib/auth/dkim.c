/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim.h"

#include <assert.h>
#include <opendkim/dkim.h>
#include <stdlib.h>

#include "auth/dkim_body.h"
#include "auth/dkim_key.h"
#include "auth/dkim_pick.h"
#include "auth/msgsig.h"
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

struct pst_dkim_msg {
	struct pst_arena *arena;
	struct pst_dkim_config config;
	struct pst_dkim_pick pick;
	DKIM_SIGINFO **infos; /* per item; NULL: unknown to libopendkim */
	DKIM *handle;         /* NULL: nothing is left to verify */
	struct pst_dkim_body body;
	struct pst_msgsig_bodies *bodies; /* NULL: left to libopendkim */
	size_t *body_numbers;             /* per item: its number in bodies */
	bool done;
	struct pst_dkim result;
};

static void *
padded_alloc(void *closure, size_t size)
{
	void *block = calloc(1, size + PADDING);

	(void)closure;
	if (block == NULL)
		abort();
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
	const struct pst_dkim_msg *msg = dkim_get_user_context(dkim);

	for (size_t i = 0; i < msg->pick.count; i++) {
		const char *record = msg->pick.items[i].key.record;

		if (msg->infos[i] != info || record == NULL)
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

static void
release(void *handle)
{
	(void)dkim_free(handle);
}

/* ---- the header ---- */

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

		if (pick->items[i].chosen && tags->signed_at > date)
			date = tags->signed_at;
	}
	for (size_t i = 0; i < pick->count; i++) {
		const struct pst_dkim_tags *tags = &pick->items[i].tags;

		if (pick->items[i].chosen && tags->expires_at <= date)
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
feed_field(
    DKIM *handle, struct pst_buf *buf, const struct pst_header_field *field)
{
	union {
		char *text;
		unsigned char *octets;
	} line;

	write_field(buf, field);
	assert(!pst_buf_overflowed(buf));
	line.text = buf->ptr;
	return dkim_header(handle, line.octets, buf->len);
}

/*
 * Gives libopendkim all fields except for the signatures that were not chosen.
 * Stores the indexes of the chosen signatures that it accepts in known, in its
 * order, and returns how many there are.
 */
static size_t
feed_header(
    struct pst_dkim_msg *msg, const struct pst_header *header, size_t *known)
{
	struct pst_arena_mark mark = pst_arena_mark(msg->arena);
	struct pst_buf buf;
	size_t next = 0, count = 0;

	pst_buf_init(&buf, msg->arena, SIZE_MAX / 4);
	for (size_t i = 0; i < header->count; i++) {
		const struct pst_header_field *field = &header->fields[i];
		struct pst_dkim_item *item = NULL;

		if (next < msg->pick.count && msg->pick.items[next].field == i)
			item = &msg->pick.items[next++];
		if (field->name.len == 0 ||
		    (pst_dkim_is_signature(field) &&
			(item == NULL || !item->chosen)))
			continue;
		/* any other field that it rejects is not hashed */
		if (feed_field(msg->handle, &buf, field) != DKIM_STAT_OK) {
			if (item != NULL)
				pst_dkim_item_decide(item, PST_RESULT_NEUTRAL,
				    "signature not understood");
			continue;
		}
		if (item != NULL)
			known[count++] = next - 1;
	}
	pst_arena_rewind(msg->arena, mark);
	return count;
}

static void
decide_all(struct pst_dkim_msg *msg, enum pst_result result, const char *reason)
{
	for (size_t i = 0; i < msg->pick.count; i++)
		if (msg->pick.items[i].chosen)
			pst_dkim_item_decide(
			    &msg->pick.items[i], result, reason);
	msg->handle = NULL;
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
match_signatures(struct pst_dkim_msg *msg, const size_t *known, size_t count)
{
	DKIM_SIGINFO **infos = NULL;
	int found = 0;

	if (dkim_getsiglist(msg->handle, &infos, &found) != DKIM_STAT_OK ||
	    found < 0 || (size_t)found != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		char tag[] = "b";

		if (!has_tag(infos[i], tag, msg->pick.items[known[i]].sig.b))
			return false;
		msg->infos[known[i]] = infos[i];
	}
	return true;
}

static void
open_library(struct pst_dkim_msg *msg, struct pst_dkim_lib *lib,
    const struct pst_header *header, int64_t now)
{
	static const unsigned char id[] = "-";
	DKIM_STAT status;
	size_t *known =
	    pst_arena_array(msg->arena, msg->pick.count, sizeof(*known));
	size_t count;

	msg->handle = dkim_verify(lib->handle, id, NULL, &status);
	assert(msg->handle != NULL);
	pst_arena_defer(msg->arena, release, msg->handle);
	(void)dkim_set_user_context(msg->handle, msg);

	pst_time_pin(library_time(&msg->pick, now));
	pst_pubkey_enter();
	count = feed_header(msg, header, known);
	status = dkim_eoh(msg->handle);
	pst_pubkey_leave();
	pst_time_unpin();

	if (status == DKIM_STAT_SYNTAX)
		decide_all(msg, PST_RESULT_PERMERROR, "From not understood");
	else if (status != DKIM_STAT_OK && status != DKIM_STAT_NOSIG)
		decide_all(msg, PST_RESULT_PERMERROR, "header not understood");
	else if (status == DKIM_STAT_NOSIG ||
	    !match_signatures(msg, known, count))
		decide_all(msg, PST_RESULT_NEUTRAL, "signature not understood");
}

/*
 * libopendkim canonicalizes octet by octet, which took the largest share of a
 * message's time (bench/PROFILE.md). So it is given no body and verifies the
 * signed header only. The exception is l=, which libopendkim compares with the
 * body that it has seen: if a chosen signature has l=, libopendkim is given the
 * body.
 */
static void
want_body_hashes(struct pst_dkim_msg *msg)
{
	if (msg->handle == NULL || msg->pick.any_length)
		return;
	msg->bodies = pst_msgsig_bodies_new(msg->arena);
	msg->body_numbers = pst_arena_array(
	    msg->arena, msg->pick.count, sizeof(*msg->body_numbers));
	for (size_t i = 0; i < msg->pick.count; i++) {
		const struct pst_dkim_item *item = &msg->pick.items[i];

		if (item->chosen)
			msg->body_numbers[i] =
			    pst_msgsig_bodies_want(msg->bodies,
				item->tags.relaxed_body ? PST_CANON_RELAXED :
							  PST_CANON_SIMPLE,
				PST_MSGSIG_WHOLE);
	}
}

struct pst_dkim_msg *
pst_dkim_begin(struct pst_world *world, struct pst_dkim_lib *lib,
    const struct pst_dkim_config *config, const struct pst_header *header,
    const char *author_domain,
    bool (*public_suffix)(const void *arg, const char *domain), const void *arg)
{
	struct pst_dkim_msg *msg = pst_arena_alloc(world->arena, sizeof(*msg));

	msg->arena = world->arena;
	msg->config = *config;
	pst_dkim_pick(world, config, header, author_domain, public_suffix, arg,
	    &msg->pick);
	msg->infos = pst_arena_array(
	    world->arena, msg->pick.count, sizeof(DKIM_SIGINFO *));
	msg->body.count_lengths = msg->pick.any_length;
	if (msg->pick.chosen > 0)
		open_library(msg, lib, header, world->now_epoch);
	want_body_hashes(msg);
	return msg;
}

/* ---- the body ---- */

static void
feed_body(struct pst_dkim_msg *msg, const char *ptr, size_t len)
{
	/* libopendkim only reads the body, but its prototype lacks const */
	union {
		const char *text;
		unsigned char *octets;
	} piece = {ptr};

	if (msg->bodies != NULL)
		pst_msgsig_bodies_add(msg->bodies, ptr, len);
	else if (dkim_body(msg->handle, piece.octets, len) != DKIM_STAT_OK)
		decide_all(msg, PST_RESULT_NEUTRAL, "body not understood");
}

bool
pst_dkim_body(struct pst_dkim_msg *msg, const void *ptr, size_t len)
{
	if (msg->handle == NULL || msg->done)
		return false;
	if (len > 0) {
		pst_dkim_body_add(&msg->body, ptr, len);
		feed_body(msg, ptr, len);
	}
	return msg->handle != NULL;
}

/* ---- the results ---- */

/* Errors of libopendkim that decide the result of a signature on their own. */
static const struct {
	int error;
	enum pst_result result;
	const char *reason;
} sig_errors[] = {
    {DKIM_SIGERROR_BADSIG, PST_RESULT_FAIL, "signature does not verify"},
    {DKIM_SIGERROR_TOOLARGE_L, PST_RESULT_PERMERROR,
	"l= is larger than the body"},
    {DKIM_SIGERROR_KEYTOOSMALL, PST_RESULT_POLICY, "key is too short"},
    {DKIM_SIGERROR_KEYDECODE, PST_RESULT_PERMERROR, "key is malformed"},
    {DKIM_SIGERROR_DOMAIN, PST_RESULT_PERMERROR, "i= is not within d="},
    {DKIM_SIGERROR_EXPIRED, PST_RESULT_FAIL, "signature expired"},
    {DKIM_SIGERROR_FUTURE, PST_RESULT_POLICY, "signed in the future"},
};

static void
explain_failure(struct pst_dkim_item *item, int error)
{
	if (item->sig.body_failed) {
		pst_dkim_item_decide(
		    item, PST_RESULT_FAIL, "body hash does not verify");
		return;
	}
	for (size_t i = 0; i < PST_COUNT(sig_errors); i++) {
		if (sig_errors[i].error != error)
			continue;
		pst_dkim_item_decide(
		    item, sig_errors[i].result, sig_errors[i].reason);
		return;
	}
	pst_dkim_item_decide(
	    item, PST_RESULT_NEUTRAL, "signature not understood");
}

/* Returns true if text may have been added after what l= covers (R-DKIM-11). */
static bool
is_partial(const struct pst_dkim_msg *msg, const struct pst_dkim_tags *tags)
{
	return tags->has_length &&
	    tags->length < pst_dkim_body_length(&msg->body, tags->relaxed_body);
}

/* Decides whether a signature that verifies counts. */
static void
judge_good(const struct pst_dkim_msg *msg, struct pst_dkim_item *item)
{
	const struct pst_dkim_config *config = &msg->config;

	if (item->odd || msg->body.odd)
		pst_dkim_item_decide(item, PST_RESULT_NEUTRAL,
		    "bare CR, bare LF or control character in signed text");
	else if (is_partial(msg, &item->tags) && !config->accept_body_length)
		pst_dkim_item_decide(
		    item, PST_RESULT_POLICY, "l= covers only part of the body");
	else if (item->uncovered)
		pst_dkim_item_decide(
		    item, PST_RESULT_POLICY, "repeated field not signed");
	else if (item->sig.test_key && !config->accept_test_keys)
		pst_dkim_item_decide(
		    item, PST_RESULT_POLICY, "key is in test mode");
	else
		pst_dkim_item_decide(item, PST_RESULT_PASS, NULL);
}

/* Returns how the body compares with bh=, as a DKIM_SIGBH_* value. */
static int
compare_body(const struct pst_dkim_msg *msg, size_t i)
{
	int known = dkim_sig_getbh(msg->infos[i]);

	if (msg->bodies == NULL || known == DKIM_SIGBH_UNTESTED)
		return known;
	if (pst_msgsig_bodies_match(msg->bodies, msg->body_numbers[i],
		msg->pick.items[i].tags.body_hash))
		return DKIM_SIGBH_MATCH;
	return DKIM_SIGBH_MISMATCH;
}

static void
judge(struct pst_dkim_msg *msg, size_t i)
{
	struct pst_dkim_item *item = &msg->pick.items[i];
	DKIM_SIGINFO *info = msg->infos[i];
	int error = dkim_sig_geterror(info);
	int body = compare_body(msg, i);

	item->sig.header_ok =
	    (dkim_sig_getflags(info) & DKIM_SIGFLAG_PASSED) != 0;
	item->sig.body_failed = body == DKIM_SIGBH_MISMATCH;
	/*
	 * libopendkim also reports BADSIG for a good signature if it has not
	 * seen the body
	 */
	if (msg->bodies != NULL && item->sig.header_ok &&
	    error == DKIM_SIGERROR_BADSIG)
		error = DKIM_SIGERROR_OK;
	if (item->sig.header_ok && body == DKIM_SIGBH_MATCH &&
	    error == DKIM_SIGERROR_OK) {
		judge_good(msg, item);
		return;
	}
	explain_failure(item, error);
	/* such a signature covers fields that libopendkim was not given */
	if (item->sig.result == PST_RESULT_FAIL && !item->sig.header_ok &&
	    item->signs_signatures && msg->pick.omitted)
		pst_dkim_item_decide(item, PST_RESULT_NEUTRAL,
		    "signs signatures that are not checked");
}

static void
end_body(struct pst_dkim_msg *msg)
{
	if (pst_dkim_body_end(&msg->body))
		feed_body(msg, "\r\n", 2);
	if (msg->bodies != NULL)
		pst_msgsig_bodies_end(msg->bodies);
}

/*
 * A signature over another body fails, whatever its key is. So a sender cannot
 * keep the result open with any signature whose key cannot be looked up
 * (R-DMARC-40). With l= the body is left to libopendkim, which does not look at
 * it without a key.
 */
static void
judge_without_key(struct pst_dkim_msg *msg, bool *was_chosen)
{
	for (size_t i = 0; msg->bodies != NULL && i < msg->pick.count; i++) {
		struct pst_dkim_item *item = &msg->pick.items[i];

		if (!was_chosen[i] || item->chosen ||
		    pst_msgsig_bodies_match(msg->bodies, msg->body_numbers[i],
			item->tags.body_hash))
			continue;
		item->sig.body_failed = true;
		pst_dkim_item_decide(
		    item, PST_RESULT_FAIL, "body hash does not verify");
	}
}

static void
verify(struct pst_dkim_msg *msg)
{
	DKIM *handle = msg->handle;

	/* its return value is about only one of the signatures */
	pst_pubkey_enter();
	(void)dkim_eom(handle, NULL);
	pst_pubkey_leave();
	for (size_t i = 0; i < msg->pick.count; i++)
		if (msg->pick.items[i].chosen)
			judge(msg, i);
}

static void
decide_chosen(struct pst_world *world, struct pst_dkim_msg *msg)
{
	struct pst_dkim_pick *pick = &msg->pick;
	bool *was_chosen =
	    pst_arena_array(msg->arena, pick->count, sizeof(*was_chosen));
	bool any;

	for (size_t i = 0; i < pick->count; i++)
		was_chosen[i] = pick->items[i].chosen;
	any = pst_dkim_pick_keys(world, &msg->config, pick);
	end_body(msg);
	judge_without_key(msg, was_chosen);
	/* feed_body() may have given up. */
	if (any && msg->handle != NULL)
		verify(msg);
}

bool
pst_dkim_check(
    struct pst_world *world, struct pst_dkim_msg *msg, struct pst_dkim *out)
{
	struct pst_dkim_pick *pick = &msg->pick;

	if (!msg->done) {
		if (msg->handle != NULL && pst_dkim_pick_is_waiting(pick))
			return false;
		if (msg->handle != NULL)
			decide_chosen(world, msg);
		pst_dkim_pick_results(world, pick, &msg->result);
		msg->done = true;
	}
	*out = msg->result;
	return true;
}
