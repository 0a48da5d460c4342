/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/domain_list.h"

#include <string.h>

#include "base/domain.h"
#include "survey/review.h"
#include "tools/ui.h"

bool
pst_domain_list_add(struct pst_domain_list *list, const char *text)
{
	const char *domain = pst_domain_normalize(list->arena, pst_str(text));

	if (domain == NULL || pst_domain_labels(domain) < 2) {
		(void)pst_ui_fail(list->command,
		    "\"%s\" is not a domain such as \"example.com\"", text);
		return false;
	}
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->names[i], domain) == 0)
			return true;
	if (list->count == PST_DOMAIN_LIST_MAX) {
		(void)pst_ui_fail(list->command,
		    "at most %d domains can be taken at once",
		    PST_DOMAIN_LIST_MAX);
		return false;
	}
	list->names[list->count++] = domain;
	return true;
}

bool
pst_domain_list_add_own(struct pst_domain_list *list,
    const struct pst_config *config, const char *consequence)
{
	struct pst_review_domains own;

	pst_review_domains(list->arena, config, &own);
	for (size_t i = 0; i < own.count; i++)
		if (!pst_domain_list_add(list, own.names[i]))
			return false;
	if (list->count > 0)
		return true;
	(void)pst_ui_fail(list->command,
	    "own-domains has no domain, so %s; set it in the configuration, or "
	    "name a domain",
	    consequence);
	return false;
}
