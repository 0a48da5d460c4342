/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/macros.h"
#include "core/enforcement.h"

#include "base/digest.h"

unsigned
pst_enforcement_bucket(
    const struct pst_header *header, const struct pst_site_key *key)
{
	static const char *const names[] = {"Message-ID", "Date", "From"};
	unsigned char mac[PST_DIGEST_BYTES];
	unsigned number = 0;

	if (key == NULL)
		return PST_BUCKET_UNKNOWN;
	_Static_assert(sizeof(key->octets) == sizeof(mac), "both are keys");
	memcpy(mac, key->octets, sizeof(mac));
	for (size_t i = 0; i < PST_COUNT(names); i++) {
		const struct pst_header_field *field =
		    pst_header_find(header, names[i], 1);
		struct pst_str value =
		    field == NULL ? PST_STR("") : pst_str_trim(field->value);
		unsigned char next[PST_DIGEST_BYTES];

		/* Each result is the key for the next field. */
		pst_digest_hmac(
		    (struct pst_str){(const char *)mac, sizeof(mac)}, value,
		    next);
		memcpy(mac, next, sizeof(mac));
	}
	for (size_t i = 0; i < sizeof(number); i++)
		number = number << 8 | mac[i];
	return number % 100;
}

unsigned
pst_enforcement_bucket_if_needed(const struct pst_config *config,
    const struct pst_header *header, const struct pst_site_key *key)
{
	return config->enforce_percent == 0 || config->enforce_percent >= 100 ?
	    PST_BUCKET_UNKNOWN :
	    pst_enforcement_bucket(header, key);
}

static bool
is_empty(const struct pst_domain_set *set)
{
	return set->exact_count == 0 && set->below_count == 0;
}

bool
pst_enforcement_differs(const struct pst_config *config)
{
	return !is_empty(&config->enforce_recipients.set) ||
	    !is_empty(&config->monitor_recipients.set);
}

/* Returns the kind by one reading of the address; NULL: it has no domain. */
static enum pst_rcpt_kind
kind_of(const struct pst_config *config, const char *domain)
{
	if (domain == NULL)
		return is_empty(&config->enforce_recipients.set) ?
		    PST_RCPT_CONFIGURED :
		    PST_RCPT_ENFORCED;
	if (pst_domain_set_has(&config->monitor_recipients.set, domain))
		return PST_RCPT_MONITORED;
	if (pst_domain_set_has(&config->enforce_recipients.set, domain))
		return PST_RCPT_ENFORCED;
	return PST_RCPT_CONFIGURED;
}

enum pst_rcpt_kind
pst_enforcement_kind(struct pst_arena *arena, const struct pst_config *config,
    struct pst_str rcpt, struct pst_str mta_address)
{
	enum pst_rcpt_kind own, other;
	struct pst_path path, mta;

	if (!pst_enforcement_differs(config))
		return PST_RCPT_CONFIGURED;
	pst_reverse_path_parse(arena, rcpt, &path);
	pst_reverse_path_parse(arena, mta_address, &mta);
	/* Sendmail gives local recipients without a domain. */
	if (path.domain == NULL)
		return kind_of(config, mta.domain);
	own = kind_of(config, path.domain);
	if (mta.domain == NULL)
		return own;
	other = kind_of(config, mta.domain);
	return other > own ? other : own;
}

enum pst_enforcement
pst_enforcement_of_all(const struct pst_config *config,
    const struct pst_findings *findings, bool *mixed)
{
	enum pst_enforcement strictest = PST_MONITORED;
	bool monitored = false;
	bool any = false;

	for (unsigned i = 0; i < PST_RCPT_KINDS; i++) {
		enum pst_enforcement one;

		if (!findings->rcpt_kinds[i])
			continue;
		any = true;
		one = pst_enforcement_of(config, &findings->from,
		    (enum pst_rcpt_kind)i, findings->bucket);
		monitored |= one == PST_MONITORED;
		if (one > strictest)
			strictest = one;
	}
	if (!any)
		strictest = pst_enforcement_of(config, &findings->from,
		    PST_RCPT_CONFIGURED, findings->bucket);
	*mixed = monitored && strictest != PST_MONITORED;
	return strictest;
}

enum pst_enforcement
pst_enforcement_of(const struct pst_config *config, const struct pst_from *from,
    enum pst_rcpt_kind kind, unsigned bucket)
{
	bool listed = from->domain_count > 0 || from->only_domain != NULL;
	bool excused = from->domain_count > 0;

	/* A malformed field may be enforced, but never excused, by its domain. */
	if (from->only_domain != NULL &&
	    !pst_domain_set_has(
		&config->enforce_domains.set, from->only_domain))
		listed = false;
	for (size_t i = 0; i < from->domain_count; i++) {
		const char *domain = from->domains[i];

		/* A sender can add any domain, so each of them has to be. */
		if (!pst_domain_set_has(&config->monitor_domains.set, domain))
			excused = false;
		if (!pst_domain_set_has(&config->enforce_domains.set, domain))
			listed = false;
	}
	if (excused || kind == PST_RCPT_MONITORED)
		return PST_MONITORED;
	if (listed || kind == PST_RCPT_ENFORCED)
		return PST_ENFORCED;
	if (config->mode == PST_MODE_MONITOR || config->enforce_percent == 0)
		return PST_MONITORED;
	if (config->enforce_percent >= 100)
		return PST_ENFORCED;
	if (bucket == PST_BUCKET_UNKNOWN)
		return PST_ENFORCEMENT_UNSURE;
	return bucket < config->enforce_percent ? PST_ENFORCED : PST_MONITORED;
}
