/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/make_record.h"

#include "base/buf.h"
#include "base/domain.h"
#include "base/macros.h"
#include "survey/make_text.h"

#define MAX_LOCAL 64 /* RFC 5321 s. 4.5.3.1.1 */

/* The tags of a record; addresses are URIs. */
struct tags {
	enum pst_dmarc_policy p, sp, np;
	bool has_sp, has_np, adkim_strict, aspf_strict, test;
	enum pst_dmarc_psd psd;
	const char *const *rua, *const *ruf;
	size_t rua_count, ruf_count;
	const char *fo; /* NULL: not written */
};

static void
add_uris(
    struct pst_buf *buf, const char *tag, const char *const *uris, size_t count)
{
	for (size_t i = 0; i < count; i++)
		pst_buf_printf(buf, "%s%s%s", i == 0 ? "; " : ",",
		    i == 0 ? tag : "", uris[i]);
}

static void
write_record(struct pst_arena *arena, const char *domain,
    const struct tags *tags, struct pst_made_record *out)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, PST_MAKE_MAX_TEXT);
	pst_buf_printf(&buf, "v=DMARC1; p=%s", pst_dmarc_policy_word(tags->p));
	if (tags->has_sp)
		pst_buf_printf(
		    &buf, "; sp=%s", pst_dmarc_policy_word(tags->sp));
	if (tags->has_np)
		pst_buf_printf(
		    &buf, "; np=%s", pst_dmarc_policy_word(tags->np));
	pst_buf_add_text(&buf, tags->adkim_strict ? "; adkim=s" : "");
	pst_buf_add_text(&buf, tags->aspf_strict ? "; aspf=s" : "");
	add_uris(&buf, "rua=", tags->rua, tags->rua_count);
	add_uris(&buf, "ruf=", tags->ruf, tags->ruf_count);
	if (tags->fo != NULL)
		pst_buf_printf(&buf, "; fo=%s", tags->fo);
	if (tags->psd != PST_DMARC_PSD_U)
		pst_buf_printf(&buf, "; psd=%s", pst_dmarc_psd_word(tags->psd));
	pst_buf_add_text(&buf, tags->test ? "; t=y" : "");
	pst_make_finish(arena, pst_arena_printf(arena, "_dmarc.%s", domain),
	    pst_buf_str(&buf), out);
}

/* Encodes what has a meaning of its own in a URI or in a record. */
static const char *
make_uri(struct pst_arena *arena, const char *address, struct pst_err *err)
{
	struct pst_str all = pst_str(address);
	struct pst_str local = pst_str_first(all, pst_str_rfind(all, '@'));
	struct pst_str raw = pst_str_from(all, local.len + 1);
	const char *domain = pst_domain_normalize(arena, raw);
	struct pst_buf buf;

	if (domain == NULL || pst_domain_labels(domain) < 2 || local.len == 0 ||
	    local.len > MAX_LOCAL || !pst_str_is_printable(local)) {
		pst_err_set(
		    err, "\"%.100s\" is not an address for reports", address);
		return NULL;
	}
	pst_buf_init(&buf, arena, 4 * MAX_LOCAL + PST_DOMAIN_MAX + 16);
	pst_buf_add_text(&buf, "mailto:");
	for (size_t i = 0; i < local.len; i++) {
		char c = local.ptr[i];

		if (pst_is_alnum(c) || strchr("-._+", c) != NULL)
			pst_buf_add_char(&buf, c);
		else
			pst_buf_printf(&buf, "%%%02X", (unsigned char)c);
	}
	pst_buf_printf(&buf, "@%s", domain);
	return pst_buf_str(&buf);
}

static bool
make_uris(struct pst_arena *arena, const char *const *addresses, size_t count,
    const char *const **uris, struct pst_err *err)
{
	const char **list = pst_arena_array(arena, count, sizeof(*list));

	for (size_t i = 0; i < count; i++) {
		list[i] = make_uri(arena, addresses[i], err);
		if (list[i] == NULL)
			return false;
	}
	*uris = list;
	return true;
}

/* Refuses what does not do what its author expects. */
static bool
is_sensible(const struct pst_make_dmarc *what, struct pst_err *err)
{
	if (what->p == PST_DMARC_NONE && what->rua_count == 0)
		return pst_err_set(err,
		    "p=none without an address for reports changes nothing; "
		    "give one with --rua");
	if (what->has_sp && what->sp < what->p)
		return pst_err_set(err,
		    "a weaker policy for sub-domains lets everybody forge "
		    "those; use the same policy as for the domain, or a "
		    "stricter one");
	if (what->has_np && what->np < what->p)
		return pst_err_set(err,
		    "a weaker policy for names that do not exist helps nobody "
		    "but forgers; use reject");
	if (what->fo != NULL && what->ruf_count == 0)
		return pst_err_set(err,
		    "fo= is about failure reports, and there are none without "
		    "an address; give one with --ruf");
	if (what->test && what->p == PST_DMARC_NONE)
		return pst_err_set(
		    err, "t=y weakens a policy, and none is the weakest");
	if (what->rua_count > PST_DMARC_MAX_URIS ||
	    what->ruf_count > PST_DMARC_MAX_URIS)
		return pst_err_set(err,
		    "there are more than %d addresses; receivers use the first "
		    "few only",
		    PST_DMARC_MAX_URIS);
	return true;
}

/* Reads the record again, as a receiver does. */
static bool
is_read_so(struct pst_arena *arena, const struct pst_make_dmarc *what,
    const char *text, struct pst_err *err)
{
	struct pst_dmarc_record record;

	if (text == NULL ||
	    !pst_dmarc_record_parse(arena, pst_str(text), &record) ||
	    record.limited || record.rua_count != what->rua_count ||
	    record.ruf_count != what->ruf_count)
		return pst_err_set(err,
		    "one of the addresses for reports cannot be used in a "
		    "DMARC record");
	if (what->fo != NULL && strcmp(record.fo, what->fo) != 0)
		return pst_err_set(err,
		    "\"%.40s\" is not a value of fo=: it is 0 or 1, d and s, "
		    "with a colon between them",
		    what->fo);
	return true;
}

bool
pst_make_dmarc(struct pst_arena *arena, const struct pst_make_dmarc *what,
    struct pst_made_record *out, struct pst_err *err)
{
	struct tags tags = {
	    .p = what->p,
	    .sp = what->sp,
	    .np = what->np,
	    .has_sp = what->has_sp,
	    .has_np = what->has_np,
	    .adkim_strict = what->adkim_strict,
	    .aspf_strict = what->aspf_strict,
	    .test = what->test,
	    .rua_count = what->rua_count,
	    .ruf_count = what->ruf_count,
	    .fo = what->fo,
	};

	if (!pst_make_is_domain(what->domain, err) || !is_sensible(what, err) ||
	    !make_uris(arena, what->rua, what->rua_count, &tags.rua, err) ||
	    !make_uris(arena, what->ruf, what->ruf_count, &tags.ruf, err))
		return false;
	write_record(arena, what->domain, &tags, out);
	return is_read_so(arena, what, out->text, err);
}

void
pst_make_consent(struct pst_arena *arena, const char *domain, const char *other,
    struct pst_made_record *out)
{
	pst_make_finish(arena,
	    pst_arena_printf(arena, "%s._report._dmarc.%s", domain, other),
	    "v=DMARC1", out);
}

/* ---- the next step ---- */

static enum pst_dmarc_policy
stricter(enum pst_dmarc_policy policy)
{
	return policy == PST_DMARC_NONE ? PST_DMARC_QUARANTINE :
					  PST_DMARC_REJECT;
}

/* Changes one thing; returns what it is, and what to wait for. */
static const char *
take_step(
    struct pst_arena *arena, struct tags *tags, const char *const *address)
{
	enum pst_dmarc_policy old = tags->p;

	/* No genuine mail comes from names that do not exist. */
	if (tags->has_np && tags->np < tags->p)
		tags->np = PST_DMARC_REJECT;
	if (tags->rua_count == 0) {
		tags->rua = address;
		tags->rua_count = 1;
		return "The record has no address for reports. Get them first, "
		       "at the address in rua= or at another one, for two "
		       "weeks: without them nobody can tell what a stricter "
		       "policy would break.";
	}
	if (tags->test) {
		tags->test = false;
		return pst_arena_printf(arena,
		    "t=y goes, so receivers apply %s in full. Do this when no "
		    "genuine source fails in the reports of two weeks.",
		    pst_dmarc_policy_word(tags->p));
	}
	if (tags->has_sp && tags->sp < tags->p) {
		tags->sp = stricter(tags->sp);
		return pst_arena_printf(arena,
		    "Sub-domains have a weaker policy than the domain; they "
		    "get %s. Do this when none of their genuine sources fails "
		    "in the reports of two weeks.",
		    pst_dmarc_policy_word(tags->sp));
	}
	if (old == PST_DMARC_REJECT)
		return "The domain asks receivers to reject forged mail; no "
		       "step is left. Keep reading the reports.";
	tags->p = stricter(old);
	if (tags->has_sp && tags->sp < tags->p)
		tags->sp = tags->p;
	if (tags->has_np && tags->np < tags->p)
		tags->np = PST_DMARC_REJECT;
	return pst_arena_printf(arena,
	    "From %s to %s. Do this when no genuine source fails in the "
	    "reports of two weeks, and go back if genuine mail is lost.",
	    pst_dmarc_policy_word(old), pst_dmarc_policy_word(tags->p));
}

bool
pst_make_next_dmarc(struct pst_arena *arena, const char *domain,
    const struct pst_dmarc_record *current, struct pst_made_record *out,
    struct pst_err *err)
{
	const char **address = pst_arena_alloc(arena, sizeof(*address));
	const char *why;
	struct tags tags = {
	    .p = current->p,
	    .sp = current->sp,
	    .np = current->np,
	    .has_sp = current->has_sp,
	    .has_np = current->has_np,
	    .adkim_strict = current->adkim_strict,
	    .aspf_strict = current->aspf_strict,
	    .test = current->test && current->p != PST_DMARC_NONE,
	    .psd = current->psd,
	    .rua = current->rua,
	    .ruf = current->ruf,
	    .rua_count = current->rua_count,
	    .ruf_count = current->ruf_count,
	};

	if (!pst_make_is_domain(domain, err))
		return false;
	if (current->repeated_tag)
		return pst_err_set(err,
		    "receivers cannot use the present record of %s, because a "
		    "tag appears twice; correct that first",
		    domain);
	if (current->ruf_count > 0 && strcmp(current->fo, "0") != 0)
		tags.fo = current->fo;
	*address = pst_arena_printf(arena, "mailto:dmarc@%s", domain);
	why = take_step(arena, &tags, address);
	write_record(arena, domain, &tags, out);
	out->why = why;
	if (out->text == NULL)
		return pst_err_set(
		    err, "the present record of %s is too long", domain);
	return true;
}
