/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/outcome.h"

#include <stdlib.h>

#define MAX_SPF_TEXT 600

/*
 * The copy is made twice with the same code: the first time only to measure the
 * block, without writing anything.
 */
struct packer {
	char *block; /* NULL: measure */
	size_t used;
};

/* Returns room in the block, aligned for any type; NULL while measuring. */
static void *
room(struct packer *packer, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	void *at = NULL;

	packer->used = (packer->used + align - 1) / align * align;
	if (packer->block != NULL)
		at = packer->block + packer->used;
	packer->used += size;
	return at;
}

static struct pst_str
pack_str(struct packer *packer, struct pst_str from)
{
	char *at;

	if (packer->block == NULL) {
		packer->used += from.len + 1;
		return PST_STR("");
	}
	at = packer->block + packer->used;
	if (from.len > 0)
		memcpy(at, from.ptr, from.len);
	at[from.len] = '\0';
	packer->used += from.len + 1;
	return (struct pst_str){at, from.len};
}

/* Copies a text; NULL stays NULL. */
static const char *
pack(struct packer *packer, const char *from)
{
	return from == NULL ? NULL : pack_str(packer, pst_str(from)).ptr;
}

static const char **
pack_texts(struct packer *packer, const char *const *from, size_t count)
{
	const char **to = room(packer, count * sizeof(*to));

	for (size_t i = 0; i < count; i++) {
		const char *text = pack(packer, from[i]);

		if (to != NULL)
			to[i] = text;
	}
	return to;
}

static void
pack_dmarc(struct packer *packer, const struct pst_dmarc *from,
    const struct pst_outcome *to_make, struct pst_dmarc *to)
{
	const struct pst_dmarc_record *record = &from->record;

	*to = (struct pst_dmarc){
	    .result = from->result,
	    .judged = from->judged,
	    .knowledge = from->knowledge,
	    .author_domain = pack(packer, from->author_domain),
	    .policy_domain = pack(packer, from->policy_domain),
	    .org_domain = pack(packer, from->org_domain),
	    .source = from->source,
	    .published = from->published,
	    .effective = from->effective,
	    .spf_aligned = from->spf_aligned,
	    .dkim_aligned = from->dkim_aligned,
	    .fault = pack(packer, from->fault),
	    .discovery = pack(packer, from->discovery),
	    .record =
		{
		    .p = record->p,
		    .sp = record->sp,
		    .np = record->np,
		    .adkim_strict = record->adkim_strict,
		    .aspf_strict = record->aspf_strict,
		    .test = record->test,
		    .psd = record->psd,
		    .fo = pack(packer, record->fo),
		    .fault = pack(packer, record->fault),
		},
	};
	if (to_make->rows > 0) {
		to->record.rua_count = record->rua_count;
		to->record.rua =
		    pack_texts(packer, record->rua, record->rua_count);
	}
	if (to_make->incident) {
		to->record.ruf_count = record->ruf_count;
		to->record.ruf =
		    pack_texts(packer, record->ruf, record->ruf_count);
	}
}

static bool
is_usable(const struct pst_dkim_sig *sig)
{
	return sig->checked && sig->domain != NULL && sig->selector != NULL;
}

static bool
is_short(const char *identity)
{
	return identity != NULL && strlen(identity) <= PST_OUTCOME_MAX_IDENTITY;
}

static void
pack_dkim(struct packer *packer, const struct pst_dkim *from,
    const struct pst_outcome *to_make, struct pst_dkim *to)
{
	size_t i, at = 0;

	to->result = from->result;
	to->count = 0;
	for (i = 0; i < from->count; i++)
		to->count += is_usable(&from->sigs[i]);
	to->sigs = room(packer, to->count * sizeof(*to->sigs));
	for (i = 0; i < from->count; i++) {
		const struct pst_dkim_sig *sig = &from->sigs[i];
		struct pst_dkim_sig copy = {
		    .result = sig->result,
		    .body_failed = sig->body_failed,
		    .checked = sig->checked,
		    .aligned = sig->aligned,
		};

		if (!is_usable(sig))
			continue;
		copy.domain = pack(packer, sig->domain);
		copy.selector = pack(packer, sig->selector);
		if (to_make->incident && is_short(sig->identity))
			copy.identity = pack(packer, sig->identity);
		if (to->sigs != NULL)
			to->sigs[at++] = copy;
	}
}

static bool
is_repeated(const struct pst_recipients *rcpts, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (strcmp(rcpts->domains[i], rcpts->domains[at]) == 0)
			return true;
	}
	return false;
}

/* Copies each domain once. */
static void
pack_recipients(struct packer *packer, const struct pst_recipients *from,
    struct pst_recipients *to)
{
	to->domains = room(packer, from->count * sizeof(*to->domains));
	for (size_t i = 0; i < from->count; i++) {
		const char *domain;

		if (is_repeated(from, i))
			continue;
		domain = pack(packer, from->domains[i]);
		if (to->domains != NULL)
			to->domains[to->count] = domain;
		to->count++;
	}
}

static bool
is_quotable(struct pst_str text)
{
	return pst_str_istarts(text, PST_STR("v=spf1")) &&
	    pst_str_is_printable(text) && pst_str_find(text, '"') == text.len &&
	    pst_str_find(text, '\\') == text.len;
}

static void
pack_spf_records(
    struct packer *packer, const struct pst_dns *dns, struct pst_outcome *to)
{
	struct pst_outcome_spf *all =
	    room(packer, PST_OUTCOME_MAX_SPF * sizeof(*all));

	for (size_t i = 0; i < pst_dns_count(dns); i++) {
		const struct pst_dns_entry *entry = pst_dns_at(dns, i);

		if (entry->type != PST_DNS_TXT || entry->answer == NULL)
			continue;
		for (size_t j = 0; j < entry->answer->count; j++) {
			struct pst_outcome_spf one = {
			    {entry->name, entry->name_len},
			    pst_str_first(
				entry->answer->records[j].data, MAX_SPF_TEXT),
			};

			if (!is_quotable(one.text) ||
			    to->spf_count == PST_OUTCOME_MAX_SPF)
				continue;
			one.domain = pack_str(packer, one.domain);
			one.text = pack_str(packer, one.text);
			if (all != NULL)
				all[to->spf_count] = one;
			to->spf_count++;
		}
	}
	to->spf = all;
}

/*
 * Finds the next field that is quoted, at *at or after it, and adds its size to
 * *total. Returns NULL at the end, and when that field does not fit.
 */
static const struct pst_header_field *
next_quoted(const struct pst_message *from, const struct pst_outcome_use *use,
    size_t *at, size_t *total)
{
	const struct pst_header *header = from->header;

	while (*at < header->count) {
		const struct pst_header_field *field = &header->fields[(*at)++];

		if (!use->quotes(from->config, field->name))
			continue;
		*total += field->name.len +
		    pst_str_first(field->value, PST_OUTCOME_MAX_FIELD).len;
		return *total <= PST_OUTCOME_MAX_HEADER ? field : NULL;
	}
	return NULL;
}

static void
pack_header(struct packer *packer, const struct pst_message *from,
    const struct pst_outcome_use *use, struct pst_header *to)
{
	const struct pst_header_field *field;
	size_t at = 0, total = 0, count = 0;

	while (next_quoted(from, use, &at, &total) != NULL)
		count++;
	to->fields = room(packer, count * sizeof(*to->fields));
	at = total = 0;
	while ((field = next_quoted(from, use, &at, &total)) != NULL) {
		struct pst_header_field copy = {.nth = field->nth};

		copy.name = pack_str(packer, field->name);
		copy.value = pack_str(
		    packer, pst_str_first(field->value, PST_OUTCOME_MAX_FIELD));
		if (to->fields != NULL)
			to->fields[to->count] = copy;
		to->count++;
	}
}

static void
pack_findings(struct packer *packer, const struct pst_message *from,
    struct pst_outcome *to)
{
	const struct pst_findings *findings = &from->findings;
	struct pst_findings *out = &to->message.findings;

	out->exempt = findings->exempt;
	out->to_reports = findings->to_reports;
	out->mail_from = pack(packer, findings->mail_from);
	out->spf.result = findings->spf.result;
	out->spf.identity = findings->spf.identity;
	out->spf.domain = pack(packer, findings->spf.domain);
	pack_dkim(packer, &findings->dkim, to, &out->dkim);
	pack_dmarc(packer, &findings->dmarc, to, &out->dmarc);
	out->rcpts.unknown = findings->rcpts.unknown;
	if (to->rows > 0 && from->config->reports.recipient_domains &&
	    !findings->rcpts.unknown)
		pack_recipients(packer, &findings->rcpts, &out->rcpts);
	if (out->rcpts.count > 0)
		to->rows = (unsigned)out->rcpts.count;
}

static void
pack_decision(struct packer *packer, const struct pst_message *from,
    struct pst_message *to)
{
	const struct pst_decision *decision = &from->decision;

	to->decision = (struct pst_decision){
	    .action = decision->action,
	    .would = decision->would,
	    .monitored = decision->monitored,
	    .skip = decision->skip,
	    .rule = pack(packer, decision->rule),
	    .titled = decision->titled,
	    .reason = decision->reason,
	    .comment = pack(packer, decision->comment),
	};
	to->done = from->done; /* its text is fixed */
}

static void
pack_all(struct packer *packer, const struct pst_message *from,
    const struct pst_outcome_use *use, struct pst_outcome *to)
{
	struct pst_header *header = room(packer, sizeof(*header));
	struct pst_header kept = {.fields = NULL};

	to->rows = use->rows;
	to->incident = use->incident;
	to->message.client = from->client;
	to->message.via = from->via;
	to->message.queue_id = pack(packer, from->queue_id);
	to->message.authserv_id = pack(packer, from->authserv_id);
	if (use->incident)
		to->message.mail_from = pack_str(packer, from->mail_from);
	to->message.config = from->config;
	pack_findings(packer, from, to);
	pack_decision(packer, from, &to->message);
	if (use->incident && use->quotes != NULL)
		pack_header(packer, from, use, &kept);
	if (use->incident && from->findings.spf.result == PST_RESULT_FAIL)
		pack_spf_records(packer, from->dns, to);
	if (header != NULL)
		*header = kept;
	to->message.header = header;
}

struct pst_outcome *
pst_outcome_copy(const struct pst_message *message,
    const struct pst_outcome_use *use, int64_t now_s)
{
	struct pst_outcome measured = {.rows = 0};
	struct packer packer = {NULL, 0};
	struct pst_outcome *outcome;

	pack_all(&packer, message, use, &measured);
	outcome = malloc(sizeof(*outcome) + packer.used);
	if (outcome == NULL)
		abort();
	memset(outcome, 0, sizeof(*outcome));
	packer.used = 0;
	packer.block = (char *)outcome->block;
	pack_all(&packer, message, use, outcome);
	outcome->seen_s = now_s;
	(void)pst_config_ref(outcome->message.config);
	return outcome;
}

void
pst_outcome_free(struct pst_outcome *list)
{
	struct pst_outcome *next;

	for (; list != NULL; list = next) {
		next = list->next;
		pst_config_unref(list->message.config);
		free(list);
	}
}
