/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/macros.h"
#include "core/enforcement.h"

#include "base/hash.h"

unsigned
pst_enforcement_bucket(const struct pst_header *header)
{
	static const char *const names[] = {"Message-ID", "Date", "From"};
	const struct pst_header_field *field;
	uint64_t hash = PST_HASH_START;

	for (size_t i = 0; i < PST_COUNT(names); i++) {
		field = pst_header_find(header, names[i], 1);
		if (field != NULL)
			hash = pst_hash(hash, pst_str_trim(field->value));
		hash = pst_hash_octet(hash, '\n');
	}
	/* The hash is not keyed, so a sender can choose its bucket. */
	return (unsigned)((hash ^ hash >> 32) % 100);
}

bool
pst_enforcement_applies(const struct pst_config *config,
    const struct pst_header *header, const struct pst_from *from)
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
			return false;
		if (!pst_domain_set_has(&config->enforce_domains.set, domain))
			listed = false;
	}
	if (listed)
		return true;
	if (config->mode == PST_MODE_MONITOR)
		return false;
	return config->enforce_percent >= 100 ||
	    pst_enforcement_bucket(header) < config->enforce_percent;
}
