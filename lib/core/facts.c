/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/facts.h"

#include "base/domain.h"

#define MAX_RCPTS 1000

void
pst_facts_add_rcpt(
    struct pst_arena *arena, struct pst_rcpts *rcpts, struct pst_str rcpt)
{
	struct pst_path path;
	const char **bigger;

	if (rcpts->unknown)
		return;
	pst_reverse_path_parse(arena, rcpt, &path);
	rcpts->unknown = path.domain == NULL || rcpts->count == MAX_RCPTS;
	/* Most messages have all their recipients in one domain. */
	if (rcpts->unknown ||
	    (rcpts->count > 0 &&
		strcmp(rcpts->domains[rcpts->count - 1], path.domain) == 0))
		return;
	if (rcpts->count == rcpts->capacity) {
		rcpts->capacity = rcpts->count == 0 ? 4 : 2 * rcpts->count;
		bigger =
		    pst_arena_array(arena, rcpts->capacity, sizeof(*bigger));
		if (rcpts->count > 0)
			memcpy(bigger, rcpts->domains,
			    rcpts->count * sizeof(*bigger));
		rcpts->domains = bigger;
	}
	rcpts->domains[rcpts->count++] = path.domain;
}

/*
 * address is local@domain; a mark behind a plus sign in the recipient's local
 * part does not make another mailbox of it.
 */
static bool
is_mailbox(const struct pst_path *path, const char *address)
{
	struct pst_str s = pst_str(address);
	size_t at = pst_str_rfind(s, '@');
	struct pst_str local = path->local;

	if (at == s.len ||
	    !pst_domain_eq(path->domain, pst_str_from(s, at + 1).ptr))
		return false;
	return pst_str_ieq(local, pst_str_first(s, at)) ||
	    pst_str_ieq(pst_str_first(local, pst_str_find(local, '+')),
		pst_str_first(s, at));
}

bool
pst_facts_takes_reports(struct pst_arena *arena,
    const struct pst_config *config, struct pst_str rcpt)
{
	const struct pst_texts *more = &config->reports.skip_recipients;
	struct pst_path path;
	size_t i;

	pst_reverse_path_parse(arena, rcpt, &path);
	if (!path.valid || path.domain == NULL)
		return false;
	if (is_mailbox(&path, config->reports.from) ||
	    is_mailbox(&path, config->reports.bounces))
		return true;
	for (i = 0; i < more->count; i++) {
		if (is_mailbox(&path, more->items[i]))
			return true;
	}
	return false;
}

const char *
pst_facts_list_id(struct pst_arena *arena, const struct pst_header *header)
{
	const struct pst_header_field *field =
	    pst_header_find(header, "List-Id", 1);
	struct pst_str id;
	size_t open;

	if (field == NULL || pst_header_count(header, "List-Id") != 1)
		return NULL;
	/* The description in front may hold brackets of its own. */
	open = pst_str_rfind(field->value, '<');
	id = field->value;
	if (open < id.len) {
		id = pst_str_from(id, open + 1);
		id = pst_str_first(id, pst_str_find(id, '>'));
	}
	return pst_domain_normalize(arena, pst_str_trim(id));
}

static struct pst_names
passing(struct pst_arena *arena, const struct pst_dkim *dkim)
{
	const char **names =
	    pst_arena_array(arena, dkim->count, sizeof(*names));
	size_t i, count = 0;

	for (i = 0; i < dkim->count; i++) {
		const struct pst_dkim_sig *sig = &dkim->sigs[i];

		if (sig->result == PST_RESULT_PASS && sig->domain != NULL)
			names[count++] = sig->domain;
	}
	return (struct pst_names){names, count};
}

void
pst_facts_make(struct pst_arena *arena, const struct pst_header *header,
    const struct pst_findings *findings, struct pst_facts *out)
{
	*out = (struct pst_facts){
	    .client = findings->client,
	    .mail_from = findings->mail_from,
	    .from = {findings->from.domains, findings->from.domain_count},
	    .dkim = passing(arena, &findings->dkim),
	    .list_id = pst_facts_list_id(arena, header),
	    .arc_sealer = findings->arc_sealer,
	    .dmarc = findings->dmarc.result,
	    .spf = findings->spf.result,
	    .indirect = findings->indirect != NULL,
	};
	if (!findings->rcpts.unknown)
		out->rcpt = (struct pst_names){
		    findings->rcpts.domains, findings->rcpts.count};
	if (findings->has_iprev && findings->iprev.result == PST_RESULT_PASS)
		out->client_name = findings->iprev.name;
}
