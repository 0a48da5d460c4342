/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/arc.h"
#include "auth/arc_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/macros.h"
#include "dns/zone.h"
#include "tools/message.h"
#include "tests/unit/rows.h"

#define NOW 1767600000

static struct pst_arena *arena;

static int
make_arena(void **state)
{
	(void)state;
	arena = pst_arena_new();
	return 0;
}

static int
free_arena(void **state)
{
	(void)state;
	pst_arena_free(arena);
	return 0;
}

static struct pst_str
read_file(const char *name)
{
	const char *root = getenv("srcdir");
	const char *path = pst_arena_printf(
	    arena, "%s/tests/%s", root == NULL ? "." : root, name);
	FILE *file = fopen(path, "r");
	char text[16384];
	size_t len;

	if (file == NULL)
		fail_msg("no %s; set srcdir", path);
	len = fread(text, 1, sizeof(text), file);
	(void)fclose(file);
	assert_true(len > 0 && len < sizeof(text));
	return (struct pst_str){pst_arena_memdup(arena, text, len), len};
}

/* Returns text with the first `from` replaced; fails if there is none. */
static struct pst_str
replace(struct pst_str text, const char *from, const char *to)
{
	const char *at = strstr(text.ptr, from);
	const char *result;

	if (at == NULL)
		fail_msg("no \"%s\" in the text", from);
	result = pst_arena_printf(arena, "%.*s%s%s", (int)(at - text.ptr),
	    text.ptr, to, at + strlen(from));
	return pst_str(result);
}

/* Returns a zone with the test RSA key at these domains, with these tags. */
static const char *
make_zone(const char *domains, const char *tags)
{
	struct pst_str key = read_file("keys/test-rsa.txt");
	struct pst_str rest = pst_str(domains), domain;
	bool more = true;
	struct pst_buf buf;

	key = pst_str_trim(replace(key, "v=DKIM1; ", tags));
	pst_buf_init(&buf, arena, 10000);
	while (pst_str_split(&rest, ' ', &domain, &more)) {
		struct pst_str head = pst_str_first(key, 200);
		struct pst_str tail = pst_str_from(key, 200);

		pst_buf_printf(&buf,
		    "rsa._domainkey.%.*s. TXT \"%.*s\" \"%.*s\"\n",
		    PST_STR_ARG(domain), PST_STR_ARG(head), PST_STR_ARG(tail));
	}
	return pst_buf_str(&buf);
}

struct trial {
	struct pst_str message;
	const char *zone;
	struct pst_arc_config config;
	unsigned max_queries;
	size_t queries; /* set by the run */
};

static struct trial
trial(const char *name)
{
	return (struct trial){
	    .message = read_file(
		pst_arena_printf(arena, "cases/messages/%s.eml", name)),
	    .zone = make_zone(
		"first.example lists.example third.example", "v=DKIM1; "),
	    .config = {.max_sets = 10,
		.min_key_bits = 1024,
		.clock_skew_s = 300,
		.accept_test_keys = false},
	    .max_queries = 100,
	};
}

static struct pst_arc
run(struct trial *trial)
{
	struct pst_dns_limits dns_limits = {trial->max_queries, 100, 16384, 0};
	struct pst_clock clock = pst_clock_manual(NOW);
	struct pst_world world = {.arena = arena, .now_epoch = NOW};
	struct pst_saved_message message;
	struct pst_resolver *zone;
	struct pst_header header;
	struct pst_arc_msg *msg;
	struct pst_arc arc;
	struct pst_err err;

	zone = pst_zone_parse(trial->zone, strlen(trial->zone), "zone", &err);
	if (zone == NULL)
		fail_msg("%s", err.text);
	assert_true(pst_message_parse(
	    arena, trial->message, "message", &message, &err));
	world.dns = pst_dns_open(arena, zone, &clock, dns_limits);
	pst_header_init(
	    &header, arena, (struct pst_header_limits){1000, 65536, 524288});
	for (size_t i = 0; i < message.count; i++)
		(void)pst_header_add(
		    &header, message.fields[i].name, message.fields[i].value);
	msg = pst_arc_begin(&world, &trial->config, &header);
	trial->queries = pst_dns_count(world.dns);
	(void)pst_arc_body(msg, message.body.ptr, message.body.len);
	while (!pst_arc_check(&world, msg, &arc))
		if (!pst_dns_wait(world.dns, INT64_MAX))
			pst_dns_expire(world.dns, PST_DNS_TIMEOUT);
	/* a second call asks nothing more and returns the same */
	assert_int_equal(pst_dns_count(world.dns), trial->queries);
	assert_true(pst_arc_check(&world, msg, &arc));
	pst_resolver_free(zone);
	return arc;
}

static void
test_pass(void **state)
{
	static const struct {
		const char *message;
		unsigned sets, oldest_pass;
		const char *sealer;
	} rows[] = {
	    {"arc-one", 1, 0, "first.example"},
	    {"arc-two", 2, 2, "lists.example"},
	    {"arc-three", 3, 2, "third.example"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].message) {
		struct trial row = trial(rows[i].message);
		struct pst_arc arc = run(&row);
		char text[PST_IP_TEXT_SIZE];

		if (arc.result != PST_RESULT_PASS)
			fail_msg("%s", arc.reason);
		assert_null(arc.reason);
		assert_int_equal(arc.sets, rows[i].sets);
		assert_int_equal(arc.oldest_pass, rows[i].oldest_pass);
		assert_string_equal(arc.sealer, rows[i].sealer);
		assert_string_equal(arc.seals[0].domain, "first.example");
		assert_string_equal(arc.seals[0].selector, "rsa");
		assert_string_equal(
		    arc.seals[arc.sets - 1].domain, rows[i].sealer);
		assert_string_equal(
		    pst_ip_text(&arc.first_ip, text), "203.0.113.9");
		/* the seal and the message signature share a key here */
		assert_int_equal(row.queries, rows[i].sets);
	}
}

static void
check_fail(const char *label, struct trial *trial, const char *reason)
{
	struct pst_arc arc = run(trial);

	if (arc.result != PST_RESULT_FAIL)
		fail_msg("%s: no failure", label);
	if (strcmp(arc.reason, reason) != 0)
		fail_msg("%s: %s", label, arc.reason);
	/* nothing in a failed chain can be relied on */
	assert_null(arc.sealer);
	assert_null(arc.seals);
	assert_int_equal(arc.oldest_pass, 0);
	assert_int_equal(arc.first_ip.family, PST_IP_NONE);
}

static void
test_changed(void **state)
{
	static const struct {
		const char *message, *from, *to, *reason;
	} rows[] = {
	    {"arc-two", "[talk]", "[spam]",
		"message signature 2: signature does not verify"},
	    {"arc-two", "test  message", "best  message",
		"message signature 2: body hash does not verify"},
	    {"arc-two", "203.0.113.20", "203.0.113.21",
		"seal 2: signature does not verify"},
	    {"arc-two", "203.0.113.9", "203.0.113.8",
		"seal 2: signature does not verify"},
	    {"arc-two", "b=LI1QJ", "b=LI1QK",
		"seal 2: signature does not verify"},
	    {"arc-two", "b=B3NI8q", "b=B3NI9q",
		"seal 2: signature does not verify"},
	    {"arc-two", "ARC-Seal: i=2; cv=pass", "ARC-Seal: i=2; cv=fail",
		"the newest seal says that the chain is broken"},
	    {"arc-two", "ARC-Seal: i=1", "X-ARC-Seal: i=1",
		"a set is not complete"},
	    {"arc-one", "b=LI1QJ", "b=LI1QK",
		"seal 1: signature does not verify"},
	    {"arc-one", "; a=rsa-sha256; d=first", "; a=rsa-sha1; d=first",
		"seal 1: rsa-sha1 is not accepted"},
	    {"arc-one", "i=1; a=rsa-sha256; c=", "l=5; i=1; a=rsa-sha256; c=",
		"message signature 1: l= covers only part of the body"},
	    {"arc-one",
		"i=1; a=rsa-sha256; c=", "l=5000; i=1; a=rsa-sha256; c=",
		"message signature 1: l= is larger than the body"},
	    {"arc-one", "s=rsa", "s=another", "seal 1: no key"},
	    {"arc-says-fail", "From", "From",
		"the newest seal says that the chain is broken"},
	    {"arc-broken", "From", "From",
		"message signature 2: body hash does not verify"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].message) {
		struct trial row = trial(rows[i].message);

		row.message = replace(row.message, rows[i].from, rows[i].to);
		check_fail(rows[i].from, &row, rows[i].reason);
	}
}

/* Changes outside the signature, or undone by relaxed canonicalization. */
static void
test_harmless_changes(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
	    {"DKIM-Signature:", "X-Removed:"},
	    {"From: Ann", "Received: from a by b\nFrom:   Ann"},
	    {"Subject: [talk]", "SUBJECT :\n\t[talk]"},
	    {"\nBye\n", "\nBye  \n\n\n"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].from) {
		struct trial row = trial("arc-two");
		struct pst_arc arc;

		row.message = replace(row.message, rows[i].from, rows[i].to);
		arc = run(&row);
		if (arc.result != PST_RESULT_PASS)
			fail_msg("\"%s\": %s", rows[i].to, arc.reason);
	}
}

static void
test_keys(void **state)
{
	static const struct {
		const char *label, *domains, *tags, *more, *reason;
		bool accept_test_keys;
	} rows[] = {
	    {"no key", "lists.example", "v=DKIM1; ", "", "seal 1: no key",
		false},
	    {"server failure", "lists.example", "v=DKIM1; ",
		";! servfail rsa._domainkey.first.example.\n",
		"seal 1: no answer to the key look-up", false},
	    {"time-out", "first.example", "v=DKIM1; ",
		";! timeout rsa._domainkey.lists.example.\n",
		"message signature 2: no answer to the key look-up", false},
	    {"test key", "first.example lists.example", "v=DKIM1; t=y; ", "",
		"message signature 2: key is in test mode", false},
	    {"test key accepted", "first.example lists.example",
		"v=DKIM1; t=y; ", "", NULL, true},
	    {"not for mail", "first.example lists.example", "v=DKIM1; s=tls; ",
		"", "message signature 2: key is not for email", false},
	    {"t=s has no meaning here", "first.example lists.example",
		"v=DKIM1; t=s; ", "", NULL, false},
	    {"not for sha256", "first.example lists.example",
		"v=DKIM1; h=sha1; ", "",
		"message signature 2: key does not allow sha256", false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct trial row = trial("arc-two");
		struct pst_arc arc;

		row.zone = pst_arena_printf(arena, "%s%s",
		    make_zone(rows[i].domains, rows[i].tags), rows[i].more);
		row.config.accept_test_keys = rows[i].accept_test_keys;
		if (rows[i].reason != NULL) {
			check_fail(rows[i].label, &row, rows[i].reason);
			continue;
		}
		arc = run(&row);
		if (arc.result != PST_RESULT_PASS)
			fail_msg("%s", arc.reason);
	}
}

static void
test_limits(void **state)
{
	struct trial row = trial("arc-three");

	(void)state;
	row.config.max_sets = 2;
	check_fail("more sets", &row, "too many ARC sets");
	assert_int_equal(row.queries, 0);
	row = trial("arc-three");
	row.config.min_key_bits = 2049;
	check_fail("short keys", &row, "message signature 3: key is too short");
	row = trial("arc-three");
	row.max_queries = 2;
	check_fail("no query left", &row,
	    "message signature 3: no answer to the key look-up");
}

/* R-ARC-3, R-ARC-4: a chain with a faulty structure costs no query. */
static void
test_no_queries(void **state)
{
	struct trial row = trial("arc-says-fail");

	(void)state;
	check_fail(
	    "cv=fail", &row, "the newest seal says that the chain is broken");
	assert_int_equal(row.queries, 0);
	row = trial("arc-two");
	row.message = replace(row.message, "ARC-Seal: i=1", "ARC-Seal: i=3");
	check_fail("structure", &row, "a set is not complete");
	assert_int_equal(row.queries, 0);
}

static void
test_comment(void **state)
{
	struct trial row = trial("arc-two");
	struct pst_arc_seal seals[PST_ARC_MAX_SETS];
	struct pst_arc arc = run(&row);
	const char *text;

	(void)state;
	assert_string_equal(pst_arc_comment(arena, &arc),
	    "arc=pass remote-ip[1]=203.0.113.9 as[2].d=lists.example "
	    "as[2].s=rsa as[1].d=first.example as[1].s=rsa");
	arc.result = PST_RESULT_FAIL;
	arc.seals = NULL;
	arc.first_ip.family = PST_IP_NONE;
	assert_string_equal(pst_arc_comment(arena, &arc), "arc=fail");
	for (size_t i = 0; i < PST_COUNT(seals); i++)
		seals[i] = (struct pst_arc_seal){"a.example", "selector"};
	arc.seals = seals;
	arc.sets = PST_COUNT(seals);
	text = pst_arc_comment(arena, &arc);
	assert_in_range(strlen(text), 800, 900);
	assert_non_null(strstr(text, "fail as[50].d=a.example as[50].s="));
	assert_true(pst_str_iends(pst_str(text), PST_STR(".s=selector")));
}

static void
test_no_chain(void **state)
{
	struct trial row = trial("rsa-relaxed-relaxed");
	struct pst_arc arc = run(&row);

	(void)state;
	assert_int_equal(arc.result, PST_RESULT_NONE);
	assert_int_equal(arc.sets, 0);
	assert_int_equal(row.queries, 0);
	assert_null(arc.reason);
	assert_null(arc.sealer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_pass, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_changed, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_harmless_changes, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(test_keys, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_limits, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_no_queries, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_comment, make_arena, free_arena),
	    cmocka_unit_test_setup_teardown(
		test_no_chain, make_arena, free_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
