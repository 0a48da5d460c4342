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

enum pst_enforcement
pst_enforcement_of(const struct pst_config *config, const struct pst_from *from,
    unsigned bucket)
{
	bool listed = from->domain_count > 0 || from->only_domain != NULL;

	/* A malformed field may be enforced, but never excused, by its domain. */
	if (from->only_domain != NULL &&
	    !pst_domain_set_has(
		&config->enforce_domains.set, from->only_domain))
		listed = false;
	for (size_t i = 0; i < from->domain_count; i++) {
		const char *domain = from->domains[i];

		if (pst_domain_set_has(&config->monitor_domains.set, domain))
			return PST_MONITORED;
		if (!pst_domain_set_has(&config->enforce_domains.set, domain))
			listed = false;
	}
	if (listed)
		return PST_ENFORCED;
	if (config->mode == PST_MODE_MONITOR || config->enforce_percent == 0)
		return PST_MONITORED;
	if (config->enforce_percent >= 100)
		return PST_ENFORCED;
	if (bucket == PST_BUCKET_UNKNOWN)
		return PST_ENFORCEMENT_UNSURE;
	return bucket < config->enforce_percent ? PST_ENFORCED : PST_MONITORED;
}
