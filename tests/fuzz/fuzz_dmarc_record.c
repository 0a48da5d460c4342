/* SPDX-License-Identifier: BSD-2-Clause */

/* A TXT record as a DMARC policy; the result must keep its promises. */

#include <assert.h>

#include "auth/dmarc_record.h"
#include "base/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_uris(const char **uris, size_t count)
{
	assert(count <= PST_DMARC_MAX_URIS);
	for (size_t i = 0; i < count; i++) {
		struct pst_str uri = pst_str(uris[i]);
		size_t encoded = pst_str_find(uri, '%');

		assert(pst_str_is_printable(uri));
		assert(pst_str_find(uri, ' ') == uri.len);
		assert(pst_str_find(uri, ',') == uri.len);
		assert(pst_str_starts(uri, PST_STR("mailto:")));
		if (encoded < uri.len)
			continue;
		assert(pst_domain_is_ldh(
		    pst_str_from(uri, pst_str_rfind(uri, '@') + 1)));
	}
}

static void
check_record(struct pst_arena *arena, const struct pst_dmarc_record *record)
{
	struct pst_dmarc_record again;

	assert(record->text.len <= PST_DMARC_MAX_RECORD);
	assert(pst_dmarc_record_parse(arena, record->text, &again));
	assert(again.repeated_tag == record->repeated_tag);
	if (record->repeated_tag) {
		assert(!record->usable_policy && record->fault != NULL);
		return;
	}
	assert(again.p == record->p && again.sp == record->sp);
	assert(again.np == record->np && again.psd == record->psd);
	assert(again.rua_count == record->rua_count);
	assert(record->usable_policy || record->rua_count == 0);
	assert(record->has_sp || record->sp == record->p);
	assert(record->has_np || record->np == record->sp);
	assert(strlen(record->fo) >= 1 && strlen(record->fo) <= 5);
	check_uris(record->rua, record->rua_count);
	check_uris(record->ruf, record->ruf_count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_dmarc_record record;
	struct pst_str text = {(const char *)data, size};

	if (pst_dmarc_record_parse(arena, text, &record))
		check_record(arena, &record);
	pst_arena_free(arena);
	return 0;
}
