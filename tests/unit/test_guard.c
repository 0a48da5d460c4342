/* SPDX-License-Identifier: BSD-2-Clause */

/* When the checks say that they call a library, and what for. */

#include "tests/unit/rows.h"

#include "auth/guard.h"
#include "tests/unit/dkim_fixture.h"
#include "tests/unit/spf_bench.h"

#define MAX_ENTRIES 16

/* A guard that lets the first calls pass. */
static struct watcher {
	size_t let_in;
	size_t entries;
	struct pst_guarded what[MAX_ENTRIES];
	bool is_entered;
	enum pst_guard_place place;
	unsigned moves;
} watcher;

static bool
enter(void *arg, const struct pst_guarded *what)
{
	assert_ptr_equal(arg, &watcher);
	assert_false(watcher.is_entered);
	assert_in_range(watcher.entries, 0, MAX_ENTRIES - 1);
	watcher.what[watcher.entries++] = *what;
	watcher.place = PST_GUARD_INSIDE;
	watcher.is_entered = watcher.entries <= watcher.let_in;
	return watcher.is_entered;
}

/* The places alternate. */
static void
move(void *arg, enum pst_guard_place place)
{
	assert_ptr_equal(arg, &watcher);
	assert_true(watcher.is_entered);
	assert_int_not_equal(place, watcher.place);
	watcher.place = place;
	watcher.moves++;
}

static void
leave(void *arg)
{
	assert_ptr_equal(arg, &watcher);
	assert_true(watcher.is_entered);
	assert_int_equal(watcher.place, PST_GUARD_INSIDE);
	watcher.is_entered = false;
}

static struct pst_guard guard = {.key = {1, 2, 3},
    .enter = enter,
    .move = move,
    .leave = leave,
    .arg = &watcher};

static void
watch(size_t let_in)
{
	watcher = (struct watcher){.let_in = let_in};
}

/* ---- SPF ---- */

static const char spf_zone[] = D "\"v=spf1 mx include:e.example ip4:192.0.2.1 "
				 "-all\"\n"
				 "d.example. 60 IN MX 1 mx.d.example.\n"
				 "mx.d.example. 60 IN A 192.0.2.9\n"
				 "e.example. 60 IN TXT \"v=spf1 -all\"\n";

struct envelope {
	const char *label;
	const char *client, *helo, *mail_from;
	bool is_same; /* as that of the first row */
};

static struct pst_guarded
run_spf(const struct envelope *envelope, enum pst_result want)
{
	struct bench bench;

	bench_open(&bench, spf_zone, envelope->client);
	bench.world.guard = &guard;
	bench.input.helo = pst_str(envelope->helo);
	pst_reverse_path_parse(
	    bench.arena, pst_str(envelope->mail_from), &bench.input.mail_from);
	bench_run(&bench);
	assert_int_equal(bench.spf.result, want);
	assert_true(watcher.entries > 0);
	assert_false(watcher.is_entered);
	assert_int_equal(watcher.what[0].library, PST_LIBRARY_SPF2);
	if (want == PST_RESULT_TEMPERROR)
		assert_string_equal(bench.spf.why,
		    "libspf2 is not used, because it has crashed");
	bench_close(&bench);
	return watcher.what[0];
}

static void
test_spf(void **state)
{
	static const struct envelope rows[] = {
	    {"the first", "192.0.2.1", "h.example", "<u@d.example>", true},
	    {"other local part", "192.0.2.1", "h.example", "<v@d.example>",
		true},
	    {"other HELO", "192.0.2.1", "g.example", "<u@d.example>", true},
	    {"other client", "192.0.2.2", "h.example", "<u@d.example>", false},
	    {"other domain", "192.0.2.1", "h.example", "<u@e.example>", false},
	};
	uint64_t first;

	(void)state;
	watch(MAX_ENTRIES);
	first = run_spf(&rows[0], PST_RESULT_PASS).digest;
	/* The hooks came and went: records, MX, an address. */
	assert_true(watcher.moves > 10);
	FOR_ROWS(i, rows, rows[i].label) {
		watch(0);
		assert_true((run_spf(&rows[i], PST_RESULT_TEMPERROR).digest ==
				first) == rows[i].is_same);
		assert_int_equal(watcher.moves, 0);
		/* It is over at once. */
		assert_int_equal(watcher.entries, 1);
	}
}

/* ---- DKIM ---- */

#define HEADER "From: Joe <joe@example.com>\r\nSubject: x\r\n"
#define BODY "text\r\n"

static struct pst_dkim_lib *lib;
static struct sign_key *rsa;

struct letter {
	const char *label;
	const char *before; /* fields before the signed ones */
	const char *body;
	bool is_same;
};

static enum pst_result
run_dkim(struct pst_arena *arena, const struct letter *letter, size_t length)
{
	struct sign_options options = {.tags = length == SIZE_MAX ?
		"a=rsa-sha256; d=example.com; s=sel; " :
		"a=rsa-sha256; d=example.com; s=sel; l=4; ",
	    .canon = "relaxed/relaxed",
	    .names = "from:subject",
	    .length = length};
	const char *header =
	    sign_message(arena, rsa, &options, HEADER, PST_STR(BODY));
	struct trial trial = {
	    .header = pst_str(pst_arena_printf(
		arena, "%s%s%s", letter->before, header, HEADER)),
	    .body = pst_str(letter->body),
	    .zone = trial_txt(arena, "sel._domainkey.example.com",
		pst_arena_printf(
		    arena, "p=%s", sign_key_public(arena, rsa, SIGN_SPKI))),
	    .guard = &guard,
	};
	struct pst_dkim dkim;

	trial_run(arena, lib, &trial, &dkim);
	assert_int_equal(dkim.count, 1);
	assert_false(watcher.is_entered);
	return dkim.sigs[0].result;
}

static void
test_dkim(void **state)
{
	static const struct letter rows[] = {
	    {"the first", "", BODY, true},
	    {"another path", "Received: from a by b; Mon, 1 Jun 2026\r\n", BODY,
		true},
	    {"another body", "", "other\r\n", true},
	    {"another field", "X-Other: y\r\n", BODY, false},
	};
	struct pst_arena *arena = pst_arena_new();
	uint64_t first;

	(void)state;
	watch(MAX_ENTRIES);
	assert_int_equal(run_dkim(arena, &rows[0], SIZE_MAX), PST_RESULT_PASS);
	first = watcher.what[0].digest;
	/* The header, the end, and the release: all for the same message. */
	assert_int_equal(watcher.entries, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(watcher.what[i].library, PST_LIBRARY_OPENDKIM);
		assert_true(watcher.what[i].digest == first);
	}
	FOR_ROWS(i, rows, rows[i].label) {
		bool is_forged = strcmp(rows[i].body, BODY) != 0;

		watch(0);
		assert_int_equal(run_dkim(arena, &rows[i], SIZE_MAX),
		    is_forged ? PST_RESULT_FAIL : PST_RESULT_TEMPERROR);
		assert_true(
		    (watcher.what[0].digest == first) == rows[i].is_same);
		assert_int_equal(watcher.entries, 1);
	}
	pst_arena_free(arena);
}

/* Nothing is called again, and not freed, after a call that was refused. */
static void
test_dkim_later(void **state)
{
	static const struct letter letter = {NULL, "", BODY, true};
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	watch(1);
	assert_int_equal(
	    run_dkim(arena, &letter, SIZE_MAX), PST_RESULT_TEMPERROR);
	assert_int_equal(watcher.entries, 2);
	pst_arena_free(arena);
}

/* A signature with l= does not enter libopendkim, so it cannot crash it. */
static void
test_dkim_length(void **state)
{
	static const struct letter letter = {NULL, "", BODY, true};
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	watch(MAX_ENTRIES);
	assert_int_equal(run_dkim(arena, &letter, 4), PST_RESULT_POLICY);
	assert_int_equal(watcher.entries, 0);
	pst_arena_free(arena);
}

static int
open_library(void **state)
{
	(void)state;
	pst_spf_init();
	lib = trial_lib();
	rsa = sign_key_load("test-rsa.pem");
	return 0;
}

static int
close_library(void **state)
{
	(void)state;
	sign_key_free(rsa);
	pst_dkim_lib_free(lib);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_spf),
	    cmocka_unit_test(test_dkim),
	    cmocka_unit_test(test_dkim_later),
	    cmocka_unit_test(test_dkim_length),
	};

	return cmocka_run_group_tests(tests, open_library, close_library);
}
