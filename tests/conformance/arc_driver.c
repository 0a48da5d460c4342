/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Runs messages through pst_arc_*():
 *
 *	arc_driver ZONE NOW CHUNK MESSAGE...
 *
 * ZONE is a zone file with the keys, NOW the time in seconds since 1970, CHUNK
 * the size of the body's pieces in octets (0: all at once), MESSAGE a file. The
 * output has a line "result sets oldest-pass sealer reason" for each message,
 * with tabs between the words.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/arc.h"
#include "dns/zone.h"
#include "tools/message.h"

static const struct pst_arc_config config = {.max_sets = 10,
    .min_key_bits = 1024,
    .clock_skew_s = 300,
    .accept_test_keys = true};

static void
feed_body(struct pst_arc_msg *msg, struct pst_str body, size_t chunk)
{
	while (body.len > 0) {
		struct pst_str piece =
		    pst_str_first(body, chunk == 0 ? body.len : chunk);

		if (!pst_arc_body(msg, piece.ptr, piece.len))
			return;
		body = pst_str_from(body, piece.len);
	}
}

static void
finish(struct pst_world *world, struct pst_arc_msg *msg, struct pst_arc *out)
{
	for (int i = 0; i < 100; i++) {
		if (pst_arc_check(world, msg, out))
			return;
		if (!pst_dns_wait(world->dns, INT64_MAX))
			pst_dns_expire(world->dns, PST_DNS_TIMEOUT);
	}
	(void)fprintf(stderr, "arc_driver: the check does not end\n");
	exit(2);
}

static const char *
or_dash(const char *text)
{
	return text == NULL ? "-" : text;
}

static void
run(struct pst_arena *arena, struct pst_resolver *zone, int64_t now,
    size_t chunk, const char *file_name)
{
	struct pst_header_limits limits = {1000, 65536, 524288};
	struct pst_dns_limits dns_limits = {150, 5000, 16384, 0};
	struct pst_clock clock = pst_clock_manual(now);
	struct pst_world world = {.arena = arena,
	    .dns = pst_dns_open(arena, zone, &clock, dns_limits),
	    .now_epoch = now};
	struct pst_saved_message message = {.count = 0};
	struct pst_header header;
	struct pst_arc_msg *msg;
	struct pst_arc arc;
	struct pst_err err;

	/* A file that is not a message has no chain. */
	(void)!pst_message_read(arena, file_name, &message, &err);
	pst_header_init(&header, arena, limits);
	for (size_t i = 0; i < message.count; i++)
		(void)pst_header_add(
		    &header, message.fields[i].name, message.fields[i].value);
	msg = pst_arc_begin(&world, &config, &header);
	feed_body(msg, message.body, chunk);
	finish(&world, msg, &arc);
	(void)printf("%s\t%u\t%u\t%s\t%s\n", pst_result_word(arc.result),
	    arc.sets, arc.oldest_pass, or_dash(arc.sealer),
	    or_dash(arc.reason));
}

int
main(int argc, char **argv)
{
	struct pst_resolver *zone;
	struct pst_err err;
	uint64_t now, chunk;

	if (argc < 5 || !pst_str_to_u64(pst_str(argv[2]), INT64_MAX, &now) ||
	    !pst_str_to_u64(pst_str(argv[3]), SIZE_MAX, &chunk)) {
		(void)fprintf(
		    stderr, "usage: arc_driver ZONE NOW CHUNK MESSAGE...\n");
		return 2;
	}
	zone = pst_zone_load(argv[1], &err);
	if (zone == NULL) {
		(void)fprintf(stderr, "arc_driver: %s\n", err.text);
		return 2;
	}
	for (int i = 4; i < argc; i++) {
		struct pst_arena *arena = pst_arena_new();

		run(arena, zone, (int64_t)now, (size_t)chunk, argv[i]);
		pst_arena_free(arena);
	}
	pst_resolver_free(zone);
	return 0;
}
