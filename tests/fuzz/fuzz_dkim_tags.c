/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The parsers of DKIM: the first octet selects a DKIM-Signature ('s') or a key
 * record for RSA ('r') or Ed25519 (any other octet).
 */

#include <assert.h>

#include "auth/dkim_key.h"
#include "auth/dkim_tags.h"
#include "base/domain.h"

#define NOW 1700000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_names(const struct pst_dkim_tags *tags)
{
	for (size_t i = 0; i < tags->name_count; i++) {
		assert(tags->names[i].len > 0);
		assert(pst_dkim_tags_mentions(tags, tags->names[i]) > 0);
	}
}

static void
check_signature(struct pst_arena *arena, struct pst_str text)
{
	struct pst_dkim_tags tags;

	pst_dkim_tags_parse(arena, text, NOW, 300, &tags);
	assert((tags.result == PST_RESULT_NONE) ==
	    (tags.why == PST_DKIM_WHY_NONE));
	check_names(&tags);
	if (tags.domain != NULL)
		assert(pst_domain_is_ldh(pst_str(tags.domain)));
	if (tags.why != PST_DKIM_WHY_NONE)
		return;
	assert(tags.name_count <= PST_DKIM_MAX_NAMES);
	assert(tags.b_tag.name.ptr >= text.ptr &&
	    tags.b_tag.value.ptr <= text.ptr + text.len);
	/* libopendkim sees only signatures of this form */
	assert(text.len <= PST_DKIM_MAX_FIELD);
	assert(tags.own || pst_str_is_ascii(text));
	assert(memchr(text.ptr, '\0', text.len) == NULL);
	assert(pst_domain_labels(tags.domain) >= 2);
	assert(tags.selector != NULL && tags.selector[0] != '\0');
	assert(tags.b != NULL && tags.b[0] != '\0');
	assert(pst_dkim_tags_mentions(&tags, PST_STR("from")) > 0);
	assert(pst_domain_is_below(tags.identity_domain, tags.domain));
	assert(tags.expires_at > NOW - 300);
	assert(tags.signed_at <= NOW + 300);
}

static void
check_key(struct pst_arena *arena, struct pst_str text,
    enum pst_dkim_algorithm algorithm)
{
	struct pst_dkim_key key, again;

	if (!pst_dkim_key_read(arena, text, algorithm, 1024, &key))
		return;
	assert(
	    (key.result == PST_RESULT_NONE) == (key.why == PST_DKIM_WHY_NONE));
	assert((key.record != NULL) == (key.why == PST_DKIM_WHY_NONE));
	if (key.record == NULL)
		return;
	assert(strlen(key.record) < PST_DKIM_MAX_KEY_RECORD);
	assert(algorithm == PST_DKIM_ED25519_SHA256 ||
	    (key.bits >= 1024 && key.bits <= PST_DKIM_MAX_KEY_BITS));
	assert(pst_dkim_key_read(
	    arena, pst_str(key.record), algorithm, 1024, &again));
	assert(again.bits == key.bits);
	assert(strcmp(again.record, key.record) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_arena *arena = pst_arena_new();
	const void *octets = data;
	struct pst_str text = {octets, size};

	if (size > 0 && data[0] == 's')
		check_signature(arena, pst_str_from(text, 1));
	else if (size > 0)
		check_key(arena, pst_str_from(text, 1),
		    data[0] == 'r' ? PST_DKIM_RSA_SHA256 :
				     PST_DKIM_ED25519_SHA256);
	pst_arena_free(arena);
	return 0;
}
