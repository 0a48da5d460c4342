/* SPDX-License-Identifier: BSD-2-Clause */

/* What a From field shows, and the domains that a lenient reader finds in it. */

#include <assert.h>

#include "base/domain.h"
#include "base/fold.h"
#include "mail/display_name.h"
#include "mail/encoded_word.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
check_domain(void *arg, const char *domain)
{
	(void)arg;
	assert(pst_domain_is_ldh(pst_str(domain)));
	return false;
}

/* Every later step relies on these properties of a name. */
static void
check_name(struct pst_arena *arena, const char *name)
{
	struct pst_str text = pst_str(name);
	struct pst_str words;

	assert(text.len > 0 && pst_str_is_utf8(text));
	for (size_t i = 0; i < text.len; i++)
		assert((unsigned char)name[i] >= ' ' && name[i] != 0x7f);
	assert(name[0] != ' ' && name[text.len - 1] != ' ');
	words = pst_fold_words(arena, text);
	assert(words.len <= text.len && pst_str_is_utf8(words));
	(void)pst_display_visit_domains(arena, text, check_domain, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_str text = {(const char *)data, size};
	struct pst_display_names names = {.count = 0};
	size_t octets = 0;

	pst_display_names_read(arena, text, &names);
	assert(names.count <= PST_DISPLAY_MAX_NAMES);
	for (size_t i = 0; i < names.count; i++) {
		octets += strlen(names.names[i]);
		check_name(arena, names.names[i]);
	}
	assert(octets <= PST_DISPLAY_MAX_BYTES);
	(void)pst_display_visit_domains(arena, text, check_domain, NULL);
	assert(pst_encoded_words_decode(arena, text).len <= 3 * size);
	pst_arena_free(arena);
	return 0;
}
