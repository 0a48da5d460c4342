/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/explain.h"

#include <stdlib.h>

#include <jansson.h>

#include "base/buf.h"

/*
 * Every text in the object is printable ASCII: either the program's own, or
 * validated, or escaped. So jansson never refuses one; what it can still do is
 * run out of memory, and then the process ends as everywhere else.
 */
static json_t *
must(json_t *value)
{
	if (value == NULL)
		abort();
	return value;
}

static void
put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, must(value)) != 0)
		abort();
}

static void
append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, must(value)) != 0)
		abort();
}

static json_t *
text(const char *s)
{
	return s == NULL ? json_null() : json_string(s);
}

static json_t *
escaped(struct pst_arena *arena, struct pst_str s)
{
	return json_string(pst_escaped(arena, s));
}

static json_t *
number(size_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *
texts(const char *const *items, size_t count)
{
	json_t *array = must(json_array());
	size_t i;

	for (i = 0; i < count; i++)
		append(array, text(items[i]));
	return array;
}

static json_t *
client_json(const struct pst_message *m)
{
	json_t *o = must(json_object());
	char ip[PST_IP_TEXT_SIZE];

	put(o, "ip",
	    m->client.family == PST_IP_NONE ?
		json_null() :
		text(pst_ip_text(&m->client, ip)));
	put(o, "name", text(m->client_name));
	return o;
}

static json_t *
from_json(const struct pst_from *from)
{
	json_t *o = must(json_object());

	put(o, "verdict", text(pst_from_verdict_word(from->verdict)));
	put(o, "domains", texts(from->domains, from->domain_count));
	if (from->why != NULL)
		put(o, "why", text(from->why));
	return o;
}

static json_t *
iprev_json(const struct pst_iprev *iprev)
{
	json_t *o = must(json_object());

	put(o, "result", text(pst_result_word(iprev->result)));
	put(o, "name", text(iprev->name));
	return o;
}

static json_t *
spf_json(const struct pst_spf *spf)
{
	json_t *o = must(json_object());

	put(o, "result", text(pst_result_word(spf->result)));
	put(o, "domain", text(spf->domain));
	put(o, "identity",
	    text(spf->identity == PST_SPF_HELO ? "helo" : "mailfrom"));
	put(o, "lookups", number(spf->lookups));
	put(o, "voids", number(spf->voids));
	if (spf->why != NULL)
		put(o, "why", text(spf->why));
	if (spf->explanation != NULL)
		put(o, "explanation", text(spf->explanation));
	return o;
}

static json_t *
sig_json(const struct pst_dkim_sig *sig)
{
	json_t *o = must(json_object());

	put(o, "result", text(pst_result_word(sig->result)));
	put(o, "domain", text(sig->domain));
	put(o, "selector", text(sig->selector));
	put(o, "algorithm", text(sig->algorithm));
	put(o, "bits", number(sig->bits));
	put(o, "reason", text(sig->reason));
	put(o, "aligned", json_boolean(sig->aligned));
	return o;
}

static json_t *
dkim_json(const struct pst_dkim *dkim)
{
	json_t *array = must(json_array());
	size_t i;

	for (i = 0; i < dkim->count; i++)
		append(array, sig_json(&dkim->sigs[i]));
	return array;
}

static json_t *
published_json(struct pst_arena *arena, const struct pst_dmarc_record *r)
{
	json_t *o = must(json_object());

	put(o, "p", text(pst_dmarc_policy_word(r->p)));
	put(o, "sp", text(pst_dmarc_policy_word(r->sp)));
	put(o, "np", text(pst_dmarc_policy_word(r->np)));
	put(o, "adkim", text(r->adkim_strict ? "s" : "r"));
	put(o, "aspf", text(r->aspf_strict ? "s" : "r"));
	put(o, "psd", text(pst_dmarc_psd_word(r->psd)));
	put(o, "t", text(r->test ? "y" : "n"));
	put(o, "fo", text(r->fo));
	put(o, "rua", texts(r->rua, r->rua_count));
	put(o, "ruf", texts(r->ruf, r->ruf_count));
	put(o, "record", escaped(arena, r->text));
	return o;
}

static json_t *
dmarc_json(struct pst_arena *arena, const struct pst_dmarc *dmarc)
{
	json_t *o = must(json_object());
	json_t *aligned = must(json_array());
	bool applies = dmarc->policy_domain != NULL;

	put(o, "result", text(pst_result_word(dmarc->result)));
	put(o, "policy_domain", text(dmarc->policy_domain));
	put(o, "org_domain", text(dmarc->org_domain));
	put(o, "published",
	    applies ? published_json(arena, &dmarc->record) : json_object());
	put(o, "tag", text(applies ? dmarc->tag : NULL));
	put(o, "effective",
	    text(pst_dmarc_policy_word(
		applies ? dmarc->effective : PST_DMARC_NONE)));
	if (dmarc->spf_aligned)
		append(aligned, text("spf"));
	if (dmarc->dkim_aligned)
		append(aligned, text("dkim"));
	put(o, "aligned_by", aligned);
	put(o, "discovery", text(dmarc->discovery));
	if (dmarc->fault != NULL)
		put(o, "fault", text(dmarc->fault));
	return o;
}

static json_t *
edits_json(const struct pst_decision *d)
{
	json_t *array = must(json_array());
	size_t i;

	for (i = 0; i < d->edit_count; i++) {
		const struct pst_edit *edit = &d->edits[i];
		json_t *o = must(json_object());
		bool insert = edit->op == PST_EDIT_INSERT;

		put(o, "op", text(insert ? "insert" : "delete"));
		put(o, "index", number(edit->index));
		put(o, "name", text(edit->name));
		put(o, "value",
		    insert ? json_string(edit->value) : json_null());
		append(array, o);
	}
	return array;
}

static json_t *
record_json(struct pst_arena *arena, enum pst_dns_type type,
    const struct pst_dns_record *record)
{
	char ip[PST_IP_TEXT_SIZE];

	switch (type) {
	case PST_DNS_A:
	case PST_DNS_AAAA:
		return text(pst_ip_text(&record->ip, ip));
	case PST_DNS_MX:
		return text(pst_arena_printf(arena, "%u %s", record->preference,
		    pst_escaped(arena, record->data)));
	case PST_DNS_TXT:
	case PST_DNS_PTR:
		break;
	}
	return escaped(arena, record->data);
}

static json_t *
entry_json(struct pst_arena *arena, const struct pst_dns_entry *entry)
{
	const struct pst_dns_answer *answer = entry->answer;
	json_t *o = must(json_object());
	json_t *records = must(json_array());
	size_t i;

	put(o, "name",
	    escaped(arena, (struct pst_str){entry->name, entry->name_len}));
	put(o, "type", text(pst_dns_type_word(entry->type)));
	put(o, "status",
	    text(answer == NULL ? "PENDING" :
				  pst_dns_status_word(answer->status)));
	put(o, "ttl", number(answer == NULL ? 0 : answer->ttl));
	for (i = 0; answer != NULL && i < answer->count; i++)
		append(records,
		    record_json(arena, entry->type, &answer->records[i]));
	put(o, "records", records);
	return o;
}

static json_t *
dns_json(struct pst_arena *arena, const struct pst_dns *dns)
{
	json_t *array = must(json_array());
	size_t i;

	for (i = 0; i < pst_dns_count(dns); i++)
		append(array, entry_json(arena, pst_dns_at(dns, i)));
	return array;
}

static void
put_checks(json_t *o, struct pst_arena *arena, const struct pst_findings *f)
{
	bool evaluated = f->exempt == PST_EXEMPT_NO;

	put(o, "from", from_json(&f->from));
	put(o, "iprev",
	    evaluated && f->has_iprev ? iprev_json(&f->iprev) : json_null());
	put(o, "spf", evaluated ? spf_json(&f->spf) : json_null());
	put(o, "dkim", evaluated ? dkim_json(&f->dkim) : json_array());
	put(o, "dmarc", evaluated ? dmarc_json(arena, &f->dmarc) : json_null());
	put(o, "indirect", text(f->indirect));
}

const char *
pst_explain_json(struct pst_arena *arena, const struct pst_message *message,
    const char *file_name, const char *envelope_source)
{
	const struct pst_decision *d = &message->decision;
	json_t *o = must(json_object());
	char *dump;
	const char *out;

	if (file_name != NULL)
		put(o, "file", escaped(arena, pst_str(file_name)));
	put(o, "client", client_json(message));
	put(o, "helo", escaped(arena, message->helo));
	put(o, "mail_from", escaped(arena, message->mail_from));
	if (envelope_source != NULL)
		put(o, "envelope_source", text(envelope_source));
	put_checks(o, arena, &message->findings);
	put(o, "action", text(pst_action_word(d->action)));
	put(o, "would", text(pst_action_word(d->would)));
	put(o, "rule", text(d->rule));
	put(o, "reply", text(pst_explain_reply(arena, d)));
	put(o, "quarantine", text(d->quarantine_reason));
	put(o, "headers", edits_json(d));
	put(o, "dns", dns_json(arena, message->dns));
	dump = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (dump == NULL)
		abort();
	out = pst_arena_strdup(arena, dump);
	free(dump);
	json_decref(o);
	return out;
}
