/* SPDX-License-Identifier: BSD-2-Clause */

/* Writes a message; core/recorded_read.c must read what is written here. */

#include <assert.h>

#include "core/check.h"
#include "core/claims.h"
#include "core/edits.h"
#include "core/recorded.h"
#include "core/recorded_numbers.h"

/* Octets of some sections, in which the sender chooses what there is. */
#define MAX_HELO 1024
#define MAX_MAIL_FROM 1024
#define MAX_LOCAL 512
#define MAX_EDITS 4096
#define MAX_KNOWN 4096

static void
write_cut(struct pst_record_out *out, struct pst_str s, size_t max)
{
	out->cut |= s.len > max;
	pst_record_octets(out, pst_str_first(s, max));
}

static void
write_envelope(struct pst_record_out *out, const struct pst_message *message)
{
	size_t opened = pst_record_open(out, PST_RECORDED_ENVELOPE);
	const struct pst_mta *mta = &message->mta;

	pst_record_signed(out, message->began_s);
	pst_record_number(out,
	    (message->is_test ? PST_RECORDED_IS_TEST : 0u) |
		(mta->can_quarantine ? PST_RECORDED_CAN_QUARANTINE : 0u) |
		(mta->can_change_headers ? PST_RECORDED_CAN_CHANGE : 0u) |
		(mta->can_add_headers ? PST_RECORDED_CAN_ADD : 0u) |
		(message->authenticated ? PST_RECORDED_AUTHENTICATED : 0u));
	pst_record_ip(out, &message->client);
	pst_record_ip(out, &message->via);
	pst_record_text(out, message->client_name);
	write_cut(out, message->helo, MAX_HELO);
	write_cut(out, message->mail_from, MAX_MAIL_FROM);
	pst_record_number(out, message->rcpt_count);
	pst_record_text(out, message->queue_id);
	pst_record_text(out, message->authserv_id);
	pst_record_text(out, message->note);
	pst_record_number(out, message->elapsed_ms);
	(void)pst_record_close(out, opened);
}

static void
write_from(struct pst_record_out *out, const struct pst_from *from)
{
	size_t opened = pst_record_open(out, PST_RECORDED_FROM);

	pst_record_enum(out, &pst_numbers_from_verdict, from->verdict);
	pst_record_enum(out, &pst_numbers_from_fault, from->fault);
	pst_record_text(out, from->why);
	pst_record_text(out, from->only_domain);
	pst_record_number(out, from->domain_count);
	for (size_t i = 0; i < from->domain_count; i++)
		pst_record_text(out, from->domains[i]);
	(void)pst_record_close(out, opened);
}

static unsigned
findings_bits(const struct pst_findings *findings)
{
	return (findings->temperror_capped ? PST_RECORDED_CAPPED : 0u) |
	    (findings->crowded ? PST_RECORDED_CROWDED : 0u) |
	    (findings->policy_overdue ? PST_RECORDED_POLICY_OVERDUE : 0u) |
	    (findings->spf_overdue ? PST_RECORDED_SPF_OVERDUE : 0u) |
	    (findings->to_reports ? PST_RECORDED_TO_REPORTS : 0u) |
	    (findings->rcpts.unknown ? PST_RECORDED_RCPTS_UNKNOWN : 0u) |
	    (findings->client.family == PST_IP_NONE ? 0u :
						      PST_RECORDED_HAS_CLIENT) |
	    (findings->rcpt_kinds[PST_RCPT_MONITORED] ?
		    PST_RECORDED_SOME_MONITORED :
		    0u) |
	    (findings->rcpt_kinds[PST_RCPT_CONFIGURED] ?
		    PST_RECORDED_SOME_CONFIGURED :
		    0u) |
	    (findings->rcpt_kinds[PST_RCPT_ENFORCED] ?
		    PST_RECORDED_SOME_ENFORCED :
		    0u) |
	    (findings->too_young ? PST_RECORDED_TOO_YOUNG : 0u);
}

static void
write_findings(struct pst_record_out *out, const struct pst_findings *findings)
{
	size_t opened = pst_record_open(out, PST_RECORDED_FINDINGS);

	pst_record_enum(out, &pst_numbers_exempt, findings->exempt);
	pst_record_number(out, findings_bits(findings));
	pst_record_number(out, findings->bucket);
	pst_record_text(out, findings->mail_from);
	write_cut(out, findings->mail_from_local, MAX_LOCAL);
	pst_record_text(out, findings->arc_sealer);
	pst_record_text(out, findings->indirect);
	pst_record_text(out, findings->claims);
	pst_record_text(out, findings->unverified);
	pst_record_text(out, findings->indirect_comment);
	pst_record_signed(out, findings->date_s);
	(void)pst_record_close(out, opened);
}

/* What core/indirect has read and asked. */
static void
write_claims(struct pst_record_out *out, const struct pst_findings *findings)
{
	size_t opened;

	if (findings->claimed_count > 0) {
		opened = pst_record_open(out, PST_RECORDED_CLAIMS);
		for (size_t i = 0; i < findings->claimed_count; i++) {
			const struct pst_claim *claim = &findings->claimed[i];

			pst_record_enum(out, &pst_numbers_claim, claim->kind);
			pst_record_text(out, claim->domain);
		}
		(void)pst_record_close(out, opened);
	}
	if (findings->known_count == 0)
		return;
	pst_record_limit(out, MAX_KNOWN);
	opened = pst_record_open(out, PST_RECORDED_KNOWN);
	for (size_t i = 0; i < findings->known_count; i++) {
		pst_record_text(out, findings->known[i].domain);
		pst_record_number(out, findings->known[i].days);
	}
	(void)pst_record_close(out, opened);
	pst_record_unlimit(out);
}

static void
write_checks(struct pst_record_out *out, const struct pst_findings *findings)
{
	for (size_t i = 0; i < pst_check_count; i++) {
		const struct pst_check *check = pst_checks[i];
		size_t opened;

		if (check->record == NULL)
			continue;
		assert(check->record_number <= PST_CHECK_MAX_RECORD);
		opened = pst_record_open(
		    out, PST_RECORDED_CHECK + check->record_number);
		check->record(findings, pst_check_state(findings, i), out);
		(void)pst_record_close(out, opened);
	}
}

/* Fields of one name are deleted from the last to the first. */
static size_t
run_length(const struct pst_decision *decision, size_t at)
{
	const struct pst_edit *first = &decision->edits[at];
	size_t len = 1;

	while (at + len < decision->edit_count &&
	    at + len < PST_RECORDED_MAX_EDITS) {
		const struct pst_edit *next = &decision->edits[at + len];

		if (next->op != PST_EDIT_DELETE || next->name != first->name ||
		    next->index + len != first->index)
			break;
		len++;
	}
	return len;
}

/* Our own result field is made again of the findings. */
static size_t
write_edit(
    struct pst_record_out *out, const struct pst_decision *decision, size_t at)
{
	const struct pst_edit *edit = &decision->edits[at];
	bool own = strcmp(edit->name, PST_AUTHRES_NAME) == 0;
	bool insert = edit->op == PST_EDIT_INSERT;
	size_t opened = pst_record_open(
	    out, insert ? PST_RECORDED_EDIT_INSERT : PST_RECORDED_EDIT_DELETE);
	size_t len = insert ? 1 : run_length(decision, at);

	pst_record_text(out, own ? NULL : edit->name);
	pst_record_number(out, edit->index);
	if (!insert)
		pst_record_number(out, len);
	else
		pst_record_text(out, own ? NULL : edit->value);
	(void)pst_record_close(out, opened);
	return len;
}

static void
write_edits(struct pst_record_out *out, const struct pst_decision *decision)
{
	size_t count = decision->edit_count;

	if (count > PST_RECORDED_MAX_EDITS) {
		count = PST_RECORDED_MAX_EDITS;
		out->cut = true;
	}
	pst_record_limit(out, MAX_EDITS);
	for (size_t i = 0; i < count;)
		i += write_edit(out, decision, i);
	pst_record_unlimit(out);
}

static void
write_decision(struct pst_record_out *out, const struct pst_message *message)
{
	size_t opened = pst_record_open(out, PST_RECORDED_DECISION);
	const struct pst_decision *d = &message->decision;
	const struct pst_done *done = &message->done;

	pst_record_enum(out, &pst_numbers_action, d->action);
	pst_record_enum(out, &pst_numbers_action, d->would);
	pst_record_number(out,
	    (d->monitored ? PST_RECORDED_MONITORED : 0u) |
		(d->unsure ? PST_RECORDED_UNSURE : 0u) |
		(d->skip ? PST_RECORDED_SKIP : 0u) |
		(d->titled ? PST_RECORDED_TITLED : 0u) |
		(d->undecided ? PST_RECORDED_UNDECIDED : 0u) |
		(done->edited ? PST_RECORDED_EDITED : 0u));
	pst_record_text(out, d->rule);
	pst_record_text(out, d->mixed);
	pst_record_enum(out, &pst_numbers_reason, d->reason);
	pst_record_text(out, d->comment);
	pst_record_number(out, d->code);
	pst_record_text(out, d->xcode);
	pst_record_text(out, d->text);
	pst_record_text(out, d->quarantine_reason);
	pst_record_enum(out, &pst_numbers_action, done->action);
	pst_record_number(out, done->code);
	pst_record_text(out, done->failed);
	write_edits(out, d);
	(void)pst_record_close(out, opened);
}

static void
write_config(struct pst_record_out *out, const struct pst_recorded *recorded)
{
	size_t opened = pst_record_open(out, PST_RECORDED_CONFIG);
	char octets[PST_FINGERPRINTS * PST_RECORDED_PRINT_BYTES];

	pst_record_text(out, recorded->socket);
	/* Each has four octets, the lowest first. */
	for (size_t i = 0; i < PST_FINGERPRINTS; i++) {
		uint32_t number = recorded->fingerprints[i];

		for (size_t k = 0; k < PST_RECORDED_PRINT_BYTES; k++)
			octets[i * PST_RECORDED_PRINT_BYTES + k] =
			    (char)(number >> 8 * k);
	}
	pst_record_octets(out, (struct pst_str){octets, sizeof(octets)});
	(void)pst_record_close(out, opened);
}

static struct pst_str
write_all(struct pst_arena *arena, struct pst_recorded *recorded,
    const struct pst_rules *rules)
{
	const struct pst_message *message = &recorded->message;
	const struct pst_findings *findings = &message->findings;
	struct pst_record_out out;
	const void *octets;
	bool dns_cut;

	pst_record_init(&out, arena, PST_RECORDED_MAX);
	out.cut = recorded->cut;
	pst_record_number(&out, PST_RECORDED_VERSION);
	pst_record_number(&out, 0);
	write_envelope(&out, message);
	write_from(&out, &findings->from);
	write_findings(&out, findings);
	if (findings->exempt == PST_EXEMPT_NO) {
		write_checks(&out, findings);
		write_claims(&out, findings);
		pst_recorded_write_own(&out, findings->own);
	}
	write_decision(&out, message);
	pst_recorded_write_header(&out, message->header);
	pst_recorded_write_fields(&out, message);
	pst_recorded_write_rcpts(&out, recorded, rules);
	pst_recorded_write_nets(&out, findings);
	write_config(&out, recorded);
	pst_recorded_write_dns(&out, message->dns, &dns_cut);
	out.ptr[1] = (unsigned char)((out.cut ? PST_RECORDED_CUT : 0u) |
	    (dns_cut || recorded->dns_cut ? PST_RECORDED_DNS_CUT : 0u) |
	    (unsigned)recorded->rcpts << PST_RECORDED_RCPTS_SHIFT);
	octets = out.ptr;
	return (struct pst_str){octets, out.len};
}

struct pst_str
pst_recorded_write(struct pst_arena *arena, const struct pst_message *message,
    enum pst_recorded_rcpts mode)
{
	struct pst_recorded recorded = {.message = *message,
	    .rcpts = mode,
	    .socket = pst_config_own_socket(message->config)};

	memcpy(recorded.fingerprints, message->config->fingerprints,
	    sizeof(recorded.fingerprints));
	return write_all(arena, &recorded, &message->config->rules);
}

struct pst_str
pst_recorded_write_again(
    struct pst_arena *arena, const struct pst_recorded *recorded)
{
	struct pst_recorded again = *recorded;

	return write_all(arena, &again, NULL);
}
