/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/parts.h"

#include <assert.h>

#include "base/buf.h"
#include "base/domain.h"
#include "core/counters.h"
#include "core/enforcement.h"
#include "mail/date.h"

#define DAY_S (24 * 60 * 60)

#define SPLIT "split"

/* Room for the recipients that can be remembered, and for one too many. */
#define ROOM (PST_SPLITS_MAX_RCPTS + 1)

bool
pst_parts_are_wanted(const struct pst_config *config)
{
	return config->mixed_recipients == PST_MIXED_SPLIT &&
	    !config->submission && pst_enforcement_differs(config);
}

const char *
pst_parts_later_line(struct pst_arena *arena, struct pst_str rcpt)
{
	size_t at = pst_str_rfind(rcpt, '@');
	struct pst_str domain = pst_str_from(rcpt, at == rcpt.len ? 0 : at + 1);

	domain = pst_str_first(domain, pst_str_find(domain, '>'));
	return pst_arena_printf(arena,
	    "NOQUEUE: a recipient at %s is told to come later, because others "
	    "of this message have another mode (mixed-recipients = split)",
	    pst_escaped(arena, pst_str_first(domain, PST_DOMAIN_MAX)));
}

void
pst_parts_begin(struct pst_parts *parts, struct pst_arena *arena,
    struct pst_service *service, const struct pst_message *message)
{
	if (!pst_parts_are_wanted(message->config))
		return;
	parts->on = true;
	parts->arena = arena;
	parts->splits = pst_service_splits(service);
	parts->clock = pst_service_clock(service);
	parts->key.client = message->client;
	parts->key.mail_from =
	    pst_splits_digest(parts->splits, &message->mail_from, 1);
}

static void
take_in(struct pst_parts *parts, uint64_t digest, enum pst_rcpt_kind kind)
{
	if (parts->rcpts == NULL) {
		parts->rcpts =
		    pst_arena_array(parts->arena, ROOM, sizeof(*parts->rcpts));
		parts->kinds =
		    pst_arena_array(parts->arena, ROOM, sizeof(*parts->kinds));
	}
	if (parts->count == ROOM)
		return;
	parts->rcpts[parts->count].digest = digest;
	parts->kinds[parts->count++] = kind;
}

static void
hold_back(struct pst_parts *parts, uint64_t digest, int64_t now_ms)
{
	pst_counter_add(PST_COUNTER_SPLIT_RECIPIENTS, 0, 1);
	if (!parts->held_back)
		pst_splits_held_back(
		    parts->splits, &parts->key, digest, now_ms);
	parts->held_back = true;
}

bool
pst_parts_rcpt(
    struct pst_parts *parts, struct pst_str rcpt, enum pst_rcpt_kind kind)
{
	enum pst_part part;
	uint64_t digest;
	int64_t now_ms;

	if (!parts->on)
		return true;
	now_ms = pst_clock_ms(parts->clock);
	digest = pst_splits_digest(parts->splits, &rcpt, 1);
	part = pst_splits_part(parts->splits, &parts->key, digest, now_ms);
	if (part != PST_PART_UNKNOWN && parts->chosen != PST_PART_UNKNOWN &&
	    part != parts->chosen) {
		hold_back(parts, digest, now_ms);
		return false;
	}
	if (part != PST_PART_UNKNOWN)
		parts->chosen = part;
	take_in(parts, digest, kind);
	return true;
}

/* The same for every attempt to deliver a message. */
static uint64_t
letter_of(const struct pst_parts *parts, const struct pst_message *message)
{
	static const char *const names[] = {"Message-ID", "Date", "From"};
	struct pst_str texts[PST_COUNT(names)];

	for (size_t i = 0; i < PST_COUNT(names); i++) {
		const struct pst_header_field *field =
		    pst_header_find(message->header, names[i], 1);

		texts[i] = field == NULL ? PST_STR("") : field->value;
	}
	return pst_splits_digest(parts->splits, texts, PST_COUNT(names));
}

static bool
is_recent(const struct pst_parts *parts, const struct pst_message *message)
{
	const struct pst_header_field *field =
	    pst_header_find(message->header, "Date", 1);
	int64_t now = pst_clock_epoch(parts->clock);
	int64_t date;

	return field != NULL &&
	    pst_date_parse(pst_str_trim(field->value), &date) &&
	    date > now - DAY_S && date < now + DAY_S;
}

static enum pst_split_answer
remember(struct pst_parts *parts, const struct pst_message *message)
{
	for (size_t i = 0; i < parts->count; i++) {
		enum pst_enforcement mode =
		    pst_enforcement_of(message->config, &message->findings.from,
			parts->kinds[i], message->findings.bucket);

		parts->rcpts[i].part = mode == PST_MONITORED ?
		    PST_PART_MONITORED :
		    PST_PART_ENFORCED;
	}
	return pst_splits_remember(parts->splits, &parts->key, parts->rcpts,
	    parts->count, pst_clock_ms(parts->clock));
}

/* Returns what comes of a mixed message. */
static const char *
split(struct pst_parts *parts, const struct pst_message *message)
{
	if (!is_recent(parts, message))
		return "strictest:date";
	switch (remember(parts, message)) {
	case PST_SPLIT_REMEMBERED:
		return NULL;
	case PST_SPLIT_TOO_OFTEN:
		return "strictest:often";
	case PST_SPLIT_TOO_MANY:
		return "strictest:recipients";
	case PST_SPLIT_FULL:
		return "strictest:full";
	}
	assert(false);
	return NULL;
}

static void
defer(struct pst_decision *decision)
{
	decision->mixed = SPLIT;
	decision->action = PST_ACTION_TEMPFAIL;
	decision->skip = false;
	decision->rule = PST_PARTS_RULE;
	decision->titled = false;
	decision->reason = PST_REASON_NONE;
	decision->comment = NULL;
	decision->code = 451;
	decision->xcode = "4.7.1";
	decision->text = "The recipients of this message have different "
			 "policies, please try again: it is then accepted in "
			 "two parts";
	decision->quarantine_reason = NULL;
	decision->edit_count = 0;
	decision->stripped = 0;
	decision->remark = NULL;
}

void
pst_parts_settle(struct pst_parts *parts, struct pst_message *message)
{
	struct pst_decision *decision = &message->decision;
	const char *kept_whole = "strictest:session";

	if (parts->on)
		parts->key.letter = letter_of(parts, message);
	if (decision->mixed == NULL) {
		if (parts->on && decision->action != PST_ACTION_TEMPFAIL)
			pst_splits_done(parts->splits, &parts->key,
			    decision->monitored ? PST_PART_MONITORED :
						  PST_PART_ENFORCED);
		return;
	}
	if (!pst_parts_are_wanted(message->config))
		return;
	if (parts->on)
		kept_whole = split(parts, message);
	if (kept_whole == NULL) {
		pst_counter_add(PST_COUNTER_SPLIT_MESSAGES, 0, 1);
		defer(decision);
		return;
	}
	pst_counter_add(PST_COUNTER_SPLIT_NOT, 0, 1);
	decision->mixed = kept_whole;
}

bool
pst_parts_settle_again(struct pst_decision *decision, const char *was)
{
	if (was == NULL || strcmp(was, PST_MIXED_WORD_STRICTEST) == 0)
		return false;
	if (strcmp(was, SPLIT) == 0)
		defer(decision);
	else
		decision->mixed = was;
	return true;
}
