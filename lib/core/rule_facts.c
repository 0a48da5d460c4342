/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/rule_facts.h"

#include "base/domain.h"
#include "core/alignment.h"

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

/* The domains of the signatures with this result. */
static struct pst_names
signers(struct pst_arena *arena, const struct pst_dkim *dkim,
    enum pst_result result)
{
	const char **names =
	    pst_arena_array(arena, dkim->count, sizeof(*names));
	size_t i, count = 0;

	for (i = 0; i < dkim->count; i++) {
		const struct pst_dkim_sig *sig = &dkim->sigs[i];

		if (sig->result == result && sig->domain != NULL)
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
	    .client_nets = findings->client_nets,
	    .mail_from = findings->mail_from,
	    .from = {findings->from.domains, findings->from.domain_count},
	    .dkim = signers(arena, &findings->dkim, PST_RESULT_PASS),
	    .dkim_open = signers(arena, &findings->dkim, PST_RESULT_TEMPERROR),
	    .list_id = pst_rule_facts_list_id(arena, header),
	    .arc_sealer = findings->arc_sealer,
	    .dmarc = findings->dmarc.result,
	    .spf = findings->spf.result,
	    .spf_helo =
		findings->has_helo ? findings->helo.result : PST_RESULT_NONE,
	    .aligned = pst_alignment_of(findings),
	    .spf_weak = findings->spf.weak != PST_SPF_NOT_WEAK,
	    .indirect = findings->indirect != NULL,
	    .indirect_unsure =
		findings->indirect == NULL && findings->forwarder_unsure,
	    .rcpt_held = findings->rcpt_held,
	    .rcpt_held_count = findings->rcpt_held_count,
	};
	if (findings->own != NULL && findings->own->foreign) {
		out->shows_own = findings->own->shown == PST_SHOWN_OWN_ADDRESS;
		out->shown = findings;
		out->arena = arena;
	}
	if (!findings->rcpts.unknown)
		out->rcpt = (struct pst_names){
		    findings->rcpts.domains, findings->rcpts.count};
	if (findings->has_iprev && findings->iprev.result == PST_RESULT_PASS)
		out->client_name = findings->iprev.name;
	out->client_name_is_open = findings->has_iprev &&
	    findings->iprev.result == PST_RESULT_TEMPERROR;
}
