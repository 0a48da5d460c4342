/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/remark.h"

#include <string.h>

#include "base/buf.h"

#define MORE "..."

struct remarking {
	const struct pst_findings *findings;
	const struct pst_decision *decision;
	struct pst_buf buf;
};

static bool
is_lowered(const struct pst_decision *decision)
{
	return decision->would != decision->action;
}

static const char *
done(const struct pst_decision *decision)
{
	switch (decision->action) {
	case PST_ACTION_ACCEPT:
		return "accepted";
	case PST_ACTION_TAG:
		return "tagged";
	case PST_ACTION_QUARANTINE:
		return "quarantined";
	case PST_ACTION_REJECT:
	case PST_ACTION_TEMPFAIL:
		break;
	}
	return "refused";
}

/* Adds a text after another one; what does not fit is left out. */
static void
add(struct remarking *to, const char *text)
{
	struct pst_str all = pst_str(text);
	size_t room = PST_REMARK_MAX - to->buf.len;

	if (all.len <= room) {
		pst_buf_add(&to->buf, all);
		return;
	}
	if (room < sizeof(MORE) - 1)
		return;
	pst_buf_add(&to->buf, pst_str_first(all, room - (sizeof(MORE) - 1)));
	pst_buf_add_text(&to->buf, MORE);
}

/* Adds what was done about a reason. */
static void
add_done(struct remarking *to)
{
	const struct pst_decision *decision = to->decision;

	if (is_lowered(decision)) {
		add(to, ", not enforced");
		return;
	}
	add(to, ": ");
	add(to, done(decision));
}

static void
add_policy(struct remarking *to)
{
	const struct pst_dmarc *dmarc = &to->findings->dmarc;

	add(to, "p=");
	add(to, pst_dmarc_policy_word(dmarc->published));
	if (dmarc->effective != dmarc->published)
		add(to, ", test mode");
}

static void
add_titled(struct remarking *to)
{
	const struct pst_decision *decision = to->decision;

	if (!is_lowered(decision)) {
		add(to, done(decision));
		add(to, " by ");
	}
	add(to, "rule \"");
	add(to, decision->rule);
	add(to, "\"");
	if (is_lowered(decision))
		add_done(to);
}

/*
 * Adds the first piece of evidence, such as "List-Id:list.example(known,dkim)"
 * (core/indirect.h), as a person would say it.
 */
static void
add_evidence(struct remarking *to, const char *evidence)
{
	struct pst_str all = pst_str(evidence), first, domain, words;
	size_t colon, by_len = sizeof("spf") - 1;

	first = pst_str_first(all, pst_str_find(all, ','));
	colon = pst_str_find(first, ':');
	domain = pst_str_from(first, colon < first.len ? colon + 1 : colon);
	domain = pst_str_first(domain, pst_str_find(domain, '('));
	words = pst_str_from(all, pst_str_find(all, '('));
	words = pst_str_first(words, pst_str_find(words, ')'));
	if (by_len > words.len)
		by_len = words.len;
	if (domain.len == 0)
		add(to,
		    pst_str_eq(first, PST_STR("forwarder")) ?
			"listed forwarder" :
			"trusted ARC chain");
	else if (pst_str_eq(
		     pst_str_from(words, words.len - by_len), PST_STR("spf")))
		add(to, "sent by ");
	else
		add(to, "signed by ");
	add(to, pst_arena_memdup(to->buf.arena, domain.ptr, domain.len));
}

/* A policy of reject that was not followed. */
static void
add_excused(struct remarking *to, const char *why)
{
	if (is_lowered(to->decision))
		add(to, "not enforced, ");
	add(to, "reject lowered: ");
	add(to, why);
}

static void
add_fixed(struct remarking *to)
{
	const char *rule = to->decision->rule;

	if (strcmp(rule, "dmarc-none") == 0) {
		add_policy(to);
	} else if (strcmp(rule, "dmarc-quarantine") == 0 ||
	    strcmp(rule, "dmarc-reject") == 0) {
		add_policy(to);
		add_done(to);
	} else if (strcmp(rule, "dmarc-reject-indirect") == 0) {
		add_excused(to, "");
		add_evidence(to, to->findings->indirect);
	} else if (strcmp(rule, "dmarc-reject-unverified") == 0) {
		add_excused(to, "");
		add_evidence(to, to->findings->unverified);
	} else if (strcmp(rule, "dmarc-reject-lowered") == 0 ||
	    strcmp(rule, "dmarc-reject-ignored") == 0) {
		add_excused(to, "on-reject");
	} else if (strcmp(rule, "default") != 0) {
		add(to, rule);
		add_done(to);
	}
}

const char *
pst_remark_of(struct pst_arena *arena, const struct pst_findings *findings,
    const struct pst_decision *decision)
{
	struct remarking to = {.findings = findings, .decision = decision};

	if (findings->exempt != PST_EXEMPT_NO || decision->skip ||
	    decision->action == PST_ACTION_REJECT ||
	    decision->action == PST_ACTION_TEMPFAIL)
		return NULL;
	/* Most messages; the buffer would cost something. */
	if (!decision->titled && strcmp(decision->rule, "default") == 0)
		return NULL;
	pst_buf_init(&to.buf, arena, PST_REMARK_MAX);
	if (decision->titled)
		add_titled(&to);
	else
		add_fixed(&to);
	return pst_buf_str(&to.buf);
}
