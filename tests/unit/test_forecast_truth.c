/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/forecast.h"
#include "tests/unit/config_fixture.h"
#include "tests/unit/rows.h"
#include "tests/unit/truth.h"

/*
 * A month in monitor mode, the advice of the forecast, and ten days in which it
 * is enforced with that advice, with mail of which the truth is known. The
 * numbers that are printed are those in doc/enforce.md.
 *
 * POSTERN_TRUTH_MANY is how much mail there is, POSTERN_TRUTH_SEED another seed
 * for all months; with POSTERN_TRUTH_ROWS each row of the forecast is printed.
 */

#define MONITORED 30
#define FLUSH_MS 50
#define PATIENCE 400
/* The mail is old. */
#define RETENTION_S ((int64_t)100 * 365 * 86400)

/* Of 1000 forged messages, those that the advice may let in or only tag. */
#define MAX_LET_IN 80
#define MAX_OTHERS_LET_IN 10
#define MAX_TAGGED 20

struct counts {
	unsigned messages;
	unsigned refused;
	unsigned marked;
	unsigned let_in; /* accepted, because a rule of the advice says so */
	unsigned would_be_refused;
};

struct play {
	struct pst_arena *arena;
	struct pst_tallies *tallies;
	struct counts counts[TRUTH_KINDS];
};

static void
count_monitored(
    void *arg, const struct truth_flow *flow, const struct pst_message *message)
{
	struct play *play = arg;
	struct pst_arena_mark mark = pst_arena_mark(play->arena);
	struct pst_summary summary;

	pst_summary_of(play->arena, message, true, &summary);
	pst_tallies_count(play->tallies, &summary);
	pst_arena_rewind(play->arena, mark);
	play->counts[flow->kind].messages++;
	if (message->decision.would == PST_ACTION_REJECT)
		play->counts[flow->kind].would_be_refused++;
}

static void
count_enforced(
    void *arg, const struct truth_flow *flow, const struct pst_message *message)
{
	struct play *play = arg;
	struct counts *counts = &play->counts[flow->kind];

	counts->messages++;
	switch (message->decision.action) {
	case PST_ACTION_ACCEPT:
		counts->let_in += message->decision.titled;
		return;
	case PST_ACTION_TAG:
	case PST_ACTION_QUARANTINE:
		counts->marked++;
		return;
	case PST_ACTION_REJECT:
	case PST_ACTION_TEMPFAIL:
		counts->refused++;
		return;
	}
}

static void
say(void *arg, const char *why)
{
	(void)arg;
	if (why != NULL)
		printf("# %s\n", why);
}

static bool
take_nothing(void *arg, const struct pst_tally_row *row, unsigned days)
{
	(void)arg;
	(void)row;
	(void)days;
	return false;
}

/* Waits for the file: networks are counted when it is open. */
static void
await_file(const char *path)
{
	const struct pst_tally_query query = {.question = PST_TALLY_HOUR};
	const struct timespec moment = {.tv_nsec = 50000000};
	struct pst_err err;

	for (unsigned i = 0; i < PATIENCE; i++) {
		const bool there = pst_tallies_ask(path, &query,
		    (struct pst_tally_visitor){take_nothing, NULL}, &err);

		(void)nanosleep(&moment, NULL);
		if (there)
			return;
	}
	fail_msg("%s", err.text);
}

static void
monitor(struct truth *truth, struct play *play, const char *path)
{
	const struct truth_visitor visitor = {count_monitored, play};

	play->tallies = pst_tallies_start(
	    path, RETENTION_S, FLUSH_MS, (struct pst_tallies_log){say, NULL});
	await_file(path);
	for (unsigned day = 0; day < MONITORED; day++)
		truth_play(truth, day, visitor);
	pst_tallies_stop(play->tallies);
}

static void
enforce(struct truth *truth, struct play *play, const char *rules)
{
	const struct truth_visitor visitor = {count_enforced, play};

	truth_configure(
	    truth, pst_arena_printf(play->arena, "mode = enforce\n%s", rules));
	for (unsigned day = MONITORED; day < TRUTH_DAYS; day++)
		truth_play(truth, day, visitor);
}

/* Returns the lines to paste: each rule once. */
static const char *
advice(struct pst_arena *arena, const struct pst_forecast *forecast,
    bool with_unclear)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, (size_t)16 << 20);
	for (size_t i = 0; i < forecast->count; i++) {
		const struct pst_forecast_row *row = &forecast->rows[i];
		bool again = false;

		if (row->rule == NULL ||
		    (row->kind == PST_FORECAST_UNCLEAR && !with_unclear))
			continue;
		for (size_t k = 0; k < i && !again; k++)
			again = forecast->rows[k].rule != NULL &&
			    strcmp(forecast->rows[k].rule, row->rule) == 0;
		if (!again)
			pst_buf_add_text(&buf, row->rule);
	}
	pst_buf_add_char(&buf, '\n');
	return pst_buf_str(&buf);
}

static void
print_counts(const struct play *play)
{
	printf("# %-24s %8s %8s %8s %8s\n", "who", "messages", "refused",
	    "tagged", "let in");
	for (unsigned i = 0; i < TRUTH_KINDS; i++)
		printf("# %-24s %8u %8u %8u %8u\n",
		    truth_word((enum truth_kind)i), play->counts[i].messages,
		    play->counts[i].refused, play->counts[i].marked,
		    play->counts[i].let_in);
}

static struct counts
add_up(const struct play *play, bool genuine)
{
	struct counts all = {.messages = 0};

	for (unsigned i = 0; i < TRUTH_KINDS; i++) {
		if (truth_is_genuine((enum truth_kind)i) != genuine)
			continue;
		all.messages += play->counts[i].messages;
		all.refused += play->counts[i].refused;
		all.marked += play->counts[i].marked;
		all.let_in += play->counts[i].let_in;
		all.would_be_refused += play->counts[i].would_be_refused;
	}
	return all;
}

static void
print_rows(const struct pst_forecast *forecast)
{
	for (size_t i = 0; i < forecast->count; i++) {
		const struct pst_forecast_row *row = &forecast->rows[i];

		printf("# %s %s, %llu messages: %s: %s\n", row->from_domain,
		    row->via, (unsigned long long)row->messages,
		    pst_forecast_word(row->kind), row->why);
	}
}

static void
forecast_of(struct pst_arena *arena, const char *path, struct pst_forecast *out)
{
	const struct pst_forecast_span span = {
	    TRUTH_FIRST_DAY, TRUTH_FIRST_DAY + MONITORED - 1, NULL};
	struct pst_err err;

	if (!pst_forecast_make(arena, path, span, out, &err))
		fail_msg("%s", err.text);
	if (getenv("POSTERN_TRUTH_ROWS") != NULL)
		print_rows(out);
}

static unsigned
number_of(const char *name, unsigned usual)
{
	const char *text = getenv(name);

	return text == NULL ? usual : (unsigned)strtoul(text, NULL, 10);
}

/* Those that no count tells from genuine senders (store/forecast.h). */
static bool
is_patient(enum truth_kind kind)
{
	return kind == TRUTH_PATIENT || kind == TRUTH_RENTED ||
	    kind == TRUTH_LISTED;
}

static void
check_counts(const struct play *play)
{
	const struct counts genuine = add_up(play, true);
	const struct counts forged = add_up(play, false);
	unsigned patient = 0;

	print_counts(play);
	for (unsigned i = 0; i < TRUTH_KINDS; i++) {
		if (is_patient((enum truth_kind)i))
			patient += play->counts[i].let_in;
	}
	printf("# genuine: %u refused, %u tagged; forged: %u refused, %u "
	       "tagged, %u let in, %u of them of patient forgers\n",
	    genuine.refused, genuine.marked, forged.refused, forged.marked,
	    forged.let_in, patient);
	assert_int_equal(genuine.refused, 0);
	assert_in_range(forged.let_in, 0, MAX_LET_IN * forged.messages / 1000);
	assert_in_range(forged.let_in - patient, 0,
	    MAX_OTHERS_LET_IN * forged.messages / 1000);
	assert_in_range(forged.marked, 0, MAX_TAGGED * forged.messages / 1000);
}

static void
remove_file(struct pst_arena *arena, const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < PST_COUNT(ends); i++)
		(void)unlink(pst_arena_printf(arena, "%s%s", path, ends[i]));
}

static const struct {
	const char *label;
	unsigned seed;
	bool with_unclear; /* the rules of unclear rows are pasted, too */
} months[] = {
    {"all rules", 16, true},
    {"rules that accept", 17, false},
};

static void
test_truth(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, months, months[i].label) {
		const char *path =
		    pst_arena_printf(arena, "%s/tallies%zu", config_dir, i);
		struct play before = {.arena = arena}, after = {.arena = arena};
		struct pst_forecast forecast;
		struct counts genuine, forged;
		struct truth truth;

		truth_begin(&truth,
		    number_of("POSTERN_TRUTH_SEED", months[i].seed),
		    number_of("POSTERN_TRUTH_MANY", 1));
		monitor(&truth, &before, path);
		genuine = add_up(&before, true);
		forged = add_up(&before, false);
		printf("# %s: %u messages in %d days; enforcing would refuse "
		       "%u of %u genuine ones and %u of %u forged ones\n",
		    months[i].label, truth.messages, MONITORED,
		    genuine.would_be_refused, genuine.messages,
		    forged.would_be_refused, forged.messages);
		forecast_of(arena, path, &forecast);
		enforce(&truth, &after,
		    advice(arena, &forecast, months[i].with_unclear));
		truth_end(&truth);
		remove_file(arena, path);
		check_counts(&after);
	}
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_truth),
	};

	return cmocka_run_group_tests_name(
	    "forecast_truth", tests, config_begin, config_end);
}
