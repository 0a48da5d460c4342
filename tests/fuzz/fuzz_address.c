/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The From parser, the reader of malformed From fields and the reverse-path
 * parser, on the same octets.
 */

#include <assert.h>

#include "base/domain.h"
#include "mail/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every later step relies on this property of a parsed domain. */
static void
check_domain(struct pst_arena *arena, const char *domain)
{
	const char *again = pst_domain_normalize(arena, pst_str(domain));

	assert(pst_domain_is_ldh(pst_str(domain)));
	assert(again != NULL && strcmp(again, domain) == 0);
}

static void
check_from(struct pst_arena *arena, struct pst_str value)
{
	struct pst_from from, again;

	pst_from_parse(arena, &value, 1, &from);
	pst_from_parse(arena, &value, 1, &again);
	assert(from.verdict == again.verdict && from.why == again.why);
	assert(from.domain_count == again.domain_count);
	assert(from.domain_count <= PST_FROM_MAX_DOMAINS);
	assert((from.verdict == PST_FROM_SINGLE) == (from.domain_count == 1));
	assert((from.verdict == PST_FROM_MULTI) == (from.domain_count > 1));
	assert((from.verdict == PST_FROM_MALFORMED) == (from.why != NULL));
	for (size_t i = 0; i < from.domain_count; i++) {
		assert(strcmp(from.domains[i], again.domains[i]) == 0);
		assert(pst_domain_labels(from.domains[i]) >= 2);
		check_domain(arena, from.domains[i]);
		for (size_t n = 0; n < i; n++)
			assert(strcmp(from.domains[i], from.domains[n]) != 0);
	}
	if (value.len > 0 && memchr(value.ptr, '\0', value.len) != NULL)
		assert(from.verdict == PST_FROM_MALFORMED);
}

/* Where a lenient reader is sure of a domain, the grammar has no other. */
static void
check_from_only(struct pst_arena *arena, struct pst_str value)
{
	const char *only = pst_from_only_domain(arena, value);
	struct pst_from from;

	if (only == NULL)
		return;
	check_domain(arena, only);
	assert(pst_domain_labels(only) >= 2);
	pst_from_parse(arena, &value, 1, &from);
	for (size_t i = 0; i < from.domain_count; i++)
		assert(strcmp(from.domains[i], only) == 0);
}

static void
check_path(struct pst_arena *arena, struct pst_str raw)
{
	struct pst_path path;

	pst_reverse_path_parse(arena, raw, &path);
	assert(path.valid || !path.null);
	assert(pst_str_is_utf8(path.local));
	if (!path.valid || path.null)
		assert(path.domain == NULL && path.local.len == 0);
	if (path.domain != NULL)
		check_domain(arena, path.domain);
	else if (path.valid && !path.null)
		assert(pst_str_rfind(raw, ']') < raw.len);
	if (path.null)
		assert(raw.ptr[0] == '<' && raw.ptr[raw.len - 1] == '>');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_str text = {(const char *)data, size};

	check_from(arena, text);
	check_from_only(arena, text);
	check_path(arena, text);
	pst_arena_free(arena);
	return 0;
}
