/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Each case is played, recorded, read again and decided again: with its own
 * configuration that gives the same decision. With another one it gives the
 * decision of the engine itself, which plays the case under that configuration,
 * or says that it cannot know.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/buf.h"
#include "core/replay.h"
#include "tests/unit/case_fixture.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

/* ---- a decision as text ---- */

static const char *
or_dash(const char *text)
{
	return text == NULL ? "-" : text;
}

/* What the mail system and the sender see of it. */
static const char *
outcome(struct pst_arena *arena, const struct pst_decision *d)
{
	return pst_arena_printf(arena,
	    "%d would %d by %s, %u %s %s, %s, hold %s, skip %d, mixed %s",
	    (int)d->action, (int)d->would, d->rule, d->code, or_dash(d->xcode),
	    or_dash(d->text),
	    d->would == PST_ACTION_ACCEPT ? "-" :
		d->monitored              ? "monitored" :
					    "enforced",
	    or_dash(d->quarantine_reason), d->skip, or_dash(d->mixed));
}

static const char *
edits(struct pst_arena *arena, const struct pst_decision *d)
{
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 1u << 20);
	pst_buf_printf(&buf, "%d %s\n", (int)d->reason, or_dash(d->comment));
	for (size_t i = 0; i < d->edit_count; i++)
		pst_buf_printf(&buf, "%d %zu %s:%s\n", (int)d->edits[i].op,
		    d->edits[i].index, d->edits[i].name,
		    or_dash(d->edits[i].value));
	return pst_buf_str(&buf);
}

/* ---- the same configuration ---- */

static const enum pst_recorded_rcpts modes[] = {PST_RECORDED_RCPTS_FULL,
    PST_RECORDED_RCPTS_DOMAIN, PST_RECORDED_RCPTS_NONE};

static struct pst_recorded
record(struct pst_arena *arena, const struct pst_message *message,
    enum pst_recorded_rcpts mode, struct pst_config *config)
{
	struct pst_recorded read;
	struct pst_err err;

	if (!pst_recorded_read(arena, pst_recorded_write(arena, message, mode),
		config, &read, &err))
		fail_msg("%s", err.text);
	return read;
}

static void
replay_same(struct pst_arena *arena, const struct pst_message *message)
{
	for (size_t i = 0; i < PST_COUNT(modes); i++) {
		const struct pst_recorded read =
		    record(arena, message, modes[i], message->config);
		struct pst_replay again;

		pst_replay_decide(arena, &read, &again);
		assert_null(again.doubt);
		assert_true(again.is_same);
		assert_false(again.is_changed);
		assert_string_equal(outcome(arena, &again.decision),
		    outcome(arena, &message->decision));
		assert_string_equal(edits(arena, &again.decision),
		    edits(arena, &message->decision));
	}
}

static void
test_same(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	size_t count;
	const struct scenario *all = case_read_all(arena, &count);

	(void)state;
	FOR_COUNT(i, count, all[i].name) {
		struct pst_arena *own = pst_arena_new();
		struct played played;

		case_play(own, &all[i], &played);
		replay_same(own, played.message);
		pst_arena_free(own);
		case_end(&played);
	}
	pst_arena_free(arena);
}

/* ---- another configuration ---- */

/* What a configuration has instead of what it had under these names. */
struct change {
	const char *label;
	const char *names; /* separated by blanks */
	const char *lines;
	size_t doubts; /* at most, of all cases */
};

static const struct change changes[] = {
    {"monitor", "mode", "mode = monitor", 0},
    {"none enforced", "mode enforce-percent",
	"mode = enforce\nenforce-percent = 0", 0},
    {"stricter", "on-reject on-quarantine on-no-author-domain",
	"on-reject = always\non-quarantine = quarantine\n"
	"on-no-author-domain = reject",
	0},
    {"milder",
	"on-reject on-temperror on-policy-temperror on-spf-temperror "
	"on-dkim-temperror on-missing-from on-several-from-fields "
	"on-malformed-from on-encoded-from on-multiple-from",
	"on-reject = accept\non-temperror = accept\non-missing-from = tag\n"
	"on-several-from-fields = tag\non-malformed-from = accept\n"
	"on-encoded-from = accept\non-multiple-from = tag",
	0},
    {"trusted", "trusted-networks",
	"trusted-networks = {\"192.0.2.0/24\", \"2001:db8::/32\"}", 2},
    {"none trusted", "trusted-networks", "trusted-networks = {}", 3},
    {"forwarders", "forwarders",
	"forwarders = {\"192.0.2.0/24\", \"198.51.100.0/24\"}", 0},
    {"networks of an SPF record", "forwarders",
	"forwarders = {\"spf:_spf.provider.example\"}", 400},
    {"relay", "relays", "relays = {\"192.0.2.66\"}", 400},
    {"enforced recipients", "mode enforce-recipients mixed-recipients",
	"mode = monitor\nenforce-recipients = {\"strict.example\", "
	"\"b.example\"}",
	0},
    {"monitored recipients", "mode monitor-recipients mixed-recipients",
	"mode = enforce\nmonitor-recipients = {\"watch.example\", "
	"\"b.example\", \".example\"}",
	0},
    {"believed", "indirect-claims", "indirect-claims = believe", 0},
    {"verified", "indirect-claims indirect-known-days",
	"indirect-claims = verify\nindirect-known-days = 10", 0},
    {"known at once", "indirect-claims indirect-known-days",
	"indirect-claims = verify\nindirect-known-days = 0", 0},
    {"local checks", "on-spf-fail on-spf-softfail on-iprev-fail iprev",
	"on-spf-fail = reject\non-spf-softfail = tag\non-iprev-fail = reject",
	1},
    {"HELO", "on-helo-fail", "on-helo-fail = reject", 0},
    {"rules", "rule",
	"rule \"lists\" { list-id = {\".example\"}\n action = tag }\n"
	"rule \"ours\" { rcpt-domain = {\"b.example\"}\n dmarc = {pass}\n"
	" action = quarantine }\n"
	"rule \"failed\" { dmarc = {fail, none}\n action = reject\n"
	" reply = \"no\" }\n"
	"rule \"rest\" { client = {\"192.0.2.0/24\"}\n spf = {pass}\n"
	" action = skip }",
	1},
    {"our own name", "own-domains on-own-domain",
	"own-domains = {\"bank.example\", \"signed.example\"}", 30},
    {"no rules", "rule", "", 0},
    {"our users", "submission", "submission = yes", 0},
    {"ARC", "arc", "arc { verify = yes\n trusted-sealers = {\".example\"} }",
	3},
    {"no ARC, no iprev", "arc iprev rule on-iprev-fail on-iprev-temperror",
	"arc { verify = no }\niprev { enabled = no }", 0},
    {"no suffixes", "dmarc", "dmarc { public-suffix-list = \"\" }", 22},
};

/* Whether a line begins with one of the names, as a statement. */
static bool
is_named(struct pst_str line, const char *names)
{
	struct pst_str rest = pst_str(names), name;
	bool more = true;

	while (pst_str_split(&rest, ' ', &name, &more)) {
		struct pst_str after = pst_str_from(line, name.len);

		if (pst_str_starts(line, name) && after.len > 0 &&
		    (after.ptr[0] == ' ' || after.ptr[0] == '='))
			return true;
	}
	return false;
}

/* How many more braces a line opens than it closes. */
static int
depth_of(struct pst_str line)
{
	int depth = 0;

	for (size_t i = 0; i < line.len; i++)
		depth += line.ptr[i] == '{' ? 1 : line.ptr[i] == '}' ? -1 : 0;
	return depth;
}

/* Returns the configuration with the change. */
static const char *
changed(
    struct pst_arena *arena, const char *config, const struct change *change)
{
	struct pst_str rest = pst_str(config), line;
	struct pst_buf buf;
	bool more = true, drops = false;
	int depth = 0;

	pst_buf_init(&buf, arena, 1u << 20);
	while (pst_str_split(&rest, '\n', &line, &more)) {
		if (depth == 0)
			drops = is_named(line, change->names);
		depth += depth_of(line);
		if (!drops)
			pst_buf_printf(&buf, "%.*s\n", PST_STR_ARG(line));
	}
	pst_buf_add_text(&buf, change->lines);
	pst_buf_add_char(&buf, '\n');
	return pst_buf_str(&buf);
}

/* Without the public suffix list, which takes long to read. */
static const char *
cheaper(struct pst_arena *arena, const char *config)
{
	return strstr(config, "dmarc") != NULL ?
	    config :
	    pst_arena_printf(
		arena, "%s\ndmarc { public-suffix-list = \"\" }\n", config);
}

/* Compares; returns true if it is in doubt. */
static bool
replay_changed(struct pst_arena *arena, const struct pst_message *message,
    const struct pst_message *truth, enum pst_recorded_rcpts mode,
    const char *label)
{
	const struct pst_recorded read =
	    record(arena, message, mode, truth->config);
	struct pst_replay again;

	pst_replay_decide(arena, &read, &again);
	if (again.doubt != NULL)
		return true;
	assert_string_equal(
	    pst_arena_printf(arena, "%s: %s\n%s", label,
		outcome(arena, &again.decision), edits(arena, &again.decision)),
	    pst_arena_printf(arena, "%s: %s\n%s", label,
		outcome(arena, &truth->decision),
		edits(arena, &truth->decision)));
	return false;
}

struct tally {
	size_t count, doubts, same;
};

static void
test_change(const struct scenario *one, const struct pst_message *message,
    const struct change *change, struct tally *tally)
{
	struct pst_arena *arena = pst_arena_new();
	struct scenario other = *one;
	struct played truth;
	bool doubts[PST_COUNT(modes)];

	other.config = changed(arena, one->config, change);
	other.now_epoch = message->began_s;
	case_play(arena, &other, &truth);
	for (size_t i = 0; i < PST_COUNT(modes); i++)
		doubts[i] = replay_changed(
		    arena, message, truth.message, modes[i], change->label);
	/* The domains are enough, and one who has none of them knows less. */
	assert_int_equal(doubts[0], doubts[1]);
	assert_true(doubts[2] || !doubts[0]);
	tally->count++;
	tally->doubts += doubts[0];
	tally->same += strcmp(outcome(arena, &message->decision),
			   outcome(arena, &truth.message->decision)) == 0;
	case_end(&truth);
	pst_arena_free(arena);
}

static void
test_changes(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct tally tallies[PST_COUNT(changes)] = {{0, 0, 0}};
	size_t count;
	struct scenario *all = case_read_all(arena, &count);

	(void)state;
	FOR_COUNT(i, count, all[i].name) {
		struct played played;

		all[i].config = cheaper(arena, all[i].config);
		case_play(arena, &all[i], &played);
		/* Half of them: the other half takes as long again. */
		for (size_t k = i % 2; k < PST_COUNT(changes); k += 2)
			test_change(
			    &all[i], played.message, &changes[k], &tallies[k]);
		case_end(&played);
	}
	FOR_ROWS(i, changes, changes[i].label) {
		printf("# %s: %zu of %zu in doubt, %zu as before\n",
		    changes[i].label, tallies[i].doubts, tallies[i].count,
		    tallies[i].same);
		rows_check(tallies[i].doubts <= changes[i].doubts,
		    "%zu are in doubt", tallies[i].doubts);
		rows_check(
		    tallies[i].same < tallies[i].count, "nothing has changed");
	}
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same),
	    cmocka_unit_test(test_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
