/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/explain.h"

#include "base/buf.h"
#include "base/json.h"
#include "core/check.h"
#include "core/own_domains.h"
#include "core/print.h"

static void
add_client(struct pst_json *json, const struct pst_message *m)
{
	char ip[PST_IP_TEXT_SIZE];

	pst_json_open_object(json, "client");
	pst_json_text(json, "ip",
	    m->client.family == PST_IP_NONE ? NULL :
					      pst_ip_text(&m->client, ip));
	pst_json_text(json, "name", m->client_name);
	if (m->via.family != PST_IP_NONE)
		pst_json_text(json, "via", pst_ip_text(&m->via, ip));
	pst_json_close(json);
}

static void
add_from(struct pst_json *json, const struct pst_from *from)
{
	pst_json_open_object(json, "from");
	pst_json_text(json, "verdict", pst_from_verdict_word(from->verdict));
	pst_print_texts(json, "domains", from->domains, from->domain_count);
	pst_print_if_set(json, "only_domain", from->only_domain);
	pst_print_if_set(json, "why", from->why);
	pst_json_close(json);
}

static void
add_findings(struct pst_json *json, struct pst_arena *arena,
    const struct pst_findings *f)
{
	add_from(json, &f->from);
	for (size_t i = 0; i < pst_check_count; i++) {
		if (pst_checks[i]->json != NULL)
			pst_checks[i]->json(f, pst_check_state(f, i), json);
	}
	pst_json_text(
	    json, "header_fault", pst_header_fault_word(f->header_fault));
	if (f->own != NULL) {
		pst_print_if_set(json, "own_domain", f->own->domain);
		pst_print_if_set(
		    json, "display_name", pst_own_shown_word(f->own->shown));
	}
	pst_json_text(json, "indirect", f->indirect);
	pst_json_text(json, "unverified", f->unverified);
	pst_json_text(json, "claims", f->claims);
	pst_print_if_set(
	    json, "networks", pst_client_nets_text(arena, f->client_nets));
}

static void
add_edits(struct pst_json *json, const struct pst_decision *d)
{
	pst_json_open_array(json, "headers");
	for (size_t i = 0; i < d->edit_count; i++) {
		const struct pst_edit *edit = &d->edits[i];
		bool insert = edit->op == PST_EDIT_INSERT;

		pst_json_open_object(json, NULL);
		pst_json_text(json, "op", insert ? "insert" : "delete");
		pst_json_number(json, "index", edit->index);
		pst_json_text(json, "name", edit->name);
		pst_json_text(json, "value", insert ? edit->value : NULL);
		pst_json_close(json);
	}
	pst_json_close(json);
}

static void
add_record(struct pst_json *json, struct pst_arena *arena,
    enum pst_dns_type type, const struct pst_dns_record *record)
{
	char ip[PST_IP_TEXT_SIZE];

	switch (type) {
	case PST_DNS_A:
	case PST_DNS_AAAA:
		pst_json_text(json, NULL, pst_ip_text(&record->ip, ip));
		return;
	case PST_DNS_MX:
		pst_json_text(json, NULL,
		    pst_arena_printf(arena, "%u %s", record->preference,
			pst_escaped(arena, record->data)));
		return;
	case PST_DNS_TXT:
	case PST_DNS_PTR:
	case PST_DNS_CNAME:
		pst_json_octets(json, NULL, record->data);
		return;
	}
}

static void
add_entry(struct pst_json *json, struct pst_arena *arena,
    const struct pst_dns_entry *entry)
{
	const struct pst_dns_answer *answer = entry->answer;

	pst_json_open_object(json, NULL);
	pst_json_octets(
	    json, "name", (struct pst_str){entry->name, entry->name_len});
	pst_json_text(json, "type", pst_dns_type_word(entry->type));
	pst_json_text(json, "status",
	    answer == NULL ? "PENDING" : pst_dns_status_word(answer->status));
	pst_json_number(json, "ttl", answer == NULL ? 0 : answer->ttl);
	if (answer != NULL && answer->authentic)
		pst_json_bool(json, "authentic", true);
	pst_json_open_array(json, "records");
	for (size_t i = 0; answer != NULL && i < answer->count; i++)
		add_record(json, arena, entry->type, &answer->records[i]);
	pst_json_close(json);
	pst_json_close(json);
}

static void
add_dns(
    struct pst_json *json, struct pst_arena *arena, const struct pst_dns *dns)
{
	pst_json_open_array(json, "dns");
	for (size_t i = 0; i < pst_dns_count(dns); i++)
		add_entry(json, arena, pst_dns_at(dns, i));
	pst_json_close(json);
}

const char *
pst_explain_json(struct pst_arena *arena, const struct pst_message *message,
    const char *file_name, const char *envelope_source)
{
	const struct pst_explain_source source = {
	    .file_name = file_name, .envelope_source = envelope_source};

	return pst_explain_saved_json(arena, message, &source);
}

const char *
pst_explain_saved_json(struct pst_arena *arena,
    const struct pst_message *message, const struct pst_explain_source *source)
{
	const struct pst_decision *d = &message->decision;
	struct pst_json *json = pst_json_new(arena);

	pst_json_open_object(json, NULL);
	if (source->file_name != NULL)
		pst_json_octets(json, "file", pst_str(source->file_name));
	add_client(json, message);
	pst_json_octets(json, "helo", message->helo);
	pst_json_octets(json, "mail_from", message->mail_from);
	pst_print_if_set(json, "envelope_source", source->envelope_source);
	if (source->add != NULL)
		source->add(source->arg, json);
	add_findings(json, arena, &message->findings);
	pst_json_text(json, "action", pst_action_word(d->action));
	pst_json_text(json, "would", pst_action_word(d->would));
	if (d->unsure)
		pst_json_bool(json, "unsure", true);
	pst_print_if_set(json, "mixed", d->mixed);
	pst_json_text(json, "rule", d->rule);
	pst_json_bool(json, "titled", d->titled);
	if (d->undecided)
		pst_json_bool(json, "undecided", true);
	pst_json_text(json, "reason",
	    d->reason == PST_REASON_NONE ? NULL : pst_reason_word(d->reason));
	pst_json_text(json, "comment", d->comment);
	pst_json_text(json, "reply", pst_explain_reply(arena, d));
	pst_json_text(json, "quarantine", d->quarantine_reason);
	add_edits(json, d);
	add_dns(json, arena, message->dns);
	pst_json_close(json);
	return pst_json_end(json);
}
