/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/destination.h"

#include <assert.h>

#include "base/buf.h"
#include "base/domain.h"

#define MAX_LOCAL 64 /* RFC 5321 s. 4.5.3.1.1 */
#define INFIX "._report._dmarc."

/* ---- addresses ---- */

/*
 * Decodes %XX. A malformed sequence, which the record's parser refuses, is left
 * unchanged.
 */
static struct pst_str
percent_decode(struct pst_arena *arena, struct pst_str raw)
{
	char *out = pst_arena_alloc(arena, raw.len);
	size_t len = 0;

	for (size_t i = 0; i < raw.len; i++) {
		if (raw.ptr[i] == '%' && raw.len - i > 2 &&
		    pst_hex_value(raw.ptr[i + 1]) >= 0 &&
		    pst_hex_value(raw.ptr[i + 2]) >= 0) {
			out[len++] = (char)(pst_hex_value(raw.ptr[i + 1]) * 16 +
			    pst_hex_value(raw.ptr[i + 2]));
			i += 2;
		} else {
			out[len++] = raw.ptr[i];
		}
	}
	return (struct pst_str){out, len};
}

/* Returns whether c needs no quotes. The record's parser accepts few others. */
static bool
is_atext(char c)
{
	return pst_is_alnum(c) || strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL;
}

static bool
is_dot_string(struct pst_str local)
{
	bool dot = true; /* at the beginning or just after a dot */

	for (size_t i = 0; i < local.len; i++) {
		if (local.ptr[i] == '.' ? dot : !is_atext(local.ptr[i]))
			return false;
		dot = local.ptr[i] == '.';
	}
	return !dot;
}

/* Returns the local part as SMTP writes it, quoted if necessary; NULL if it
 * cannot be written. */
static const char *
write_local(struct pst_arena *arena, struct pst_str local)
{
	if (local.len == 0 || local.len > MAX_LOCAL ||
	    !pst_str_is_printable(local))
		return NULL;
	for (size_t i = 0; i < local.len; i++)
		if (strchr("\"\\<> @", local.ptr[i]) != NULL)
			return NULL;
	return pst_arena_printf(arena,
	    is_dot_string(local) ? "%.*s" : "\"%.*s\"", PST_STR_ARG(local));
}

/* Reads a "mailto:..." URI into an entry of the list. */
static bool
read_uri(
    struct pst_arena *arena, struct pst_str uri, struct pst_destination *out)
{
	struct pst_str raw, domain;
	const char *local;
	size_t at;

	if (!pst_str_istarts(uri, PST_STR("mailto:")))
		return false;
	raw = percent_decode(arena, pst_str_from(uri, 7));
	at = pst_str_rfind(raw, '@');
	local = write_local(arena, pst_str_first(raw, at));
	domain = pst_str_from(raw, at + 1);
	if (local == NULL || !pst_str_is_printable(domain))
		return false;
	*out = (struct pst_destination){
	    .domain = pst_domain_normalize(arena, domain), .why = ""};
	if (out->domain == NULL || pst_domain_labels(out->domain) < 2)
		return false;
	out->address = pst_arena_printf(arena, "%s@%s", local, out->domain);
	out->target = out->address;
	return strlen(out->address) < PST_DESTINATION_SIZE;
}

static bool
is_known(const struct pst_destinations *list, const char *address)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].address, address) == 0)
			return true;
	return false;
}

void
pst_destination_list(struct pst_arena *arena, struct pst_str uris, size_t max,
    struct pst_destinations *out)
{
	struct pst_str uri;
	bool more = true;

	if (max > PST_DESTINATION_MAX)
		max = PST_DESTINATION_MAX;
	out->count = 0;
	while (out->count < max && pst_str_split(&uris, ' ', &uri, &more)) {
		struct pst_destination *item = &out->items[out->count];

		if (read_uri(arena, uri, item) && !is_known(out, item->address))
			out->count++;
	}
}

/* ---- consent ---- */

static void
refuse(struct pst_destination *item, const char *why)
{
	item->verdict = PST_DESTINATION_REFUSED;
	item->why = why;
}

static void
postpone(struct pst_destination *item, const char *why)
{
	item->verdict = PST_DESTINATION_POSTPONED;
	item->why = why;
}

/* Whether two domains have the same Organizational Domain. */
enum kinship {
	SAME,
	OTHER,
	UNKNOWN, /* the DNS did not tell */
};

/* Returns false while an answer is missing. */
static bool
compare_org_domains(struct pst_world *world, const struct pst_config *config,
    const char *a, const char *b, enum kinship *out)
{
	struct pst_walk one, two;
	bool done;

	*out = SAME;
	if (pst_domain_eq(a, b))
		return true;
	if (config->dmarc.discovery == PST_DMARC_PSL && config->psl != NULL) {
		if (!pst_domain_eq(pst_psl_org_domain(config->psl, a),
			pst_psl_org_domain(config->psl, b)))
			*out = OTHER;
		return true;
	}
	done = pst_walk_check(world, a, &one);
	if (!pst_walk_check(world, b, &two) || !done)
		return false;
	if (one.org_domain == NULL || two.org_domain == NULL)
		*out = UNKNOWN;
	else if (!pst_domain_eq(one.org_domain, two.org_domain))
		*out = OTHER;
	return true;
}

/* What the confirming records replace the address with (R-AGG-22). */
struct override {
	struct pst_destination to;
	bool found;
	bool several;
};

static void
note_override(struct override *override, const struct pst_destination *to)
{
	if (override->found && strcmp(override->to.address, to->address) != 0)
		override->several = true;
	override->to = *to;
	override->found = true;
}

static void
read_override(struct pst_arena *arena, enum pst_destination_kind kind,
    const struct pst_dmarc_record *record, struct override *override)
{
	bool rua = kind == PST_DESTINATION_RUA;
	size_t count = rua ? record->rua_count : record->ruf_count;

	for (size_t i = 0; i < count; i++) {
		struct pst_destination to;

		if (read_uri(arena,
			pst_str(rua ? record->rua[i] : record->ruf[i]), &to))
			note_override(override, &to);
	}
}

static void
judge_answer(struct pst_arena *arena, enum pst_destination_kind kind,
    const struct pst_dns_answer *answer, struct pst_destination *item)
{
	struct override override = {.found = false};
	bool consent = false;

	for (size_t i = 0; i < answer->count; i++) {
		struct pst_dmarc_record record;

		if (!pst_dmarc_record_parse(
			arena, answer->records[i].data, &record))
			continue;
		consent = true;
		read_override(arena, kind, &record, &override);
	}
	if (!consent) {
		refuse(
		    item, "its domain has not agreed to receive these reports");
		return;
	}
	if (!override.found || override.several)
		return;
	if (!pst_domain_eq(override.to.domain, item->domain)) {
		refuse(item,
		    "its domain names an address in another domain instead");
		return;
	}
	if (strcmp(item->address, override.to.address) != 0)
		item->target = override.to.address;
}

static bool
ask_for_consent(struct pst_world *world, enum pst_destination_kind kind,
    const char *policy_domain, struct pst_destination *item)
{
	const char *name = pst_arena_printf(
	    world->arena, "%s" INFIX "%s", policy_domain, item->domain);
	const struct pst_dns_answer *answer;

	if (strlen(name) > PST_DOMAIN_MAX) {
		refuse(item, "the name of its confirming record is too long");
		return true;
	}
	answer = pst_world_ask(world, PST_DNS_OTHER, pst_str(name), PST_DNS_TXT)
		     ->answer;
	if (answer == NULL)
		return false;
	if (pst_dns_is_temporary(answer->status))
		postpone(item,
		    "temporary DNS failure while asking for its domain's "
		    "consent");
	else
		judge_answer(world->arena, kind, answer, item);
	return true;
}

/* Applies the operator's lists (R-AGG-23). */
static bool
is_allowed(const struct pst_config *config, struct pst_destination *item)
{
	const struct pst_domains *allow = &config->reports.allow_destinations;
	const struct pst_domains *deny = &config->reports.deny_destinations;

	if (pst_domain_set_has(&deny->set, item->domain)) {
		refuse(item, "reports.deny-destinations");
		return false;
	}
	if (allow->written.count > 0 &&
	    !pst_domain_set_has(&allow->set, item->domain)) {
		refuse(item, "reports.allow-destinations");
		return false;
	}
	return true;
}

static bool
check_one(struct pst_world *world, const struct pst_config *config,
    const struct pst_destination_question *question,
    struct pst_destination *item)
{
	enum kinship kinship;

	if (!is_allowed(config, item))
		return true;
	if (!compare_org_domains(
		world, config, question->policy_domain, item->domain, &kinship))
		return false;
	switch (kinship) {
	case SAME:
		return true;
	case UNKNOWN:
		postpone(item,
		    "temporary DNS failure while looking for the "
		    "Organizational Domain");
		return true;
	case OTHER:
		break;
	}
	if (!config->reports.own_domain_only)
		return ask_for_consent(
		    world, question->kind, question->policy_domain, item);
	refuse(item, "reports.own-domain-only");
	return true;
}

/* Refuses entries that lead to the same address as another one. */
static void
drop_doubles(struct pst_destinations *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct pst_destination *item = &list->items[i];

		for (size_t j = 0; j < list->count; j++) {
			const struct pst_destination *other = &list->items[j];
			bool first = j < i || other->target == other->address;

			if (j == i || item->target == item->address || !first ||
			    other->verdict != PST_DESTINATION_USED ||
			    strcmp(item->target, other->target) != 0)
				continue;
			refuse(item, "another entry leads to the same address");
			break;
		}
	}
}

bool
pst_destination_check(struct pst_world *world, const struct pst_config *config,
    const struct pst_destination_question *question,
    struct pst_destinations *out)
{
	struct pst_arena_mark mark = pst_arena_mark(world->arena);
	struct pst_destinations *list =
	    pst_arena_alloc(world->arena, sizeof(*list));
	bool done = true;

	pst_destination_list(world->arena, pst_str(question->uris),
	    config->reports.max_addresses, list);
	for (size_t i = 0; i < list->count; i++)
		if (!check_one(world, config, question, &list->items[i]))
			done = false;
	if (!done) {
		pst_arena_rewind(world->arena, mark);
		return false;
	}
	drop_doubles(list);
	*out = *list;
	return true;
}
