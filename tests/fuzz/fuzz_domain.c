/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A normal form must have the syntax that base/domain.h promises, must be its
 * own normal form, and must not depend on the case of ASCII letters.
 */

#include <assert.h>

#include "base/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_normal(struct pst_arena *arena, const char *name)
{
	size_t labels = 1;

	assert(pst_domain_is_ldh(pst_str(name)));
	for (const char *c = name; *c != '\0'; c++)
		assert(*c == pst_lower(*c));
	const char *again = pst_domain_normalize(arena, pst_str(name));
	assert(again != NULL && strcmp(again, name) == 0);

	for (const char *at = pst_domain_parent(name); at != NULL;
	     at = pst_domain_parent(at), labels++)
		assert(pst_domain_is_below(name, at));
	assert(labels == pst_domain_labels(name));
	assert(pst_domain_last_labels(name, labels) == name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const void *octets = data;
	const struct pst_str raw = {octets, size};
	struct pst_arena *arena = pst_arena_new();
	const char *name = pst_domain_normalize(arena, raw);

	if (name != NULL)
		check_normal(arena, name);
	char *upper = pst_arena_memdup(arena, raw.ptr, raw.len);
	for (size_t i = 0; i < raw.len; i++)
		if (upper[i] >= 'a' && upper[i] <= 'z')
			upper[i] = (char)(upper[i] - 'a' + 'A');
	const char *other =
	    pst_domain_normalize(arena, (struct pst_str){upper, raw.len});
	assert((name == NULL) == (other == NULL));
	assert(name == NULL || strcmp(name, other) == 0);
	pst_arena_free(arena);
	return 0;
}
