/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/claims.h"

#include "base/domain.h"
#include "base/macros.h"
#include "core/rule_facts.h"

static const char *const words[] = {
    [PST_CLAIM_LIST_ID] = "List-Id",
    [PST_CLAIM_LIST_POST] = "List-Post",
    [PST_CLAIM_MAILING_LIST] = "Mailing-List",
    [PST_CLAIM_PRECEDENCE] = "Precedence",
    [PST_CLAIM_SRS] = "SRS",
    [PST_CLAIM_CAF] = "caf",
    [PST_CLAIM_BNC] = "bnc",
    [PST_CLAIM_BOUNCE_ADDRESS] = "bounce-address",
};

const char *
pst_claim_word(enum pst_claim_kind kind)
{
	return words[kind];
}

/* ---- header fields ---- */

/* Returns the domain of the first address in text; NULL if there is none. */
static const char *
first_address(struct pst_arena *arena, struct pst_str text)
{
	size_t len = 0;

	text = pst_str_from(text, pst_str_find(text, '@'));
	if (text.len > 0)
		text = pst_str_from(text, 1);
	while (len < text.len &&
	    (pst_is_alnum(text.ptr[len]) || text.ptr[len] == '-' ||
		text.ptr[len] == '.' || text.ptr[len] == '_'))
		len++;
	return pst_domain_normalize(arena, pst_str_first(text, len));
}

/* Returns the domain that the field of that kind names; NULL: none. */
static const char *
named_domain(struct pst_arena *arena, const struct pst_header *header,
    enum pst_claim_kind kind)
{
	const char *name = words[kind];

	if (pst_header_count(header, name) != 1)
		return NULL;
	if (kind == PST_CLAIM_LIST_ID)
		return pst_rule_facts_list_id(arena, header);
	return first_address(arena, pst_header_find(header, name, 1)->value);
}

static bool
has_precedence_list(const struct pst_header *header)
{
	const struct pst_header_field *field;

	for (size_t i = 1;; i++) {
		field = pst_header_find(header, "Precedence", i);
		if (field == NULL)
			return false;
		if (pst_str_ieq(pst_str_trim(field->value), PST_STR("list")))
			return true;
	}
}

/* ---- MAIL FROM ---- */

/* Returns the position after the first `part` in s; 0 if it is not there. */
static size_t
find_after(struct pst_str s, struct pst_str part)
{
	for (size_t i = 0; i + part.len <= s.len; i++) {
		if (pst_str_istarts(pst_str_from(s, i), part))
			return i + part.len;
	}
	return 0;
}

static bool
contains(struct pst_str s, struct pst_str part)
{
	return find_after(s, part) > 0;
}

/* "SRS" with or without 0 or 1 has been read; a separator follows, and text. */
static bool
is_after_srs(struct pst_str rest)
{
	if (rest.len > 0 && (rest.ptr[0] == '0' || rest.ptr[0] == '1'))
		rest = pst_str_from(rest, 1);
	return rest.len > 1 &&
	    (rest.ptr[0] == '=' || rest.ptr[0] == '+' || rest.ptr[0] == '-');
}

/* SRS0=... and SRS1=..., or as Microsoft 365 writes it: user+SRS=... */
static bool
is_srs(struct pst_str local)
{
	size_t after = find_after(local, PST_STR("+SRS"));

	if (after > 0)
		return is_after_srs(pst_str_from(local, after));
	return local.len > 3 && pst_str_istarts(local, PST_STR("SRS")) &&
	    (local.ptr[3] == '0' || local.ptr[3] == '1') &&
	    is_after_srs(pst_str_from(local, 3));
}

/* user+caf_=me=example.com */
static bool
is_caf(struct pst_str local)
{
	size_t after = find_after(local, PST_STR("+caf_="));

	return after > 0 && after < local.len;
}

/* group+bncBCXXX... */
static bool
is_bnc(struct pst_str local)
{
	size_t after = find_after(local, PST_STR("+bnc"));

	return after > 4 && after < local.len && pst_is_alnum(local.ptr[after]);
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

/* ---- both ---- */

static bool
is_made(const struct pst_header *header, struct pst_str local,
    enum pst_claim_kind kind)
{
	switch (kind) {
	case PST_CLAIM_LIST_ID:
	case PST_CLAIM_LIST_POST:
	case PST_CLAIM_MAILING_LIST:
		return pst_header_count(header, words[kind]) > 0;
	case PST_CLAIM_PRECEDENCE:
		return has_precedence_list(header);
	case PST_CLAIM_SRS:
		return is_srs(local);
	case PST_CLAIM_CAF:
		return is_caf(local);
	case PST_CLAIM_BNC:
		return is_bnc(local);
	case PST_CLAIM_BOUNCE_ADDRESS:
		return is_list_bounce(local);
	}
	return false;
}

size_t
pst_claims_read(struct pst_arena *arena, const struct pst_header *header,
    const struct pst_findings *findings,
    struct pst_claim claims[PST_CLAIMS_MAX])
{
	static const enum pst_claim_kind kinds[PST_CLAIMS_MAX] = {
	    PST_CLAIM_LIST_ID, PST_CLAIM_LIST_POST, PST_CLAIM_MAILING_LIST,
	    PST_CLAIM_PRECEDENCE, PST_CLAIM_SRS, PST_CLAIM_CAF, PST_CLAIM_BNC,
	    PST_CLAIM_BOUNCE_ADDRESS};
	size_t count = 0;

	for (size_t i = 0; i < PST_COUNT(kinds); i++) {
		const char *domain = NULL;

		if (!is_made(header, findings->mail_from_local, kinds[i]))
			continue;
		if (kinds[i] <= PST_CLAIM_MAILING_LIST)
			domain = named_domain(arena, header, kinds[i]);
		if (domain == NULL || pst_domain_labels(domain) < 2)
			domain = findings->mail_from;
		claims[count++] = (struct pst_claim){kinds[i], domain};
	}
	return count;
}
