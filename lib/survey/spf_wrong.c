/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"
#include "base/edit_distance.h"
#include "base/macros.h"
#include "survey/spf_tree.h"

#define MAX_SHOWN 80   /* octets of a term in a sentence */
#define MAX_MISTAKES 2 /* more: another word */
#define MAX_WORD 20    /* the longest name that is compared */

static const char *const mechanisms[] = {
    "all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"};

/* A term taken apart; nothing of it needs to be valid. */
struct pieces {
	struct pst_str qualifier; /* empty or one octet */
	struct pst_str name;      /* until : / or = */
	struct pst_str rest;      /* from there on */
	struct pst_str value;     /* after the colon */
};

static struct pieces
take_apart(struct pst_str term)
{
	struct pieces p = {.rest = term};
	size_t end = 0;

	if (term.len > 0 && pst_str_find(PST_STR("+-~?"), term.ptr[0]) < 4) {
		p.qualifier = pst_str_first(term, 1);
		p.rest = pst_str_from(term, 1);
	}
	while (end < p.rest.len &&
	    pst_str_find(PST_STR(":/="), p.rest.ptr[end]) == 3)
		end++;
	p.name = pst_str_first(p.rest, end);
	p.rest = pst_str_from(p.rest, end);
	p.value = pst_str_from(p.rest, 1);
	return p;
}

static const char *
shown(struct pst_arena *arena, struct pst_str text)
{
	return pst_escaped(arena, pst_str_first(text, MAX_SHOWN));
}

/* Returns the nearest word, or NULL; name may be of any case. */
static const char *
nearest(struct pst_arena *arena, struct pst_str name, const char *const *words,
    size_t count)
{
	size_t least = MAX_MISTAKES + 1;
	const char *found = NULL;
	char *lower;

	if (name.len == 0 || name.len > MAX_WORD)
		return NULL;
	lower = pst_arena_memdup(arena, name.ptr, name.len);
	for (size_t i = 0; i < name.len; i++)
		lower[i] = pst_lower(lower[i]);
	for (size_t i = 0; i < count; i++) {
		size_t far = pst_edit_distance(lower, words[i]);

		/* half of a short word must be right */
		if (far < least && far * 2 <= strlen(words[i])) {
			least = far;
			found = words[i];
		}
	}
	return found;
}

static const char *
find_mechanism(struct pst_str name)
{
	for (size_t i = 0; i < PST_COUNT(mechanisms); i++)
		if (pst_str_ieq(name, pst_str(mechanisms[i])))
			return mechanisms[i];
	return NULL;
}

/* An address with or without a prefix length. "IPv6:" is an SMTP literal's. */
static bool
is_address(struct pst_str text, struct pst_ip *ip)
{
	return !pst_str_istarts(text, PST_STR("IPv6:")) &&
	    pst_ip_parse(pst_str_first(text, pst_str_find(text, '/')), ip);
}

static const char *
ip_term(struct pst_arena *arena, const struct pieces *p, struct pst_str value,
    const struct pst_ip *ip)
{
	return pst_arena_printf(arena, "%.*s%s:%s", PST_STR_ARG(p->qualifier),
	    ip->family == PST_IP_V4 ? "ip4" : "ip6", shown(arena, value));
}

/* Octets at the end that belong to no name, as in "-all;". */
static struct pst_str
without_tail(struct pst_str text)
{
	while (text.len > 0 && !pst_is_alnum(text.ptr[text.len - 1]))
		text.len--;
	return text;
}

/* A mechanism that exists, with something wrong about its value. */
static const char *
mend_value(struct pst_arena *arena, const struct pieces *p, const char *name)
{
	bool network = name[0] == 'i' && name[1] == 'p';
	struct pst_ip ip;

	if (strcmp(name, "all") == 0)
		return pst_arena_printf(
		    arena, "%.*sall", PST_STR_ARG(p->qualifier));
	if (p->value.len == 0 && (network || strlen(name) > 5))
		return pst_arena_printf(arena,
		    "%s: and the value, without a blank between them", name);
	if (is_address(p->value, &ip) && p->rest.ptr[0] == ':' &&
	    (!network || (ip.family == PST_IP_V4) != (name[2] == '4')))
		return ip_term(arena, p, p->value, &ip);
	if (network && pst_str_find(p->value, '.') < p->value.len &&
	    p->value.len > 0 && pst_is_alpha(p->value.ptr[p->value.len - 1]))
		return pst_arena_printf(arena, "%.*sa:%s",
		    PST_STR_ARG(p->qualifier), shown(arena, p->value));
	return NULL;
}

/* What an unknown mechanism probably is. */
static const char *
mend_name(struct pst_arena *arena, const struct pieces *p, struct pst_str whole)
{
	struct pst_str bare = without_tail(p->name);
	const char *name = find_mechanism(bare);
	struct pst_ip ip;

	if (is_address(whole, &ip))
		return ip_term(arena, p, whole, &ip);
	if (is_address(p->value, &ip) && p->rest.len > 0 &&
	    nearest(arena, bare, mechanisms, PST_COUNT(mechanisms)) != NULL)
		return ip_term(arena, p, p->value, &ip);
	if (name == NULL)
		name = nearest(arena, bare, mechanisms, PST_COUNT(mechanisms));
	if (name != NULL)
		return pst_arena_printf(arena, "%.*s%s%s",
		    PST_STR_ARG(p->qualifier), name,
		    p->rest.len == 0 || strcmp(name, "all") == 0 ?
			"" :
			shown(arena, p->rest));
	if (p->rest.len == 0 && pst_str_find(bare, '.') < bare.len)
		return pst_arena_printf(arena,
		    "include:%s for a provider, a:%s for a host",
		    shown(arena, bare), shown(arena, bare));
	return NULL;
}

void
pst_spf_wrong_check(struct pst_findings_list *list,
    const struct pst_spf_branch *branch, struct pst_str wrong, const char *why)
{
	struct pst_arena *arena = list->arena;
	struct pieces p = take_apart(wrong);
	struct pst_spf_remark remark = {.name = "spf-syntax", .term = wrong};
	const char *name = find_mechanism(p.name);
	bool modifier = p.rest.len > 0 && p.rest.ptr[0] == '=';

	if (wrong.len == 0)
		remark.text = pst_arena_printf(
		    arena, "Receivers cannot read the record: %s.", why);
	else
		remark.text = pst_arena_printf(arena,
		    "Receivers cannot read %s: %s.", shown(arena, wrong), why);
	if (name != NULL) {
		remark.instead = mend_value(arena, &p, name);
	} else if (wrong.len > 0 && !modifier) {
		struct pst_str whole = pst_str_from(wrong, p.qualifier.len);

		remark.name = "spf-unknown-mechanism";
		remark.text = pst_arena_printf(arena,
		    "There is no mechanism %s, so receivers cannot use the "
		    "record.",
		    shown(arena, p.name.len > 0 ? p.name : wrong));
		remark.instead = mend_name(arena, &p, whole);
		if (remark.instead != NULL)
			remark.text = pst_arena_printf(arena,
			    "%s Did you mean %s?", remark.text, remark.instead);
	}
	pst_spf_say(list, branch, remark);
}

/* ---- modifiers ---- */

/* Those of RFC 7208 and RFC 6652. */
static bool
is_known_modifier(struct pst_str name)
{
	static const char *const known[] = {
	    "redirect", "exp", "ra", "rp", "rr"};

	for (size_t i = 0; i < PST_COUNT(known); i++)
		if (pst_str_ieq(name, pst_str(known[i])))
			return true;
	return false;
}

/* What an unknown modifier probably is; NULL: it is not known. */
static const char *
mend_modifier(struct pst_arena *arena, const struct pieces *p)
{
	static const char *const modifiers[] = {"redirect", "exp"};
	const char *name = find_mechanism(p->name);
	char sign = ':';

	if (name == NULL) {
		name = nearest(arena, p->name, modifiers, PST_COUNT(modifiers));
		sign = '=';
	}
	if (name == NULL) {
		name =
		    nearest(arena, p->name, mechanisms, PST_COUNT(mechanisms));
		sign = ':';
	}
	return name == NULL ? NULL :
			      pst_arena_printf(arena, "%s%c%s", name, sign,
				  shown(arena, p->value));
}

static void
check_modifier(struct pst_findings_list *list,
    const struct pst_spf_branch *branch, struct pst_str term)
{
	struct pst_arena *arena = list->arena;
	struct pieces p = take_apart(term);
	struct pst_spf_remark remark = {
	    "spf-unknown-modifier", term, NULL, NULL};

	remark.text = pst_arena_printf(arena,
	    "There is no modifier %s=, so receivers ignore %s.",
	    shown(arena, p.name), shown(arena, term));
	if (pst_str_ieq(p.name, PST_STR("v")))
		remark.instead = "v=spf1 once, at the start";
	else
		remark.instead = mend_modifier(arena, &p);
	pst_spf_say(list, branch, remark);
}

void
pst_spf_modifiers_check(
    struct pst_findings_list *list, const struct pst_spf_branch *branch)
{
	struct pst_str rest = pst_str_from(branch->text, 6), term;
	bool more = true;

	while (pst_str_split(&rest, ' ', &term, &more)) {
		struct pieces p = take_apart(term);

		if (p.name.len > 0 && p.qualifier.len == 0 && p.rest.len > 0 &&
		    p.rest.ptr[0] == '=' && !is_known_modifier(p.name))
			check_modifier(list, branch, term);
	}
}

const char *
pst_spf_term_mend(struct pst_arena *arena, struct pst_str term)
{
	struct pieces p = take_apart(term);
	const char *name = find_mechanism(p.name);

	if (term.len > MAX_SHOWN)
		return NULL; /* advice would have a part of it only */
	if (p.qualifier.len == 0 && p.name.len > 0 && p.rest.len > 0 &&
	    p.rest.ptr[0] == '=')
		return is_known_modifier(p.name) ? NULL :
						   mend_modifier(arena, &p);
	return name != NULL ?
	    mend_value(arena, &p, name) :
	    mend_name(arena, &p, pst_str_from(term, p.qualifier.len));
}

/* ---- texts that are not records ---- */

bool
pst_spf_text_is_meant(struct pst_str text)
{
	struct pst_str rest;
	size_t at = 0;

	if (pst_spf_is_record(text) ||
	    pst_str_istarts(text, PST_STR("spf2.0/")))
		return false;
	while (at < text.len && !pst_is_alnum(text.ptr[at]))
		at++;
	rest = pst_str_from(text, at);
	if (pst_str_istarts(rest, PST_STR("spf1")))
		return true;
	if (!pst_str_istarts(rest, PST_STR("v")))
		return false;
	at = 1;
	while (at < rest.len && pst_str_find(PST_STR(" :="), rest.ptr[at]) < 3)
		at++;
	return pst_str_istarts(pst_str_from(rest, at), PST_STR("spf"));
}
