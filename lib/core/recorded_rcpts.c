/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The recipients of a recorded message: addresses, domains, or neither; what the
 * MTA read otherwise; and, where the domains are not there, in which rules they
 * were.
 */

#include "core/recorded.h"
#include "core/rule_match.h"

/* Octets of some sections, in which the sender chooses what there is. */
#define MAX_RCPT_DOMAINS 4096
#define MAX_RCPTS_AS 4096
#define MAX_RCPTS_HELD 4096

static struct pst_str
without_local(struct pst_arena *arena, struct pst_str rcpt)
{
	struct pst_path path;

	pst_reverse_path_parse(arena, rcpt, &path);
	return path.domain == NULL ?
	    PST_STR("*") :
	    pst_str(pst_arena_printf(arena, "*@%s", path.domain));
}

static void
write_rcpts(struct pst_record_out *out, const struct pst_message *message,
    enum pst_recorded_rcpts mode)
{
	size_t opened = pst_record_open(out, PST_RECORDED_RCPTS);

	for (size_t i = 0; i < message->rcpts.count; i++) {
		struct pst_str rcpt = message->rcpts.items[i];

		pst_record_octets(out,
		    mode == PST_RECORDED_RCPTS_FULL ?
			rcpt :
			without_local(out->arena, rcpt));
	}
	(void)pst_record_close(out, opened);
}

/* How the MTA read some of them: the domain is enough. */
static void
write_rcpts_as(struct pst_record_out *out, const struct pst_rcpts *rcpts)
{
	size_t opened;

	pst_record_limit(out, MAX_RCPTS_AS);
	opened = pst_record_open(out, PST_RECORDED_RCPTS_AS);
	for (size_t i = 0; i < rcpts->count; i++) {
		if (rcpts->as[i].len == 0)
			continue;
		pst_record_number(out, i);
		pst_record_octets(out, without_local(out->arena, rcpts->as[i]));
	}
	(void)pst_record_close(out, opened);
	pst_record_unlimit(out);
}

/* Returns false if there was no room for them. */
static bool
write_rcpt_domains(
    struct pst_record_out *out, const struct pst_recipients *rcpts)
{
	size_t opened;
	bool cut = out->cut, fits;

	pst_record_limit(out, MAX_RCPT_DOMAINS);
	opened = pst_record_open(out, PST_RECORDED_RCPT_DOMAINS);
	for (size_t i = 0; i < rcpts->count; i++)
		pst_record_text(out, rcpts->domains[i]);
	fits = pst_record_close(out, opened);
	pst_record_unlimit(out);
	out->cut = cut;
	return fits;
}

/* Of a message without their domains: which rules they are in. */
static void
write_rcpts_held(
    struct pst_record_out *out, const struct pst_recorded *recorded)
{
	size_t opened;

	pst_record_limit(out, MAX_RCPTS_HELD);
	opened = pst_record_open(out, PST_RECORDED_RCPTS_HELD);
	for (size_t i = 0; i < recorded->rcpt_held_count; i++)
		pst_record_number(out, recorded->rcpt_held[i]);
	(void)pst_record_close(out, opened);
	pst_record_unlimit(out);
}

static bool
asks_for_rcpts(const struct pst_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->items[i].written[PST_RULE_RCPT_DOMAIN].line != 0)
			return true;
	return false;
}

static void
find_rcpts_held(struct pst_arena *arena, const struct pst_rules *rules,
    struct pst_recorded *recorded)
{
	const struct pst_recipients *rcpts = &recorded->message.findings.rcpts;
	struct pst_names names = {rcpts->domains, rcpts->count};
	bool *held;

	if (!asks_for_rcpts(rules))
		return;
	if (rcpts->unknown)
		names.count = 0;
	held = pst_arena_array(arena, rules->count, sizeof(*held));
	for (size_t i = 0; i < rules->count; i++)
		held[i] = pst_rule_match_rcpts(&rules->items[i], names);
	recorded->rcpt_held = held;
	recorded->rcpt_held_count = rules->count;
}

void
pst_recorded_write_rcpts(struct pst_record_out *out,
    struct pst_recorded *recorded, const struct pst_rules *rules)
{
	const struct pst_message *message = &recorded->message;
	const struct pst_recipients *domains = &message->findings.rcpts;
	bool has_domains = false;

	if (recorded->rcpts != PST_RECORDED_RCPTS_NONE) {
		has_domains =
		    domains->count == 0 || write_rcpt_domains(out, domains);
		write_rcpts(out, message, recorded->rcpts);
		if (message->rcpts.as != NULL)
			write_rcpts_as(out, &message->rcpts);
	}
	if (!has_domains && rules != NULL)
		find_rcpts_held(out->arena, rules, recorded);
	if (recorded->rcpt_held != NULL)
		write_rcpts_held(out, recorded);
}

/* ---- reading ---- */

static void
read_rcpts(struct pst_recorded *recorded, struct pst_record_in *in)
{
	struct pst_message *message = &recorded->message;

	while (in->len > 0 && !in->source->bad)
		pst_rcpts_add(in->source->arena, &message->rcpts,
		    pst_record_take_octets(in));
	if (message->rcpts.count > 0)
		message->rcpt = message->rcpts.items[0];
}

/* After the recipients, which are before it. */
static void
read_rcpts_as(struct pst_recorded *recorded, struct pst_record_in *in)
{
	struct pst_rcpts *rcpts = &recorded->message.rcpts;

	rcpts->as = pst_arena_array(
	    in->source->arena, PST_RCPTS_MAX, sizeof(*rcpts->as));
	while (in->len > 0 && !in->source->bad) {
		size_t at =
		    (size_t)pst_record_take_number(in, PST_RCPTS_MAX - 1);

		rcpts->as[at] = pst_record_take_octets(in);
	}
}

static void
read_rcpts_held(struct pst_recorded *recorded, struct pst_record_in *in)
{
	size_t most = in->len < MAX_RCPTS_HELD ? in->len : MAX_RCPTS_HELD;
	bool *held = pst_arena_array(in->source->arena, most, sizeof(*held));

	recorded->rcpt_held = held;
	while (in->len > 0 && recorded->rcpt_held_count < most)
		held[recorded->rcpt_held_count++] =
		    pst_record_take_number(in, 1) != 0;
}

static void
read_rcpt_domains(struct pst_recorded *recorded, struct pst_record_in *in)
{
	struct pst_recipients *rcpts = &recorded->message.findings.rcpts;

	rcpts->capacity = MAX_RCPT_DOMAINS;
	if (in->len < rcpts->capacity)
		rcpts->capacity = in->len;
	rcpts->domains = pst_arena_array(
	    in->source->arena, rcpts->capacity, sizeof(*rcpts->domains));
	while (in->len > 0 && rcpts->count < rcpts->capacity) {
		const char *domain = pst_record_take_text(in);

		if (domain == NULL)
			pst_record_is_bad(in);
		rcpts->domains[rcpts->count++] = domain == NULL ? "" : domain;
	}
}

void
pst_recorded_read_rcpts(
    unsigned tag, struct pst_record_in *in, struct pst_recorded *recorded)
{
	if (tag == PST_RECORDED_RCPTS)
		read_rcpts(recorded, in);
	else if (tag == PST_RECORDED_RCPT_DOMAINS)
		read_rcpt_domains(recorded, in);
	else if (tag == PST_RECORDED_RCPTS_AS)
		read_rcpts_as(recorded, in);
	else
		read_rcpts_held(recorded, in);
}
