/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim.h"

#include "auth/dkim_body.h"
#include "auth/dkim_library.h"
#include "auth/dkim_own.h"
#include "auth/dkim_pick.h"
#include "auth/msgsig.h"

struct pst_dkim_msg {
	struct pst_arena *arena;
	const struct pst_header *header;
	struct pst_dkim_config config;
	struct pst_dkim_pick pick;
	struct pst_dkim_library *library;
	struct pst_dkim_body body;
	struct pst_msgsig_bodies *bodies;
	size_t
	    *body_numbers; /* per item that was chosen: its number in bodies */
	bool done;
	struct pst_dkim result;
};

/* ---- the header ---- */

/*
 * libopendkim canonicalizes octet by octet, once for each signature, which took
 * the largest share of a message's time (bench/PROFILE.md). So it is given no
 * body and verifies the signed header only.
 */
static void
want_body_hashes(struct pst_dkim_msg *msg)
{
	msg->bodies = pst_msgsig_bodies_new(msg->arena);
	msg->body_numbers = pst_arena_array(
	    msg->arena, msg->pick.count, sizeof(*msg->body_numbers));
	for (size_t i = 0; i < msg->pick.count; i++) {
		const struct pst_dkim_item *item = &msg->pick.items[i];
		const struct pst_dkim_tags *tags = &item->tags;

		if (!item->chosen)
			continue;
		msg->body_numbers[i] = pst_msgsig_bodies_want(msg->bodies,
		    tags->relaxed_body ? PST_CANON_RELAXED : PST_CANON_SIMPLE,
		    tags->has_length ? tags->length : PST_MSGSIG_WHOLE);
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
	msg->header = header;
	msg->config = *config;
	pst_dkim_pick(world, config, header, author_domain, public_suffix, arg,
	    &msg->pick);
	msg->library = pst_dkim_library_open(world, lib, header, &msg->pick);
	want_body_hashes(msg);
	return msg;
}

/* ---- the body ---- */

static bool
is_needed(const struct pst_dkim_pick *pick)
{
	for (size_t i = 0; i < pick->count; i++)
		if (pick->items[i].chosen)
			return true;
	return false;
}

bool
pst_dkim_body(struct pst_dkim_msg *msg, const void *ptr, size_t len)
{
	if (msg->done || !is_needed(&msg->pick))
		return false;
	if (len > 0) {
		pst_dkim_body_add(&msg->body, ptr, len);
		pst_msgsig_bodies_add(msg->bodies, ptr, len);
	}
	return true;
}

/* ---- the results ---- */

/* Returns true if text may have been added after what l= covers (R-DKIM-11). */
static bool
is_partial(const struct pst_dkim_msg *msg, size_t i)
{
	const struct pst_dkim_tags *tags = &msg->pick.items[i].tags;

	return tags->has_length &&
	    tags->length <
	    pst_msgsig_bodies_length(msg->bodies, msg->body_numbers[i]);
}

/* Decides whether a signature that verifies counts. */
static void
judge_good(const struct pst_dkim_msg *msg, size_t i)
{
	const struct pst_dkim_config *config = &msg->config;
	struct pst_dkim_item *item = &msg->pick.items[i];

	if (is_partial(msg, i) && !config->accept_body_length)
		pst_dkim_item_decide(
		    item, PST_RESULT_POLICY, PST_DKIM_WHY_PARTIAL);
	else if (item->uncovered)
		pst_dkim_item_decide(
		    item, PST_RESULT_POLICY, PST_DKIM_WHY_REPEATED);
	else if (item->sig.test_key && !config->accept_test_keys)
		pst_dkim_item_decide(
		    item, PST_RESULT_POLICY, PST_DKIM_WHY_KEY_TEST);
	else if (item->odd || msg->body.odd)
		pst_dkim_item_limit(item, PST_RESULT_NEUTRAL, PST_DKIM_WHY_ODD,
		    PST_DKIM_GAP_PROVEN);
	else
		pst_dkim_item_decide(item, PST_RESULT_PASS, PST_DKIM_WHY_NONE);
}

static bool
body_matches(const struct pst_dkim_msg *msg, size_t i)
{
	return pst_msgsig_bodies_match(msg->bodies, msg->body_numbers[i],
	    msg->pick.items[i].tags.body_hash);
}

static void
decide_body_failed(struct pst_dkim_item *item)
{
	item->sig.body_failed = true;
	item->sig.gap = PST_DKIM_NO_GAP;
	pst_dkim_item_decide(item, PST_RESULT_FAIL, PST_DKIM_WHY_BODY_HASH);
}

static void
judge(struct pst_dkim_msg *msg, size_t i)
{
	struct pst_dkim_item *item = &msg->pick.items[i];
	struct pst_dkim_verdict verdict;

	pst_dkim_library_verdict(msg->library, i, &verdict);
	item->sig.header_ok = verdict.header_ok;
	if (verdict.hash_tested && !body_matches(msg, i))
		decide_body_failed(item);
	else if (verdict.why != PST_DKIM_WHY_NONE)
		pst_dkim_item_decide(item, verdict.result, verdict.why);
	else if (!verdict.hash_tested || !verdict.header_ok)
		pst_dkim_item_limit(item, PST_RESULT_NEUTRAL,
		    PST_DKIM_WHY_NOT_UNDERSTOOD, PST_DKIM_GAP_CLAIMED);
	else
		judge_good(msg, i);
}

/* The same for a signature that auth/msgsig verifies. */
static void
judge_own(struct pst_dkim_msg *msg, size_t i)
{
	struct pst_dkim_item *item = &msg->pick.items[i];
	uint64_t length =
	    pst_msgsig_bodies_length(msg->bodies, msg->body_numbers[i]);

	item->sig.header_ok =
	    pst_dkim_own_verify(msg->arena, msg->header, item);
	if (!body_matches(msg, i))
		decide_body_failed(item);
	else if (item->tags.has_length && item->tags.length > length)
		pst_dkim_item_decide(
		    item, PST_RESULT_PERMERROR, PST_DKIM_WHY_LENGTH_LARGE);
	else if (!item->sig.header_ok)
		pst_dkim_item_decide(
		    item, PST_RESULT_FAIL, PST_DKIM_WHY_SIGNATURE);
	else
		judge_good(msg, i);
}

/*
 * The same for a signature that libopendkim is kept from. Only its body can be
 * judged. The rest could be left to auth/msgsig, but the octets that crash one
 * verifier are not given to another one.
 */
static void
judge_barred(struct pst_dkim_msg *msg, size_t i)
{
	if (!body_matches(msg, i))
		decide_body_failed(&msg->pick.items[i]);
	else
		pst_dkim_item_decide(&msg->pick.items[i], PST_RESULT_TEMPERROR,
		    PST_DKIM_WHY_CRASHED);
}

static void
end_body(struct pst_dkim_msg *msg)
{
	if (pst_dkim_body_end(&msg->body))
		pst_msgsig_bodies_add(msg->bodies, "\r\n", 2);
	pst_msgsig_bodies_end(msg->bodies);
}

/*
 * A signature over another body fails, whatever its key is. So a sender cannot
 * keep the result open with any signature whose key cannot be looked up
 * (R-DMARC-40).
 */
static void
judge_without_key(struct pst_dkim_msg *msg, bool *was_chosen)
{
	for (size_t i = 0; i < msg->pick.count; i++) {
		struct pst_dkim_item *item = &msg->pick.items[i];

		if (was_chosen[i] && !item->chosen && !body_matches(msg, i))
			decide_body_failed(item);
	}
}

static void
verify(struct pst_dkim_msg *msg)
{
	pst_dkim_library_end(msg->library);
	for (size_t i = 0; i < msg->pick.count; i++) {
		if (pst_dkim_library_has(&msg->pick.items[i]) &&
		    pst_dkim_library_is_barred(msg->library))
			judge_barred(msg, i);
		else if (pst_dkim_library_has(&msg->pick.items[i]))
			judge(msg, i);
		else if (msg->pick.items[i].chosen)
			judge_own(msg, i);
	}
}

static void
decide_chosen(struct pst_world *world, struct pst_dkim_msg *msg)
{
	struct pst_dkim_pick *pick = &msg->pick;
	bool *was_chosen =
	    pst_arena_array(msg->arena, pick->count, sizeof(*was_chosen));

	for (size_t i = 0; i < pick->count; i++)
		was_chosen[i] = pick->items[i].chosen;
	pst_dkim_pick_keys(world, &msg->config, pick);
	end_body(msg);
	judge_without_key(msg, was_chosen);
	verify(msg);
}

bool
pst_dkim_check(
    struct pst_world *world, struct pst_dkim_msg *msg, struct pst_dkim *out)
{
	struct pst_dkim_pick *pick = &msg->pick;

	if (!msg->done) {
		if (pst_dkim_pick_is_waiting(pick))
			return false;
		decide_chosen(world, msg);
		pst_dkim_pick_results(world, pick, &msg->result);
		msg->done = true;
	}
	*out = msg->result;
	return true;
}
