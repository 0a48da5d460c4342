/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * A whole message through auth/arc; its sealers have the test key. The result
 * must be the same for a body in one piece and for one that comes octet by
 * octet.
 */

#include <assert.h>
#include <stdlib.h>

#include "auth/arc.h"
#include "auth/arc_set.h"
#include "base/domain.h"
#include "dns/zone.h"
#include "tests/fuzz/rsa_record.h"
#include "tools/message.h"

#define NOW 1767600000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char zone_text[] =
    "rsa._domainkey.first.example. 60 IN TXT " RSA_RECORD "\n"
    "rsa._domainkey.lists.example. 60 IN TXT " RSA_RECORD "\n"
    "rsa._domainkey.third.example. 60 IN TXT " RSA_RECORD "\n";

static const struct pst_arc_config config = {
    .max_sets = 10, .min_key_bits = 1024, .clock_skew_s = 300};

static void
check_result(const struct pst_arc *arc, const struct pst_dns *dns)
{
	bool passed = arc->result == PST_RESULT_PASS;

	assert(pst_dns_count(dns) <= 2 * (size_t)config.max_sets);
	assert(arc->sets <= 50 && arc->oldest_pass <= arc->sets);
	assert((arc->result == PST_RESULT_FAIL) == (arc->reason != NULL));
	assert((arc->sealer != NULL) == passed);
	assert((arc->seals != NULL) == passed);
	if (arc->reason != NULL)
		assert(pst_str_is_printable(pst_str(arc->reason)));
	if (!passed)
		assert(arc->oldest_pass == 0 &&
		    arc->first_ip.family == PST_IP_NONE);
	for (unsigned i = 0; passed && i < arc->sets; i++)
		assert(pst_domain_is_ldh(pst_str(arc->seals[i].domain)));
}

/* Runs the message with its body in pieces of `piece` octets. */
static struct pst_arc
run(struct pst_arena *arena, struct pst_resolver *zone,
    const struct pst_saved_message *message, size_t piece)
{
	struct pst_header_limits limits = {1000, 65536, 524288};
	struct pst_dns_limits dns_limits = {150, 5000, 16384, 0};
	struct pst_clock clock = pst_clock_manual(NOW);
	struct pst_world world = {.arena = arena, .now_epoch = NOW};
	struct pst_str body = message->body;
	struct pst_header header;
	struct pst_arc_msg *msg;
	struct pst_arc arc;

	world.dns = pst_dns_open(arena, zone, &clock, dns_limits);
	pst_header_init(&header, arena, limits);
	for (size_t i = 0; i < message->count; i++)
		(void)pst_header_add(
		    &header, message->fields[i].name, message->fields[i].value);
	msg = pst_arc_begin(&world, &config, &header);
	while (body.len > 0) {
		struct pst_str part = pst_str_first(body, piece);

		(void)pst_arc_body(msg, part.ptr, part.len);
		body = pst_str_from(body, part.len);
	}
	while (!pst_arc_check(&world, msg, &arc))
		if (!pst_dns_wait(world.dns, INT64_MAX))
			pst_dns_expire(world.dns, PST_DNS_TIMEOUT);
	check_result(&arc, world.dns);
	return arc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_arena *arena = pst_arena_new();
	const void *octets = data;
	struct pst_saved_message message;
	struct pst_resolver *zone;
	struct pst_arc whole, pieces;
	struct pst_err err;

	if (pst_message_parse(arena, (struct pst_str){octets, size}, "input",
		&message, &err)) {
		zone = pst_zone_parse(
		    zone_text, sizeof(zone_text) - 1, "zone", &err);
		assert(zone != NULL);
		whole = run(arena, zone, &message, SIZE_MAX);
		pieces = run(arena, zone, &message, 1);
		assert(whole.result == pieces.result);
		assert(whole.oldest_pass == pieces.oldest_pass);
		(void)pst_arc_remote_ip(arena, message.fields[0].value);
		pst_arena_free(arena);
		pst_resolver_free(zone);
		return 0;
	}
	pst_arena_free(arena);
	return 0;
}
