/* SPDX-License-Identifier: BSD-2-Clause */
#include "survey/dmarc_consent.h"

#include "base/domain.h"

#define INFIX "._report._dmarc."

static void
add_domain(struct pst_arena *arena, const char *policy_domain, const char *uri,
    struct pst_consents *out)
{
	struct pst_str all = pst_str(uri);
	struct pst_str raw = pst_str_from(all, pst_str_rfind(all, '@') + 1);
	const char *domain = pst_domain_normalize(arena, raw);

	if (domain == NULL || out->count == PST_MAX_CONSENTS)
		return;
	for (size_t i = 0; i < out->count; i++)
		if (pst_domain_eq(out->items[i].domain, domain))
			return;
	out->items[out->count++] = (struct pst_consent){
	    .domain = domain,
	    .uri = uri,
	    .name =
		pst_arena_printf(arena, "%s" INFIX "%s", policy_domain, domain),
	};
}

static enum pst_consent_verdict
read_answer(struct pst_arena *arena, const struct pst_dns_answer *answer)
{
	struct pst_dmarc_record record;

	if (pst_dns_is_temporary(answer->status))
		return PST_CONSENT_UNKNOWN;
	for (size_t i = 0; i < answer->count; i++)
		if (pst_dmarc_record_parse(
			arena, answer->records[i].data, &record))
			return PST_CONSENT_GIVEN;
	return PST_CONSENT_MISSING;
}

/* org is the Organizational Domain of the record; NULL: not known. */
static bool
check_one(struct pst_world *world, const char *org, const char *policy_domain,
    struct pst_consent *item)
{
	const struct pst_dns_answer *answer;
	struct pst_walk walk;

	if (pst_domain_eq(item->domain, policy_domain))
		return true;
	answer = pst_world_ask(
	    world, PST_DNS_OTHER, pst_str(item->name), PST_DNS_TXT)
		     ->answer;
	if (!pst_walk_check(world, item->domain, &walk) || answer == NULL)
		return false;
	if (org != NULL && walk.org_domain != NULL &&
	    pst_domain_eq(org, walk.org_domain))
		return true;
	item->verdict = read_answer(world->arena, answer);
	/* With one organization, consent would not be necessary. */
	if (item->verdict == PST_CONSENT_MISSING &&
	    (org == NULL || walk.org_domain == NULL))
		item->verdict = PST_CONSENT_UNKNOWN;
	return true;
}

bool
pst_consents_check(struct pst_world *world, const struct pst_walk *walk,
    const struct pst_walk_hit *hit, struct pst_consents *out)
{
	bool done = true;

	*out = (struct pst_consents){.count = 0};
	if (hit == NULL)
		return true;
	out->at = pst_arena_printf(world->arena, "_dmarc.%s", hit->domain);
	for (size_t i = 0; i < hit->record.rua_count; i++)
		add_domain(world->arena, hit->domain, hit->record.rua[i], out);
	for (size_t i = 0; i < hit->record.ruf_count; i++)
		add_domain(world->arena, hit->domain, hit->record.ruf[i], out);
	for (size_t i = 0; i < out->count; i++)
		done = check_one(world, walk->org_domain, hit->domain,
			   &out->items[i]) &&
		    done;
	return done;
}

void
pst_consents_report(
    struct pst_findings_list *list, const struct pst_consents *consents)
{
	for (size_t i = 0; i < consents->count; i++) {
		const struct pst_consent *item = &consents->items[i];
		struct pst_finding_place place = {
		    .at = consents->at, .term = pst_str(item->uri)};

		switch (item->verdict) {
		case PST_CONSENT_NOT_NEEDED:
			break;
		case PST_CONSENT_GIVEN:
			pst_finding_add(list, "dmarc-consent-given", &place,
			    pst_arena_printf(list->arena,
				"%s agrees to receive these reports.",
				item->domain),
			    NULL);
			break;
		case PST_CONSENT_MISSING:
			pst_finding_add(list, "dmarc-consent-missing", &place,
			    pst_arena_printf(list->arena,
				"%s has not agreed to receive reports about "
				"this domain, so receivers send none there.",
				item->domain),
			    pst_arena_printf(list->arena,
				"%s. TXT \"v=DMARC1\"", item->name));
			break;
		case PST_CONSENT_UNKNOWN:
			pst_finding_add(list, "dmarc-consent-unknown", &place,
			    pst_arena_printf(list->arena,
				"A look-up failed that tells whether %s agrees "
				"to receive these reports.",
				item->domain),
			    NULL);
			break;
		}
	}
}
