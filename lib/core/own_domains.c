/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/own_domains.h"

#include "base/fold.h"
#include "core/alignment.h"
#include "core/temperror.h"
#include "core/unauthenticated.h"
#include "mail/encoded_word.h"

static const struct pst_domain_set *
own_set(const struct pst_config *config)
{
	return &config->own_domains.set;
}

static bool
is_set(const struct pst_config *config)
{
	const struct pst_domain_set *set = own_set(config);

	return set->exact_count > 0 || set->below_count > 0;
}

static bool
is_own(const struct pst_config *config, const char *domain)
{
	return pst_domain_set_has(own_set(config), domain);
}

/* ---- what the From fields name and show ---- */

struct judging {
	struct pst_arena *arena;
	const struct pst_config *config;
	const struct pst_findings *findings;
	struct pst_own_findings *own;
};

/* For pst_display_visit_domains(): notes a domain, ours before others. */
static bool
note_domain(void *arg, const char *domain)
{
	struct judging *judging = arg;
	struct pst_own_findings *own = judging->own;
	bool ours = is_own(judging->config, domain);

	for (size_t i = 0; i < own->named_count; i++) {
		if (strcmp(own->named[i], domain) == 0)
			return false;
	}
	if (own->named_count < PST_OWN_MAX_NAMED) {
		own->named[own->named_count++] = domain;
	} else if (ours) {
		own->named[PST_OWN_MAX_NAMED - 1] = own->named[0];
		own->named[0] = domain;
	}
	return false;
}

static void
read_malformed(struct judging *judging, struct pst_str value)
{
	struct pst_str decoded =
	    pst_encoded_words_decode(judging->arena, value);

	judging->own->hidden |= pst_display_visit_domains(
	    judging->arena, value, note_domain, judging);
	if (decoded.ptr != value.ptr)
		judging->own->hidden |= pst_display_visit_domains(
		    judging->arena, decoded, note_domain, judging);
}

static void
read_fields(struct judging *judging, const struct pst_header *header)
{
	bool malformed = judging->findings->from.verdict == PST_FROM_MALFORMED;
	struct pst_own_findings *own = judging->own;

	own->hidden = header->from_count > PST_FROM_MAX_FIELDS;
	for (size_t i = 0; i < header->from_count && i < PST_FROM_MAX_FIELDS;
	     i++) {
		const struct pst_header_field *field =
		    pst_header_find(header, "From", i + 1);
		struct pst_str value =
		    i == 0 || field == NULL ? header->first_from : field->value;

		if (value.ptr == NULL || (i > 0 && field == NULL)) {
			own->hidden = true;
			continue;
		}
		pst_display_names_read(judging->arena, value, &own->names);
		if (malformed && is_set(judging->config))
			read_malformed(judging, value);
	}
}

/* ---- the verdicts ---- */

static const char *
find_own(
    const struct pst_config *config, const char *const *domains, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (is_own(config, domains[i]))
			return domains[i];
	}
	return NULL;
}

/* Returns the domain of ours that the message names as an author's, or NULL. */
static const char *
own_domain(const struct pst_config *config, const struct pst_findings *findings)
{
	const struct pst_from *from = &findings->from;
	const struct pst_own_findings *own = findings->own;
	const char *found = find_own(
	    config, (const char *const *)from->domains, from->domain_count);

	if (found == NULL && from->only_domain != NULL)
		found = find_own(config, &from->only_domain, 1);
	if (found == NULL && own != NULL && from->verdict == PST_FROM_MALFORMED)
		found = find_own(config, own->named, own->named_count);
	return found;
}

/* Whether an author is not certainly ours. */
static bool
is_foreign(const struct pst_config *config, const struct pst_from *from)
{
	for (size_t i = 0; i < from->domain_count; i++) {
		if (!is_own(config, from->domains[i]))
			return true;
	}
	return from->domain_count == 0;
}

static bool
is_own_visited(void *arg, const char *domain)
{
	const struct judging *judging = arg;

	return is_own(judging->config, domain);
}

static bool
shows_own_address(struct judging *judging)
{
	const struct pst_own_findings *own = judging->own;

	if (!is_set(judging->config))
		return false;
	for (size_t i = 0; i < own->names.count; i++) {
		if (pst_display_visit_domains(judging->arena,
			pst_str(own->names.names[i]), is_own_visited, judging))
			return true;
	}
	return own->names.cut;
}

bool
pst_own_domains_show(const struct pst_findings *findings,
    struct pst_arena *arena, const struct pst_name_set *names)
{
	const struct pst_own_findings *own = findings->own;

	if (own == NULL || !own->foreign || names->count == 0)
		return false;
	for (size_t i = 0; i < own->names.count; i++) {
		if (pst_name_set_is_in(names,
			pst_fold_words(arena, pst_str(own->names.names[i]))))
			return true;
	}
	return own->names.cut;
}

static enum pst_shown
shown(struct judging *judging)
{
	const struct pst_rules *rules = &judging->config->rules;

	if (!judging->own->foreign)
		return PST_SHOWN_NOTHING;
	if (shows_own_address(judging))
		return PST_SHOWN_OWN_ADDRESS;
	for (size_t i = 0; i < rules->count; i++) {
		if (pst_own_domains_show(judging->findings, judging->arena,
			&rules->items[i].shown))
			return PST_SHOWN_PROTECTED;
	}
	return PST_SHOWN_NOTHING;
}

void
pst_own_domains_judge(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_header *header, struct pst_findings *findings)
{
	struct pst_own_findings *own;
	struct judging judging = {
	    .arena = arena, .config = config, .findings = findings};

	if (header != NULL && !config->reads_names)
		return;
	if (header == NULL && findings->own == NULL && !is_set(config))
		return;
	own = pst_arena_alloc(arena, sizeof(*own));
	/* What was read is kept; what a configuration makes of it is not. */
	if (findings->own != NULL)
		*own = *findings->own;
	findings->own = judging.own = own;
	if (header != NULL) {
		own->read = true;
		read_fields(&judging, header);
	}
	own->domain = own_domain(config, findings);
	own->foreign = is_foreign(config, &findings->from);
	own->shown = shown(&judging);
}

/* ---- what is done ---- */

static unsigned
alignment(const struct pst_findings *findings)
{
	/* Whatever its only domain is: two readers may read it in two ways. */
	if (findings->from.verdict == PST_FROM_MALFORMED)
		return PST_ALIGNED_NONE;
	return pst_alignment_of(findings);
}

bool
pst_own_domains_apply(
    const struct pst_config *config, const struct pst_findings *findings)
{
	const struct pst_own_findings *own = findings->own;

	return own != NULL && is_set(config) &&
	    findings->exempt == PST_EXEMPT_NO &&
	    (own->domain != NULL || own->hidden) &&
	    !pst_unauthenticated_is_forwarded(findings);
}

bool
pst_own_domains_wait(
    const struct pst_config *config, const struct pst_findings *findings)
{
	return is_set(config) && config->on_own_domain != PST_ACTION_ACCEPT &&
	    findings->exempt == PST_EXEMPT_NO && alignment(findings) == 0 &&
	    own_domain(config, findings) != NULL;
}

/* Sets *out to what is done with mail of which nothing is known to vouch. */
static void
refuse(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_findings *findings, struct pst_own_refusal *out)
{
	const char *domain = findings->own->domain;

	*out = (struct pst_own_refusal){.action = config->on_own_domain,
	    .rule = "own-domain",
	    .xcode = "5.7.26",
	    .domain = domain,
	    .reason = domain == NULL ?
		"its From field cannot be read" :
		pst_arena_printf(arena,
		    "mail from %s has to be authenticated, and this is not",
		    domain)};
}

bool
pst_own_domains_decide(struct pst_arena *arena, const struct pst_config *config,
    const struct pst_findings *findings, struct pst_own_refusal *out)
{
	struct pst_temperror temperror;
	unsigned aligned;

	if (config->on_own_domain == PST_ACTION_ACCEPT ||
	    !pst_own_domains_apply(config, findings))
		return false;
	aligned = alignment(findings);
	if (aligned != 0 && (aligned & PST_ALIGNED_NONE) == 0)
		return false;
	refuse(arena, config, findings, out);
	if (aligned == PST_ALIGNED_NONE ||
	    pst_temperror_of_own(config, findings, &temperror) ==
		PST_COURSE_APPLY) {
		/* The client may be a listed forwarder, which is evidence. */
		if (!findings->forwarder_unsure ||
		    out->action != PST_ACTION_REJECT)
			return true;
		pst_temperror_of_networks(findings, &temperror);
	}
	out->action = temperror.action;
	out->rule = temperror.rule;
	out->xcode = temperror.xcode;
	return true;
}

const char *
pst_own_shown_word(enum pst_shown what)
{
	switch (what) {
	case PST_SHOWN_NOTHING:
		return NULL;
	case PST_SHOWN_OWN_ADDRESS:
		return "own-address";
	case PST_SHOWN_PROTECTED:
		return "protected";
	}
	return NULL;
}
