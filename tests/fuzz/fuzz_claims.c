/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * What a message claims of its way. The first line is the argument of MAIL, the
 * rest is the message. Each claim is there once, in the order of the kinds, and
 * names a domain in normal form, or none.
 */

#include <assert.h>

#include "base/domain.h"
#include "core/claims.h"
#include "mail/address.h"
#include "tools/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_claims(const struct pst_claim *claims, size_t count)
{
	assert(count <= PST_CLAIMS_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *domain = claims[i].domain;

		assert(i == 0 || claims[i - 1].kind < claims[i].kind);
		assert(pst_claim_word(claims[i].kind)[0] != '\0');
		if (domain == NULL)
			continue;
		assert(domain[0] != '\0' && strlen(domain) <= 253);
		assert(pst_domain_is_ldh(pst_str(domain)));
	}
}

static void
read_claims(struct pst_arena *arena, const struct pst_saved_message *message,
    const struct pst_path *path)
{
	struct pst_header_limits limits = {1000, 65536, 524288};
	struct pst_findings findings = {
	    .mail_from = path->domain, .mail_from_local = path->local};
	struct pst_claim claims[PST_CLAIMS_MAX], again[PST_CLAIMS_MAX];
	struct pst_header header;
	size_t count;

	pst_header_init(&header, arena, limits);
	for (size_t i = 0; i < message->count; i++)
		(void)pst_header_add(
		    &header, message->fields[i].name, message->fields[i].value);
	count = pst_claims_read(arena, &header, &findings, claims);
	check_claims(claims, count);
	/* MAIL FROM adds claims; it takes none away. */
	findings.mail_from = NULL;
	findings.mail_from_local = PST_STR("");
	assert(pst_claims_read(arena, &header, &findings, again) <= count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_arena *arena = pst_arena_new();
	const void *octets = data;
	struct pst_str rest = {octets, size}, mail;
	struct pst_saved_message message;
	struct pst_path path;
	struct pst_err err;
	bool more = true;

	if (pst_str_split(&rest, '\n', &mail, &more)) {
		pst_reverse_path_parse(arena, mail, &path);
		if (pst_message_parse(arena, rest, "input", &message, &err))
			read_claims(arena, &message, &path);
	}
	pst_arena_free(arena);
	return 0;
}
