/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The file of SPF networks. Whatever is in it, a list that is taken has a name in
 * normal form, printable text, and disjoint networks that a record could give.
 */

#include <assert.h>
#include <string.h>

#include "auth/spf_networks.h"
#include "base/domain.h"
#include "core/spf_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(void *arg, struct pst_spf_list *list)
{
	const char *name =
	    pst_domain_normalize(list->arena, pst_str(list->name));

	(void)arg;
	assert(name != NULL && strcmp(name, list->name) == 0);
	assert(list->left_out[0] == '\0' ||
	    pst_str_is_printable(pst_str(list->left_out)));
	assert(list->found_s >= 0);
	assert(
	    list->nets.count > 0 && list->nets.count <= PST_SPF_NETWORKS_MAX);
	for (size_t i = 0; i < list->nets.count; i++)
		assert(pst_net_set_has(&list->nets, &list->nets.nets[i].base));
	pst_spf_list_unref(list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_str text = {(const char *)data, size};

	(void)pst_spf_file_parse(text, (struct pst_spf_taker){check, NULL});
	return 0;
}
