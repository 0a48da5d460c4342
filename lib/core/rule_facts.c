/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/rule_facts.h"

#include "base/domain.h"

const char *
pst_rule_facts_list_id(struct pst_arena *arena, const struct pst_header *header)
{
	const struct pst_header_field *field =
	    pst_header_find(header, "List-Id", 1);
	struct pst_str id;
	size_t open;

	if (field == NULL || pst_header_count(header, "List-Id") != 1)
		return NULL;
	/* The description before the identifier may contain brackets, too. */
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
pst_rule_facts_make(struct pst_arena *arena, const struct pst_header *header,
    const struct pst_findings *findings, struct pst_rule_facts *out)
{
	*out = (struct pst_rule_facts){
	    .client = findings->client,
	    .mail_from = findings->mail_from,
	    .from = {findings->from.domains, findings->from.domain_count},
	    .dkim = passing(arena, &findings->dkim),
	    .list_id = pst_rule_facts_list_id(arena, header),
	    .arc_sealer = findings->arc_sealer,
	    .dmarc = findings->dmarc.result,
	    .spf = findings->spf.result,
	    .indirect = findings->indirect != NULL,
	    .rcpt_held = findings->rcpt_held,
	    .rcpt_held_count = findings->rcpt_held_count,
	};
	if (!findings->rcpts.unknown)
		out->rcpt = (struct pst_names){
		    findings->rcpts.domains, findings->rcpts.count};
	if (findings->has_iprev && findings->iprev.result == PST_RESULT_PASS)
		out->client_name = findings->iprev.name;
}
