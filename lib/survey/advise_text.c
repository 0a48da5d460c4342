/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>

#include "base/buf.h"
#include "survey/advise_parts.h"

#define MAX_TEXT 4000
#define MAX_SHOWN 5
#define NEW_DAYS 7 /* a source is new for so long */

/* What the sources of a row have in common. */
struct sum {
	struct pst_advise *advise;
	const struct advise_source *first;
	struct advise_days days, failed_days, here;
	struct advise_receivers receivers;
	int64_t messages, passed, excused, early, late;
	unsigned verified;
	bool own_dkim, own_spf, own_auth, near;
	size_t others;
};

static void
add_cells(struct sum *sum, const struct advise_source *source)
{
	size_t half = sum->advise->day_count / 2;

	for (const struct advise_cell *cell = source->cells; cell != NULL;
	     cell = cell->before) {
		int64_t messages = cell->passed + cell->failed;

		advise_day_add(&sum->days, cell->day);
		advise_receiver_add(&sum->receivers, cell->receiver);
		if (cell->failed > 0)
			advise_day_add(&sum->failed_days, cell->day);
		sum->messages += messages;
		sum->passed += cell->passed;
		sum->excused += cell->excused;
		if (cell->day < half)
			sum->early += messages;
		else
			sum->late += messages;
	}
}

static void
add_source(struct sum *sum, const struct advise_source *source)
{
	add_cells(sum, source);
	advise_days_join(&sum->here, &source->here);
	sum->verified |= source->verified;
	sum->own_dkim = sum->own_dkim || source->own_dkim;
	sum->own_spf = sum->own_spf || source->own_spf;
	sum->own_auth = sum->own_auth || source->own_auth;
	sum->near = sum->near ||
	    (source->network != NULL && source->network->has_verified);
	if (source->other_count > sum->others)
		sum->others = source->other_count;
}

static void
add(struct pst_buf *buf, const char *text)
{
	if (buf->len > 0)
		pst_buf_add_text(buf, "; ");
	pst_buf_add_text(buf, text);
}

static void
add_verified(struct pst_buf *buf, const struct sum *sum)
{
	if ((sum->verified & ADVISE_IN_SPF) != 0)
		add(buf, "in the SPF record");
	if ((sum->verified & ADVISE_IS_MX) != 0)
		add(buf, "an MX host");
	if ((sum->verified & ADVISE_NAMED_BELOW) != 0)
		add(buf, "its name is below the domain");
	if ((sum->verified & ADVISE_SEEN_HERE) != 0)
		add(buf, "passed SPF here");
	if (advise_days_count(&sum->here) > 0) {
		add(buf, "");
		pst_buf_printf(buf, "passed DKIM here on %u days",
		    advise_days_count(&sum->here));
	}
}

static void
add_claims(struct pst_buf *buf, const struct sum *sum)
{
	size_t all = advise_receivers_count(&sum->receivers, NULL);
	size_t known =
	    advise_receivers_count(&sum->receivers, &sum->advise->known);

	if (sum->own_dkim && sum->own_spf)
		add(buf, "aligned SPF and DKIM");
	else if (sum->own_dkim)
		add(buf, "aligned DKIM");
	else if (sum->own_spf)
		add(buf, "aligned SPF");
	else
		add(buf, "never aligned");
	if (sum->passed > 0 && sum->messages > sum->passed) {
		add(buf, "");
		pst_buf_printf(buf, "failed on %u days",
		    advise_days_count(&sum->failed_days));
	}
	if (sum->excused > 0)
		add(buf, "receivers say forwarded");
	if (sum->others > 0) {
		add(buf, "");
		pst_buf_printf(buf, "the same for %zu other domains of yours",
		    sum->others);
	}
	add(buf, "");
	pst_buf_printf(buf, "%u day%s, %zu receiver%s",
	    advise_days_count(&sum->days),
	    advise_days_count(&sum->days) == 1 ? "" : "s", all,
	    all == 1 ? "" : "s");
	if (known == 0)
		add(buf, "no known receiver says so, it may be made up");
}

static const char *
reasons(const struct sum *sum)
{
	const struct advise_source *first = sum->first;
	struct pst_buf buf;

	pst_buf_init(&buf, sum->advise->arena, MAX_TEXT);
	if (first->mark != NULL)
		pst_buf_printf(
		    &buf, "marked as %s", pst_mark_word(first->mark->mark));
	add_verified(&buf, sum);
	if (sum->verified == 0 && first->mark == NULL &&
	    first->kind != PST_ADVISE_FORGERY)
		add(&buf, "only reports vouch for it");
	if (sum->near && sum->verified == 0)
		add(&buf, "beside a source of yours");
	add_claims(&buf, sum);
	return pst_buf_str(&buf);
}

/* ---- what to do ---- */

static void
add_alternatives(struct pst_buf *buf, const struct sum *sum)
{
	const struct advise_source *first = sum->first;
	const char *domain = sum->advise->input->domain;
	const char *dkim = NULL, *spf = NULL;

	for (size_t i = 0; i < first->auth_count; i++) {
		struct pst_str name = pst_str(first->auths[i]->name);

		if (dkim == NULL && pst_str_starts(name, PST_STR("dkim:")))
			dkim = first->auths[i]->name + 5;
		if (spf == NULL && pst_str_starts(name, PST_STR("spf:")))
			spf = first->auths[i]->name + 4;
	}
	pst_buf_printf(buf, "sign with d=%s", domain);
	if (dkim != NULL) {
		pst_buf_add_text(buf, " (it signs with d=");
		pst_buf_add_escaped(buf, pst_str(dkim));
		pst_buf_add_text(buf, " only)");
	}
	pst_buf_printf(buf, ", or use a MAIL FROM below %s", domain);
	if (spf != NULL) {
		pst_buf_add_text(buf, " instead of ");
		pst_buf_add_escaped(buf, pst_str(spf));
	}
}

static const char *
fix_of(const struct sum *sum, const char *source)
{
	const struct advise_source *first = sum->first;
	struct pst_buf buf;

	pst_buf_init(&buf, sum->advise->arena, MAX_TEXT);
	if (first->kind == PST_ADVISE_UNCLEAR) {
		if (!first->in_the_way)
			return NULL;
		pst_buf_add_text(&buf, "if it is yours: ");
		add_alternatives(&buf, sum);
		pst_buf_printf(&buf,
		    "; if not: postern source %s --forger (or --forwarder)",
		    source);
		return pst_buf_str(&buf);
	}
	if (first->kind != PST_ADVISE_BROKEN)
		return NULL;
	if (sum->own_dkim && sum->passed > 0)
		pst_buf_add_text(&buf,
		    "its signature fails at times: compare the selectors and "
		    "keys that it uses with those in the DNS; else ");
	else if (sum->own_auth)
		pst_buf_add_text(&buf,
		    "it authenticates with a name below the domain that "
		    "strict alignment does not take; ");
	add_alternatives(&buf, sum);
	if ((sum->verified & ADVISE_IN_SPF) == 0)
		pst_buf_printf(&buf, ", and add ip%c:%s to the SPF record",
		    first->ip.family == PST_IP_V4 ? '4' : '6', source);
	return pst_buf_str(&buf);
}

/* ---- the row ---- */

static const char *
trend_of(const struct sum *sum, const struct pst_advise_row *row)
{
	const struct pst_advise *advise = sum->advise;
	int64_t end = advise->first_day + (int64_t)advise->day_count;

	if (advise->day_count > 2 * (size_t)NEW_DAYS &&
	    row->first_day >= end - NEW_DAYS)
		return "new";
	if (advise->day_count > 2 * (size_t)NEW_DAYS &&
	    row->last_day < end - NEW_DAYS - 1)
		return "gone";
	if (sum->late > 2 * sum->early)
		return "up";
	if (sum->early > 2 * sum->late)
		return "down";
	return "steady";
}

static const char *
list_auths(const struct sum *sum)
{
	const struct advise_source *first = sum->first;
	struct pst_buf buf;

	pst_buf_init(&buf, sum->advise->arena, MAX_TEXT * 2);
	if (sum->own_auth || sum->own_dkim || sum->own_spf)
		pst_buf_add_text(&buf, sum->advise->input->domain);
	for (size_t i = 0; i < first->auth_count; i++) {
		if (buf.len > 0)
			pst_buf_add_text(&buf, ", ");
		pst_buf_add_escaped(&buf, pst_str(first->auths[i]->name));
	}
	return pst_buf_overflowed(&buf) || buf.len == 0 ? "" :
							  pst_buf_str(&buf);
}

/* Known receivers come first. */
static const char *
list_receivers(const struct sum *sum)
{
	const struct pst_advise *advise = sum->advise;
	size_t shown = 0;
	struct pst_buf buf;

	pst_buf_init(&buf, advise->arena, MAX_TEXT * 2);
	for (int known = 1; known >= 0; known--)
		for (size_t i = 0; i < advise->receiver_count; i++) {
			if (shown == MAX_SHOWN ||
			    !advise_receiver_has(&sum->receivers, i) ||
			    advise_receiver_has(&advise->known, i) !=
				(known == 1))
				continue;
			if (shown++ > 0)
				pst_buf_add_text(&buf, ", ");
			pst_buf_add_escaped(&buf,
			    pst_str_first(pst_str(advise->receivers[i]), 60));
		}
	return buf.len == 0 ? "" : pst_buf_str(&buf);
}

static const char *
source_text(const struct sum *sum, size_t count)
{
	struct pst_ip network = pst_ip_network(&sum->first->ip);
	char text[PST_IP_TEXT_SIZE];

	if (count == 1)
		return pst_arena_strdup(
		    sum->advise->arena, pst_ip_text(&sum->first->ip, text));
	return pst_arena_printf(sum->advise->arena, "%s/%d",
	    pst_ip_text(&network, text), network.family == PST_IP_V4 ? 24 : 64);
}

void
advise_describe(struct pst_advise *advise, struct advise_source *const *sources,
    size_t count, struct pst_advise_row *row)
{
	struct sum sum = {.advise = advise, .first = sources[0]};

	for (size_t i = 0; i < count; i++)
		add_source(&sum, sources[i]);
	*row = (struct pst_advise_row){.source = source_text(&sum, count),
	    .addresses = count,
	    .name = sum.first->name,
	    .kind = sum.first->kind,
	    .in_the_way = sum.first->in_the_way,
	    .messages = sum.messages,
	    .passed = sum.passed,
	    .days = advise_days_count(&sum.days),
	    .receiver_count = advise_receivers_count(&sum.receivers, NULL),
	    .mark =
		sum.first->mark == NULL ? PST_MARK_NONE : sum.first->mark->mark,
	    .note = sum.first->mark == NULL ?
		"" :
		pst_escaped(advise->arena, pst_str(sum.first->mark->note))};
	row->first_day = -1;
	for (size_t day = 0; day < advise->day_count; day++) {
		if (!advise_day_has(&sum.days, day))
			continue;
		if (row->first_day < 0)
			row->first_day = advise->first_day + (int64_t)day;
		row->last_day = advise->first_day + (int64_t)day;
	}
	row->why = reasons(&sum);
	row->fix = fix_of(&sum, row->source);
	row->authenticated = list_auths(&sum);
	row->receivers = list_receivers(&sum);
	row->trend = trend_of(&sum, row);
}
