/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A whole message through auth/dkim, with both libopendkim and auth/msgsig. The
 * domains of the zone have the test keys, one has a key that nobody owns. The
 * results are the same for a body in one piece and for one that comes octet by
 * octet, and only a domain that has a key can pass.
 */

#include <assert.h>
#include <stdlib.h>

#include "auth/dkim.h"
#include "base/domain.h"
#include "dns/zone.h"
#include "tests/fuzz/rsa_record.h"
#include "tools/message.h"

#define NOW 1767600000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char zone_text[] =
    "rsa._domainkey.signed.example. 60 IN TXT " RSA_RECORD "\n"
    "s._domainkey.corp.example. 60 IN TXT " RSA_RECORD "\n"
    "ed25519._domainkey.signed.example. 60 IN TXT \"v=DKIM1; k=ed25519; "
    "p=uwSbcF8l6+qRwVjVStWWKhwHBp5tXG8t5i09LAqyMMs=\"\n"
    ";! timeout dead._domainkey.signed.example\n";

static const struct pst_dkim_config config = {
    .max_verified = 5, .max_parsed = 10, .min_key_bits = 1024};

static struct pst_dkim_lib *lib;
static struct pst_resolver *zone;

static bool
has_key(const char *domain)
{
	return strcmp(domain, "signed.example") == 0 ||
	    strcmp(domain, "corp.example") == 0;
}

static void
check_sig(const struct pst_dkim_sig *sig)
{
	if (sig->reason != NULL)
		assert(pst_str_is_printable(pst_str(sig->reason)));
	if (sig->domain != NULL)
		assert(pst_domain_is_ldh(pst_str(sig->domain)));
	if (sig->selector != NULL)
		assert(pst_domain_is_ldh(pst_str(sig->selector)));
	if (sig->algorithm != NULL)
		assert(pst_str_is_printable(pst_str(sig->algorithm)));
	if (sig->b != NULL)
		assert(pst_str_is_printable(pst_str(sig->b)));
	assert(!sig->aligned && !sig->may_align && !sig->overdue);
	if (sig->result != PST_RESULT_PASS) {
		assert(sig->reason != NULL);
		return;
	}
	assert(sig->checked && sig->header_ok && !sig->body_failed);
	assert(sig->gap == PST_DKIM_NO_GAP && has_key(sig->domain));
}

static void
check_result(const struct pst_dkim *dkim, const struct pst_dns *dns)
{
	bool passed = false;

	assert(pst_dns_count(dns) <= config.max_verified);
	assert(dkim->count <= config.max_parsed);
	for (size_t i = 0; i < dkim->count; i++) {
		check_sig(&dkim->sigs[i]);
		passed |= dkim->sigs[i].result == PST_RESULT_PASS;
	}
	assert((dkim->result == PST_RESULT_PASS) == passed);
	assert((dkim->result == PST_RESULT_NONE) ==
	    (dkim->count + dkim->unparsed == 0));
}

/* Runs the message with its body in pieces of `piece` octets. */
static struct pst_dkim
run(struct pst_arena *arena, const struct pst_saved_message *message,
    size_t piece)
{
	struct pst_header_limits limits = {1000, 65536, 524288};
	struct pst_dns_limits dns_limits = {150, 5000, 16384, 0};
	struct pst_clock clock = pst_clock_manual(NOW);
	struct pst_world world = {.arena = arena, .now_epoch = NOW};
	struct pst_str body = message->body;
	struct pst_header header;
	struct pst_dkim_msg *msg;
	struct pst_dkim dkim;

	world.dns = pst_dns_open(arena, zone, &clock, dns_limits);
	pst_header_init(&header, arena, limits);
	for (size_t i = 0; i < message->count; i++)
		(void)pst_header_add(
		    &header, message->fields[i].name, message->fields[i].value);
	msg = pst_dkim_begin(
	    &world, lib, &config, &header, "signed.example", NULL, NULL);
	while (body.len > 0) {
		struct pst_str part = pst_str_first(body, piece);

		(void)pst_dkim_body(msg, part.ptr, part.len);
		body = pst_str_from(body, part.len);
	}
	while (!pst_dkim_check(&world, msg, &dkim))
		if (!pst_dns_wait(world.dns, INT64_MAX))
			pst_dns_expire(world.dns, PST_DNS_TIMEOUT);
	check_result(&dkim, world.dns);
	return dkim;
}

static void
check_same(const struct pst_dkim *a, const struct pst_dkim *b)
{
	assert(a->result == b->result && a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		assert(a->sigs[i].result == b->sigs[i].result);
		assert(a->sigs[i].gap == b->sigs[i].gap);
		assert(a->sigs[i].body_failed == b->sigs[i].body_failed);
	}
}

static void
prepare(void)
{
	struct pst_err err;

	if (lib != NULL)
		return;
	lib = pst_dkim_lib_new(&config, &err);
	zone = pst_zone_parse(zone_text, sizeof(zone_text) - 1, "zone", &err);
	assert(lib != NULL && zone != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_arena *arena = pst_arena_new();
	const void *octets = data;
	struct pst_saved_message message;
	struct pst_dkim whole, pieces;
	struct pst_err err;

	prepare();
	if (pst_message_parse(arena, (struct pst_str){octets, size}, "input",
		&message, &err)) {
		whole = run(arena, &message, SIZE_MAX);
		pieces = run(arena, &message, 1);
		check_same(&whole, &pieces);
	}
	pst_arena_free(arena);
	return 0;
}
