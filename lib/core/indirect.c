/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/macros.h"
#include "core/indirect.h"

#include "base/buf.h"

#define MAX_SIGNS 200

static void
add(struct pst_buf *signs, const char *sign)
{
	if (signs->len > 0)
		pst_buf_add_char(signs, ',');
	pst_buf_add_text(signs, sign);
}

static bool
has_broken_body(const struct pst_dkim *dkim)
{
	for (size_t i = 0; i < dkim->count; i++) {
		const struct pst_dkim_sig *sig = &dkim->sigs[i];

		if (sig->aligned && sig->header_ok && sig->body_failed)
			return true;
	}
	return false;
}

static void
add_fields(struct pst_buf *signs, const struct pst_header *header)
{
	static const char *const fields[] = {
	    "List-Id", "List-Post", "Mailing-List"};
	const struct pst_header_field *field;

	for (size_t i = 0; i < PST_COUNT(fields); i++) {
		if (pst_header_count(header, fields[i]) > 0)
			add(signs, fields[i]);
	}
	for (size_t i = 1;; i++) {
		field = pst_header_find(header, "Precedence", i);
		if (field == NULL)
			return;
		if (pst_str_ieq(pst_str_trim(field->value), PST_STR("list"))) {
			add(signs, "Precedence");
			return;
		}
	}
}

static bool
contains(struct pst_str s, struct pst_str part)
{
	for (size_t i = 0; i + part.len <= s.len; i++) {
		if (pst_str_istarts(pst_str_from(s, i), part))
			return true;
	}
	return false;
}

/* SRS0 or SRS1, followed by one of the separators in use. */
static bool
is_srs(struct pst_str local)
{
	return local.len > 4 && pst_str_istarts(local, PST_STR("SRS")) &&
	    (local.ptr[3] == '0' || local.ptr[3] == '1') &&
	    (local.ptr[4] == '=' || local.ptr[4] == '+' || local.ptr[4] == '-');
}

/* The forms of Mailman, ezmlm and Majordomo, with VERP or without. */
static bool
is_list_bounce(struct pst_str local)
{
	return pst_str_iends(local, PST_STR("-bounces")) ||
	    contains(local, PST_STR("-bounces+")) ||
	    contains(local, PST_STR("-return-")) ||
	    pst_str_iends(local, PST_STR("-owner")) ||
	    pst_str_istarts(local, PST_STR("owner-"));
}

const char *
pst_indirect_signs(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_header *header, const struct pst_findings *findings)
{
	struct pst_buf signs;

	pst_buf_init(&signs, arena, MAX_SIGNS);
	if (pst_net_set_has(&config->forwarders.set, &findings->client))
		add(&signs, "forwarder");
	if (findings->arc_sealer != NULL)
		add(&signs, "ARC");
	if (has_broken_body(&findings->dkim))
		add(&signs, "broken-body");
	add_fields(&signs, header);
	if (is_srs(findings->mail_from_local))
		add(&signs, "SRS");
	if (is_list_bounce(findings->mail_from_local))
		add(&signs, "bounce-address");
	return signs.len == 0 ? NULL : pst_buf_str(&signs);
}
