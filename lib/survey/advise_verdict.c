/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdlib.h>

#include "survey/advise_parts.h"
#include "survey/make_record.h"

/* So many addresses of one network make one row. */
#define MIN_GROUP 4

const char *
pst_advise_verdict_name(enum pst_advise_verdict verdict)
{
	static const char *const names[] = {
	    [PST_ADVISE_SAFE] = "safe",
	    [PST_ADVISE_DONE] = "done",
	    [PST_ADVISE_IN_THE_WAY] = "in-the-way",
	    [PST_ADVISE_TOO_LITTLE] = "too-little",
	    [PST_ADVISE_NO_RECORD] = "no-record",
	    [PST_ADVISE_NOT_USABLE] = "not-usable",
	    [PST_ADVISE_NOT_KNOWN] = "not-known",
	};

	return names[verdict];
}

/* ---- rows ---- */

static int
by_likeness(const void *left, const void *right)
{
	const struct advise_source *a = *(struct advise_source *const *)left;
	const struct advise_source *b = *(struct advise_source *const *)right;

	if (a->in_the_way != b->in_the_way)
		return a->in_the_way ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->mark != b->mark)
		return (a->mark == NULL) - (b->mark == NULL) != 0 ?
		    (a->mark == NULL) - (b->mark == NULL) :
		    strcmp(a->mark->source, b->mark->source);
	if (a->ip.family != b->ip.family)
		return a->ip.family < b->ip.family ? -1 : 1;
	return memcmp(a->ip.octets, b->ip.octets, sizeof(a->ip.octets));
}

static bool
are_alike(const struct advise_source *a, const struct advise_source *b)
{
	return a->in_the_way == b->in_the_way && a->kind == b->kind &&
	    a->mark == b->mark && a->network == b->network &&
	    a->network != NULL;
}

static int
by_importance(const void *left, const void *right)
{
	const struct pst_advise_row *a = left, *b = right;

	if (a->in_the_way != b->in_the_way)
		return a->in_the_way ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->messages != b->messages)
		return a->messages > b->messages ? -1 : 1;
	return strcmp(a->source, b->source);
}

static void
make_rows(struct pst_advise *advise, struct pst_advice *out)
{
	out->rows = pst_arena_array(
	    advise->arena, advise->count + 1, sizeof(*out->rows));
	qsort(advise->sources, advise->count, sizeof(*advise->sources),
	    by_likeness);
	for (size_t i = 0, n; i < advise->count; i += n) {
		n = 1;
		while (i + n < advise->count &&
		    are_alike(advise->sources[i], advise->sources[i + n]))
			n++;
		if (n < MIN_GROUP)
			n = 1;
		advise_describe(
		    advise, &advise->sources[i], n, &out->rows[out->count]);
		out->count++;
	}
	for (size_t i = 0; i < out->count; i++) {
		const struct pst_advise_row *row = &out->rows[i];

		out->by_kind[row->kind] += row->addresses;
		out->messages_by_kind[row->kind] += row->messages;
		out->messages += row->messages;
		out->passed += row->passed;
	}
	for (size_t i = 0; i < out->count; i++)
		out->rows[i].share = out->messages == 0 ?
		    0 :
		    (double)out->rows[i].messages / (double)out->messages;
	qsort(out->rows, out->count, sizeof(*out->rows), by_importance);
}

static void
count_evidence(const struct pst_advise *advise, struct pst_advice *out)
{
	struct advise_days days = {{0}};

	for (size_t i = 0; i < advise->count; i++)
		for (const struct advise_cell *cell = advise->sources[i]->cells;
		     cell != NULL; cell = cell->before) {
			if (!advise_receiver_has(
				&advise->known, cell->receiver))
				continue;
			advise_day_add(&days, cell->day);
			if (advise_is_yours(advise->sources[i]))
				out->genuine += cell->passed + cell->failed;
		}
	out->days = advise_days_count(&days);
	out->receivers = advise_receivers_count(&advise->known, NULL);
	out->strangers = advise->receiver_count - out->receivers;
	out->seen_here = advise->seen_here;
	out->seen_aligned = advise->seen_aligned;
}

/* ---- the verdict ---- */

struct step {
	struct pst_advise *advise;
	struct pst_advice *out;
	const struct pst_dmarc_record *record;
	bool stricter;
	const char *policy; /* that it moves to */
};

static void
say(struct step *step, enum pst_advise_verdict verdict, const char *sentence)
{
	step->out->verdict = verdict;
	step->out->sentence = sentence;
}

static void
forget_record(struct pst_advice *out)
{
	out->owner = out->text = out->zone = out->step = NULL;
}

static void
keep_record(struct pst_advice *out, const struct pst_made_record *made)
{
	out->owner = made->owner;
	out->text = made->text;
	out->zone = made->zone;
	out->step = made->why;
}

/* The policy of any name may become stricter, or t=y goes. np= does not count:
 * no genuine mail comes from names that do not exist. */
static bool
is_stricter(
    const struct pst_dmarc_record *now, const struct pst_dmarc_record *next)
{
	return next->p > now->p || next->sp > now->sp ||
	    (now->test && !next->test);
}

static void
make_first(struct step *step)
{
	const char *domain = step->advise->input->domain;
	const char *const address[] = {
	    pst_arena_printf(step->advise->arena, "dmarc@%s", domain)};
	struct pst_make_dmarc what = {.domain = domain,
	    .p = PST_DMARC_NONE,
	    .rua = address,
	    .rua_count = 1};
	struct pst_made_record made;
	struct pst_err err;

	say(step, PST_ADVISE_NO_RECORD,
	    "There is no DMARC record, so receivers send no reports and treat "
	    "forged mail as they like. Publish this one first; it changes "
	    "nothing for mail.");
	if (pst_make_dmarc(step->advise->arena, &what, &made, &err)) {
		made.why = NULL;
		keep_record(step->out, &made);
	}
}

/* Finds the record that is to be changed; false: the verdict is known. */
static bool
find_record(struct step *step)
{
	const struct pst_walk *walk = &step->advise->walk;
	const char *domain = step->advise->input->domain;
	const char *fault = NULL;

	for (size_t i = 0; i < walk->hit_count; i++)
		if (strcmp(walk->hits[i].domain, domain) == 0)
			step->record = &walk->hits[i].record;
	if (step->record == NULL && walk->discarded_at != NULL &&
	    strcmp(walk->discarded_at, domain) == 0)
		fault = "receivers cannot use the DMARC record; see \"postern "
			"check\", and correct it first";
	else if (step->record != NULL && !step->record->usable_policy)
		fault = "the DMARC record has no policy that receivers can "
			"use; see \"postern check\", and correct it first";
	else if (step->record == NULL && walk->hit_count > 0) {
		say(step, PST_ADVISE_NOT_USABLE,
		    pst_arena_printf(step->advise->arena,
			"The policy is that of %s, as %s has no record of its "
			"own. Ask for advice about %s.",
			walk->hits[0].domain, domain, walk->hits[0].domain));
		return false;
	}
	if (fault != NULL) {
		say(step, PST_ADVISE_NOT_USABLE,
		    pst_arena_printf(
			step->advise->arena, "For %s, %s.", domain, fault));
		return false;
	}
	if (step->record == NULL)
		make_first(step);
	return step->record != NULL;
}

static bool
make_next(struct step *step)
{
	struct pst_arena *arena = step->advise->arena;
	struct pst_dmarc_record next;
	struct pst_made_record made;
	struct pst_err err;

	step->out->current = pst_dmarc_policy_word(step->record->p);
	if (!pst_make_next_dmarc(arena, step->advise->input->domain,
		step->record, &made, &err) ||
	    !pst_dmarc_record_parse(arena, pst_str(made.text), &next)) {
		say(step, PST_ADVISE_NOT_USABLE,
		    pst_arena_printf(
			arena, "No step can be made: %s.", err.text));
		return false;
	}
	keep_record(step->out, &made);
	step->stricter = is_stricter(step->record, &next);
	step->policy = pst_dmarc_policy_word(
	    next.p > step->record->p || next.sp <= step->record->sp ? next.p :
								      next.sp);
	if (step->stricter)
		return true;
	if (step->record->rua_count == 0)
		say(step, PST_ADVISE_SAFE,
		    "The record asks for no reports. Add an address, which "
		    "changes nothing for mail; nothing else can be told before "
		    "there are reports.");
	else {
		say(step, PST_ADVISE_DONE,
		    "The policy is reject, so no step is left. Keep reading "
		    "the reports.");
		forget_record(step->out);
	}
	return false;
}

static bool
is_blocked(struct step *step)
{
	struct pst_advice *out = step->out;
	int64_t failing = 0;
	size_t count = 0;

	for (size_t i = 0; i < out->count; i++) {
		if (!out->rows[i].in_the_way)
			continue;
		count += out->rows[i].addresses;
		failing += out->rows[i].messages - out->rows[i].passed;
	}
	if (count == 0)
		return false;
	say(step, PST_ADVISE_IN_THE_WAY,
	    pst_arena_printf(step->advise->arena,
		"Do not move to %s yet: %zu source%s, with %" PRId64
		" messages that fail, may be yours and would break.",
		step->policy, count, count == 1 ? "" : "s", failing));
	return true;
}

/* A domain whose records say that it sends no mail needs no evidence of mail. */
static bool
sends_nothing(const struct step *step)
{
	const struct pst_advice *out = step->out;

	for (size_t i = 0; i < out->count; i++)
		if (out->rows[i].passed > 0)
			return false;
	return step->advise->sends_nothing &&
	    step->advise->froms[0].nets.result == PST_RESULT_PASS &&
	    out->by_kind[PST_ADVISE_ALIGNED] == 0;
}

static void
say_missing(struct step *step)
{
	struct pst_advice *out = step->out;

	say(step, PST_ADVISE_TOO_LITTLE,
	    pst_arena_printf(step->advise->arena,
		"There is too little evidence to move to %s: reports of %u "
		"days (%d are needed) from %zu known receivers (%d), with "
		"%" PRId64
		" messages of your sources (%d). A receiver is known "
		"if it reported your own sources on %d days.",
		step->policy, out->days, PST_ADVISE_MIN_DAYS, out->receivers,
		PST_ADVISE_MIN_RECEIVERS, out->genuine, PST_ADVISE_MIN_MESSAGES,
		PST_ADVISE_KNOWN_DAYS));
}

static void
judge_step(struct step *step)
{
	struct pst_arena *arena = step->advise->arena;
	struct pst_advice *out = step->out;

	if (step->advise->cut)
		say(step, PST_ADVISE_TOO_LITTLE,
		    "The reports name more sources or receivers than are "
		    "looked at, so nothing is advised. Try again with fewer "
		    "--days.");
	else if (step->advise->froms[0].nets.result == PST_RESULT_PERMERROR)
		say(step, PST_ADVISE_IN_THE_WAY,
		    "The SPF record is not valid, so it does not tell which "
		    "sources are yours. Correct it first; see \"postern "
		    "check\".");
	else if (is_blocked(step))
		;
	else if (sends_nothing(step))
		say(step, PST_ADVISE_SAFE,
		    pst_arena_printf(arena,
			"Safe to move to %s: the domain's SPF record says that "
			"it sends no mail, and no report tells otherwise.",
			step->policy));
	else if (out->days < PST_ADVISE_MIN_DAYS ||
	    out->receivers < PST_ADVISE_MIN_RECEIVERS ||
	    out->genuine < PST_ADVISE_MIN_MESSAGES)
		say_missing(step);
	else
		say(step, PST_ADVISE_SAFE,
		    pst_arena_printf(arena,
			"Safe to move to %s: no genuine source would break in "
			"%u days of reports from %zu receivers.",
			step->policy, out->days, out->receivers));
	if (out->verdict != PST_ADVISE_SAFE)
		forget_record(out);
}

void
advise_conclude(struct pst_advise *advise, struct pst_advice *out)
{
	struct step step = {.advise = advise, .out = out};

	make_rows(advise, out);
	count_evidence(advise, out);
	if (advise->failed)
		say(&step, PST_ADVISE_NOT_KNOWN,
		    "The DNS did not answer for some records of the domain, so "
		    "nothing is advised. Try again later.");
	else if (find_record(&step) && make_next(&step))
		judge_step(&step);
}

void
pst_advise_end(struct pst_advise *advise, struct pst_advice *out)
{
	*out = (struct pst_advice){.domain = advise->input->domain};
	advise_judge(advise);
	advise_conclude(advise, out);
}
