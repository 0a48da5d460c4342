/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/arc.h"

#include "auth/arc_set.h"
#include "auth/dkim_key.h"
#include "auth/msgsig.h"

#define MAX_TEXT (SIZE_MAX / 4)
#define MAX_COMMENT 900

/* Each set has two signatures, with RSA keys of 2048 bits as a rule. */
#define BUDGET_PER_SET 4

struct pst_arc_msg {
	struct pst_arc_config config;
	const struct pst_header *header;
	struct pst_arc_sets chain;
	struct pst_msgsig_bodies *bodies;
	unsigned budget; /* of pst_dkim_key_cost(), what is left of it */
	bool done;
	struct pst_arc result;
};

/* ---- the header ---- */

static void
ask_key(struct pst_world *world, struct pst_arc_sig *sig)
{
	const char *name = pst_arena_printf(
	    world->arena, "%s._domainkey.%s", sig->selector, sig->domain);

	sig->entry =
	    pst_world_ask(world, PST_DNS_OTHER, pst_str(name), PST_DNS_TXT);
}

static void
prepare(struct pst_world *world, struct pst_arc_msg *msg)
{
	for (unsigned i = 0; i < msg->chain.count; i++) {
		struct pst_arc_set *set = &msg->chain.sets[i];

		ask_key(world, &set->seal);
		if (set->ams.reason != NULL)
			continue;
		ask_key(world, &set->ams);
		set->ams.body = pst_msgsig_bodies_want(
		    msg->bodies, set->ams.body_canon, set->ams.length);
	}
}

static void
fail(struct pst_arc_msg *msg, const char *reason)
{
	msg->result.result = PST_RESULT_FAIL;
	msg->result.reason = reason;
	msg->done = true;
}

struct pst_arc_msg *
pst_arc_begin(struct pst_world *world, const struct pst_arc_config *config,
    const struct pst_header *header)
{
	struct pst_arc_msg *msg = pst_arena_alloc(world->arena, sizeof(*msg));

	msg->config = *config;
	msg->header = header;
	msg->bodies = pst_msgsig_bodies_new(world->arena);
	msg->budget = BUDGET_PER_SET * config->max_sets;
	pst_arc_sets_read(world->arena, header, world->now_epoch,
	    config->clock_skew_s, config->max_sets, &msg->chain);
	msg->result.sets = msg->chain.count;
	if (msg->chain.reason != NULL)
		fail(msg, msg->chain.reason);
	else if (msg->chain.count == 0)
		msg->done = true;
	else
		prepare(world, msg);
	return msg;
}

bool
pst_arc_body(struct pst_arc_msg *msg, const void *ptr, size_t len)
{
	if (!msg->done)
		pst_msgsig_bodies_add(msg->bodies, ptr, len);
	return !msg->done;
}

/* ---- the signatures ---- */

/* Adds the signature field itself, with an empty b= and no CRLF at its end. */
static void
add_unsigned(
    struct pst_buf *buf, const struct pst_arc_sig *sig, enum pst_canon canon)
{
	pst_msgsig_canon_field(buf, sig->field->name,
	    pst_msgsig_without(
		buf->arena, sig->field->value, pst_tag_find(&sig->tags, "b")),
	    canon);
}

static void
add_sealed(struct pst_buf *buf, const struct pst_header_field *field)
{
	pst_msgsig_canon_field(
	    buf, field->name, field->value, PST_CANON_RELAXED);
	pst_buf_add_text(buf, "\r\n");
}

/* Returns why the signature over text does not verify; NULL if it does. */
static const char *
verify_text(struct pst_world *world, struct pst_arc_msg *msg,
    const struct pst_arc_sig *sig, const struct pst_buf *text)
{
	struct pst_dkim_key key;
	unsigned cost;

	pst_dkim_key_choose(world->arena, sig->entry->answer, sig->algorithm,
	    msg->config.min_key_bits, &key);
	if (key.record == NULL)
		return pst_dkim_why_text(key.why);
	if (key.test && !msg->config.accept_test_keys)
		return "key is in test mode";
	cost = pst_dkim_key_cost(&key, sig->algorithm);
	if (cost > msg->budget)
		return "not checked: the keys of the chain are too long";
	msg->budget -= cost;
	if (!pst_msgsig_verify(world->arena, sig->algorithm, key.record,
		pst_buf_slice(text), sig->b))
		return "signature does not verify";
	return NULL;
}

static const char *
verify_body(const struct pst_arc_msg *msg, const struct pst_arc_sig *sig)
{
	uint64_t length = pst_msgsig_bodies_length(msg->bodies, sig->body);

	if (sig->has_length && sig->length > length)
		return "l= is larger than the body";
	if (sig->has_length && sig->length < length)
		return "l= covers only part of the body";
	if (!pst_msgsig_bodies_match(msg->bodies, sig->body, sig->bh))
		return "body hash does not verify";
	return NULL;
}

static const char *
verify_ams(struct pst_world *world, struct pst_arc_msg *msg,
    const struct pst_arc_sig *sig)
{
	struct pst_arena_mark mark = pst_arena_mark(world->arena);
	const char *reason = sig->reason;
	struct pst_buf text;

	if (reason == NULL)
		reason = verify_body(msg, sig);
	if (reason == NULL) {
		pst_buf_init(&text, world->arena, MAX_TEXT);
		pst_msgsig_canon_header(&text, msg->header, sig->names,
		    sig->name_count, sig->at, sig->header_canon);
		add_unsigned(&text, sig, sig->header_canon);
		reason = verify_text(world, msg, sig, &text);
	}
	pst_arena_rewind(world->arena, mark);
	return reason;
}

/*
 * What the seals cover: the sets up to their own, in ascending order (R-ARC-7).
 * It is made once for all of them; each seal covers a beginning of it and then
 * itself without its b=.
 */
struct sealed {
	struct pst_buf text;
	size_t *lens; /* what of it comes before the seal, by set */
};

static void
collect_sealed(
    struct pst_arena *arena, const struct pst_arc_msg *msg, struct sealed *out)
{
	pst_buf_init(&out->text, arena, MAX_TEXT);
	out->lens =
	    pst_arena_array(arena, msg->chain.count, sizeof(*out->lens));
	for (unsigned i = 0; i < msg->chain.count; i++) {
		const struct pst_arc_set *set = &msg->chain.sets[i];

		add_sealed(&out->text, set->aar);
		add_sealed(&out->text, set->ams.field);
		out->lens[i] = out->text.len;
		add_sealed(&out->text, set->seal.field);
	}
}

/*
 * Returns why the newest seal that has not been verified yet does not verify;
 * NULL if it does.
 */
static const char *
verify_seal(struct pst_world *world, struct pst_arc_msg *msg, unsigned instance,
    struct sealed *sealed)
{
	const struct pst_arc_sig *seal = &msg->chain.sets[instance - 1].seal;

	pst_buf_cut(&sealed->text, sealed->lens[instance - 1]);
	add_unsigned(&sealed->text, seal, PST_CANON_RELAXED);
	return verify_text(world, msg, seal, &sealed->text);
}

/* ---- the result ---- */

static bool
is_open(const struct pst_arc_sig *sig)
{
	return sig->entry != NULL && sig->entry->answer == NULL;
}

static bool
is_waiting(const struct pst_arc_msg *msg)
{
	for (unsigned i = 0; i < msg->chain.count; i++)
		if (is_open(&msg->chain.sets[i].seal) ||
		    is_open(&msg->chain.sets[i].ams))
			return true;
	return false;
}

static unsigned
find_oldest_pass(struct pst_world *world, struct pst_arc_msg *msg)
{
	for (unsigned i = msg->chain.count - 1; i > 0; i--)
		if (verify_ams(world, msg, &msg->chain.sets[i - 1].ams) != NULL)
			return i + 1;
	return 0;
}

static void
pass(struct pst_world *world, struct pst_arc_msg *msg)
{
	struct pst_arc *result = &msg->result;
	unsigned count = msg->chain.count;

	result->result = PST_RESULT_PASS;
	result->oldest_pass = find_oldest_pass(world, msg);
	result->seals =
	    pst_arena_array(world->arena, count, sizeof(*result->seals));
	for (unsigned i = 0; i < count; i++) {
		const struct pst_arc_sig *seal = &msg->chain.sets[i].seal;

		result->seals[i] =
		    (struct pst_arc_seal){seal->domain, seal->selector};
	}
	result->sealer = result->seals[count - 1].domain;
	result->first_ip =
	    pst_arc_remote_ip(world->arena, msg->chain.sets[0].aar->value);
	msg->done = true;
}

/* RFC 8617 s. 5.2 steps 4 to 7. */
static void
verify(struct pst_world *world, struct pst_arc_msg *msg)
{
	unsigned count = msg->chain.count;
	struct sealed sealed;
	const char *reason =
	    verify_ams(world, msg, &msg->chain.sets[count - 1].ams);

	if (reason != NULL) {
		fail(msg,
		    pst_arena_printf(world->arena, "message signature %u: %s",
			count, reason));
		return;
	}
	collect_sealed(world->arena, msg, &sealed);
	for (unsigned i = count; i > 0; i--) {
		reason = verify_seal(world, msg, i, &sealed);
		if (reason == NULL)
			continue;
		fail(msg,
		    pst_arena_printf(world->arena, "seal %u: %s", i, reason));
		return;
	}
	pass(world, msg);
}

bool
pst_arc_check(
    struct pst_world *world, struct pst_arc_msg *msg, struct pst_arc *out)
{
	if (!msg->done) {
		if (is_waiting(msg))
			return false;
		pst_msgsig_bodies_end(msg->bodies);
		verify(world, msg);
	}
	*out = msg->result;
	return true;
}

const char *
pst_arc_comment(struct pst_arena *arena, const struct pst_arc *arc)
{
	char ip[PST_IP_TEXT_SIZE];
	struct pst_buf buf;
	struct pst_str text;

	pst_buf_init(&buf, arena, MAX_COMMENT);
	pst_buf_printf(&buf, "arc=%s", pst_result_word(arc->result));
	if (arc->first_ip.family != PST_IP_NONE)
		pst_buf_printf(
		    &buf, " remote-ip[1]=%s", pst_ip_text(&arc->first_ip, ip));
	for (unsigned i = arc->sets; arc->seals != NULL && i > 0; i--)
		pst_buf_printf(&buf, " as[%u].d=%s as[%u].s=%s", i,
		    arc->seals[i - 1].domain, i, arc->seals[i - 1].selector);
	/* Once a seal does not fit, nothing more is added. */
	text = pst_buf_slice(&buf);
	return pst_arena_memdup(arena, text.ptr, text.len);
}
