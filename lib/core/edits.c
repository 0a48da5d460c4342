/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/edits.h"

#include <assert.h>

#include "base/domain.h"
#include "mail/authres.h"

static void
add_prop(struct pst_authres *ar, const char *ptype, const char *property,
    const char *value)
{
	if (value != NULL)
		pst_authres_prop(ar, ptype, property, pst_str(value));
}

static void
write_spf(struct pst_authres *ar, const struct pst_spf *spf)
{
	pst_authres_method(ar, "spf", pst_result_word(spf->result), NULL, NULL);
	/* R-AR-5: of a null sender, this is the domain of postmaster@HELO. */
	add_prop(ar, "smtp", "mailfrom", spf->domain);
}

static size_t
common_prefix(struct pst_str a, struct pst_str b)
{
	size_t len = 0;

	while (len < a.len && len < b.len && a.ptr[len] == b.ptr[len])
		len++;
	return len;
}

/* R-AR-6: the first characters of b=, enough to tell the signatures apart. */
static struct pst_str
short_b(const struct pst_dkim *dkim, size_t at)
{
	struct pst_str own = pst_str(dkim->sigs[at].b);
	size_t len = 8;
	size_t common;

	for (size_t i = 0; i < dkim->count; i++) {
		struct pst_str other = pst_str(dkim->sigs[i].b);

		if (i == at || pst_str_eq(own, other))
			continue;
		common = common_prefix(own, other);
		if (common >= len)
			len = common + 1;
	}
	return pst_str_first(own, len);
}

/* A pass with a key that is in test mode has a comment (R-DKIM-16). */
static const char *
sig_comment(const struct pst_dkim_sig *sig)
{
	if (sig->reason == NULL && sig->test_key)
		return "test mode";
	return sig->reason;
}

static void
write_sig(struct pst_authres *ar, const struct pst_dkim *dkim, size_t at)
{
	const struct pst_dkim_sig *sig = &dkim->sigs[at];

	pst_authres_method(
	    ar, "dkim", pst_result_word(sig->result), NULL, sig_comment(sig));
	add_prop(ar, "header", "d", sig->domain);
	add_prop(ar, "header", "i", sig->identity);
	add_prop(ar, "header", "s", sig->selector);
	add_prop(ar, "header", "a", sig->algorithm);
	if (sig->b != NULL && sig->b[0] != '\0')
		pst_authres_prop(ar, "header", "b", short_b(dkim, at));
}

/* Rank 0 is written first; signatures of the last ranks may not fit. */
static unsigned
sig_rank(const struct pst_dkim_sig *sig)
{
	if (sig->result == PST_RESULT_PASS)
		return sig->aligned ? 0 : 2;
	if (!sig->checked)
		return 4;
	return sig->aligned ? 1 : 3;
}

#define MAX_RANK 4

/* The rest is for dmarc, iprev, arc: a domain, two addresses, fixed words. */
#define DKIM_MAX_BYTES (PST_AUTHRES_MAX - 768)

static void
write_dkim(struct pst_authres *ar, const struct pst_dkim *dkim)
{
	struct pst_authres before;

	if (dkim->count == 0) {
		pst_authres_method(ar, "dkim", "none", NULL, NULL);
		return;
	}
	/* R-SEC-7: say once that there were more signatures. */
	if (dkim->unparsed > 0)
		pst_authres_method(ar, "dkim", "neutral", NULL,
		    "further signatures not looked at");
	for (unsigned rank = 0; rank <= MAX_RANK; rank++) {
		for (size_t i = 0; i < dkim->count; i++) {
			if (sig_rank(&dkim->sigs[i]) != rank)
				continue;
			before = *ar;
			write_sig(ar, dkim, i);
			/* The sender chooses its size, which is known now. */
			if (pst_authres_len(ar) > DKIM_MAX_BYTES ||
			    pst_buf_overflowed(&ar->buf))
				*ar = before;
		}
	}
}

static void
write_dmarc(struct pst_authres *ar, const struct pst_dmarc *dmarc)
{
	pst_authres_method(
	    ar, "dmarc", pst_result_word(dmarc->result), NULL, NULL);
	add_prop(ar, "header", "from", dmarc->author_domain);
	/* R-AR-7: left out for none and permerror. */
	if (dmarc->tag != NULL && dmarc->result != PST_RESULT_NONE &&
	    dmarc->result != PST_RESULT_PERMERROR)
		add_prop(ar, "policy", "dmarc",
		    pst_dmarc_policy_word(dmarc->effective));
}

static void
write_iprev(struct pst_authres *ar, const struct pst_iprev *iprev)
{
	char text[PST_IP_TEXT_SIZE];

	pst_authres_method(
	    ar, "iprev", pst_result_word(iprev->result), NULL, NULL);
	add_prop(ar, "policy", "iprev", pst_ip_text(&iprev->ip, text));
}

/* R-AR-9. smtp.remote-ip is the client of this hop. */
static void
write_arc(struct pst_authres *ar, struct pst_arena *arena,
    const struct pst_arc *arc, const struct pst_ip *client)
{
	char text[PST_IP_TEXT_SIZE];

	pst_authres_method(
	    ar, "arc", pst_result_word(arc->result), NULL, arc->reason);
	if (arc->result == PST_RESULT_PASS)
		add_prop(ar, "header", "oldest-pass",
		    pst_arena_printf(arena, "%u", arc->oldest_pass));
	if (client->family != PST_IP_NONE)
		add_prop(ar, "smtp", "remote-ip", pst_ip_text(client, text));
}

const char *
pst_edits_result_field(struct pst_arena *arena, const char *authserv_id,
    const struct pst_findings *findings)
{
	struct pst_authres ar;
	char *value;

	pst_authres_begin(&ar, arena, pst_str(authserv_id));
	write_spf(&ar, &findings->spf);
	write_dkim(&ar, &findings->dkim);
	write_dmarc(&ar, &findings->dmarc);
	if (findings->has_iprev)
		write_iprev(&ar, &findings->iprev);
	if (findings->has_arc)
		write_arc(&ar, arena, &findings->arc, &findings->client);
	value = pst_authres_end(&ar);
	assert(value != NULL);
	return value;
}

/* What is needed to tell a forged result field from a foreign one. */
struct forged {
	struct pst_arena *arena;
	const struct pst_config *config;
	const char *authserv_id;
};

static bool
is_our_id(const struct forged *forged, const char *id)
{
	const struct pst_texts *aliases = &forged->config->authserv_id_aliases;

	if (pst_domain_eq(id, forged->authserv_id))
		return true;
	for (size_t i = 0; i < aliases->count; i++) {
		if (pst_domain_eq(id, aliases->items[i]))
			return true;
	}
	return false;
}

/* R-AR-12, R-AR-13: true if the field can be parsed and the id is not ours. */
static bool
is_foreign(const struct forged *forged, const struct pst_header_field *field)
{
	const char *id;

	return pst_authres_read_id(forged->arena, field->value, &id) ==
	    PST_AUTHRES_ID_OK &&
	    !is_our_id(forged, id);
}

static struct pst_edit *
add_edit(struct pst_decision *decision)
{
	return &decision->edits[decision->edit_count++];
}

static void
delete_field(struct pst_decision *decision, const char *name, size_t nth)
{
	struct pst_edit *edit = add_edit(decision);

	edit->op = PST_EDIT_DELETE;
	edit->name = name;
	edit->index = nth;
}

static void
insert_field(struct pst_decision *decision, const char *name, const char *value)
{
	struct pst_edit *edit = add_edit(decision);

	edit->op = PST_EDIT_INSERT;
	edit->name = name;
	edit->value = value;
}

/*
 * Deletes the fields of that name for which keep() is false; keep may be NULL,
 * then all are deleted. Fields beyond a limit of the header were not read, so
 * they are deleted without a call of keep(). The last field is deleted first,
 * because an MTA renumbers the fields after each deletion (R-AR-14).
 */
static void
delete_fields(const struct forged *forged, const struct pst_header *header,
    const char *name,
    bool (*keep)(
	const struct forged *forged, const struct pst_header_field *field),
    struct pst_decision *decision)
{
	size_t nth = pst_header_seen(header, name);

	for (size_t i = header->count; i-- > 0;) {
		const struct pst_header_field *field = &header->fields[i];

		if (!pst_str_ieq(field->name, pst_str(name)))
			continue;
		while (nth > field->nth)
			delete_field(decision, name, nth--);
		if (keep == NULL || !keep(forged, field))
			delete_field(decision, name, nth);
		nth--;
	}
	while (nth > 0)
		delete_field(decision, name, nth--);
}

void
pst_edits_make(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_mta *mta, const char *authserv_id,
    const struct pst_header *header, const struct pst_findings *findings,
    struct pst_decision *decision)
{
	struct forged forged = {arena, config, authserv_id};
	bool exempt = findings->exempt != PST_EXEMPT_NO || decision->skip;

	/* A refused message is not edited. */
	if (decision->action == PST_ACTION_REJECT ||
	    decision->action == PST_ACTION_TEMPFAIL)
		return;
	decision->edits = pst_arena_array(arena,
	    pst_header_seen(header, PST_AUTHRES_NAME) +
		pst_header_seen(header, config->tag_header) + 2,
	    sizeof(*decision->edits));
	if (mta->can_change_headers && findings->exempt != PST_EXEMPT_TRUSTED)
		delete_fields(
		    &forged, header, PST_AUTHRES_NAME, is_foreign, decision);
	if (mta->can_change_headers && !exempt && !decision->monitored)
		delete_fields(
		    &forged, header, config->tag_header, NULL, decision);
	if (!mta->can_add_headers || exempt)
		return;
	if (decision->action == PST_ACTION_TAG)
		insert_field(decision, config->tag_header,
		    pst_arena_printf(arena, " %s", config->tag_value));
	insert_field(decision, PST_AUTHRES_NAME,
	    pst_edits_result_field(arena, authserv_id, findings));
}
