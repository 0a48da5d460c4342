/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Replays a journal of 100,000 messages, and what `postern replay` prints of a
 * small one.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/replay.h"
#include "store/journal_entry.h"
#include "store/journal_search.h"
#include "tests/unit/case_fixture.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/journal_fixture.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"
#include "tools/command.h"

#define MESSAGES 100000
#define BATCH 500

/* Entries of all cases. Each message is some seconds after the one before it, so
 * that its time tells which case it is of. */
struct journaled {
	struct pst_journal *journal;
	struct pst_config **configs; /* of each case */
	size_t cases;
	size_t same, others;
};

static void
add_batch(const struct journaled *all, const struct played *played,
    size_t first, size_t count)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_journal_entry *entries =
	    pst_arena_array(arena, count, sizeof(*entries));
	struct pst_err err;

	for (size_t i = 0; i < count; i++) {
		size_t number = first + i;
		struct pst_message message =
		    *played[number % all->cases].message;

		message.queue_id = pst_arena_printf(arena, "4Q%zu", number);
		assert_true(
		    pst_journal_entry_make(arena, &message, &entries[i]));
		entries[i].seen_s = JOURNAL_NOW + (int64_t)number;
	}
	if (!pst_journal_add(all->journal, entries, count, &err))
		fail_msg("%s", err.text);
	pst_arena_free(arena);
}

static bool
replay_one(void *arg, enum pst_journal_stream stream, int64_t seen_s,
    struct pst_str octets)
{
	struct journaled *all = arg;
	struct pst_arena *arena = pst_arena_new();
	struct pst_config *config =
	    all->configs[(size_t)(seen_s - JOURNAL_NOW) % all->cases];
	struct pst_recorded recorded;
	struct pst_replay replay;
	struct pst_err err;

	(void)stream;
	if (!pst_recorded_read(arena, octets, config, &recorded, &err))
		fail_msg("%s", err.text);
	pst_replay_decide(arena, &recorded, &replay);
	if (replay.is_same && !replay.is_changed && replay.doubt == NULL &&
	    replay.decision.edit_count == recorded.message.decision.edit_count)
		all->same++;
	else
		all->others++;
	pst_arena_free(arena);
	return true;
}

static void
test_many(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct journaled all = {.journal = journal_open()};
	struct scenario *cases = case_read_all(arena, &all.cases);
	struct played *played =
	    pst_arena_array(arena, all.cases, sizeof(*played));
	const struct pst_journal_query query = {.keys = NULL};
	uint64_t damaged;
	int64_t begun;
	struct pst_err err;

	(void)state;
	all.configs = pst_arena_array(arena, all.cases, sizeof(*all.configs));
	for (size_t i = 0; i < all.cases; i++) {
		case_play(arena, &cases[i], &played[i]);
		all.configs[i] = played[i].message->config;
	}
	for (size_t i = 0; i < MESSAGES; i += BATCH)
		add_batch(&all, played, i, BATCH);
	begun = pst_clock_ms(&pst_clock_system);
	if (!pst_journal_search(all.journal, &query,
		(struct pst_journal_visitor){replay_one, &all}, &damaged, &err))
		fail_msg("%s", err.text);
	begun = pst_clock_ms(&pst_clock_system) - begun;
	printf("# %d messages replayed in %lld ms, %lld each second\n",
	    MESSAGES, (long long)begun,
	    (long long)MESSAGES * 1000 / (long long)(begun + 1));
	assert_int_equal(damaged, 0);
	assert_int_equal(all.others, 0);
	assert_int_equal(all.same, MESSAGES);
	for (size_t i = 0; i < all.cases; i++)
		case_end(&played[i]);
	pst_journal_close(all.journal);
	pst_arena_free(arena);
}

/* ---- the command ---- */

#define ZONE                                                                   \
	"_dmarc.bank.example. 60 IN TXT \"v=DMARC1; p=reject\"\n"              \
	"bank.example. 60 IN TXT \"v=spf1 ip4:192.0.2.1 -all\"\n"              \
	"_dmarc.shop.example. 60 IN TXT \"v=DMARC1; p=quarantine\"\n"

/* Writes a configuration that has the journal, and returns its name. */
static const char *
write_config(const char *name, const char *lines)
{
	const char *path = store_path(name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	(void)fprintf(file,
	    "authserv-id = \"" LAB_ID "\"\ntrusted-networks = {}\n"
	    "dmarc { " LAB_NO_LIST " }\njournal { path = \"%s\" }\n%s",
	    store_path("journal"), lines);
	assert_int_equal(fclose(file), 0);
	return path;
}

static const struct mail {
	const char *queue_id;
	const char *ip;
	const char *from;
	const char *rcpt;
} mails[] = {
    {"4QA", "192.0.2.66", "a@bank.example", "<x@b.example>"},
    {"4QB", "192.0.2.1", "a@bank.example", "<x@b.example>"},
    {"4QC", "192.0.2.66", "a@shop.example", "<y@c.example>"},
    {"4QD", "192.0.2.67", "b@bank.example", "<x@b.example>"},
    {"4QE", "192.0.2.68", "c@bank.example", "<x@b.example>"},
    {"4QF", "192.0.2.69", "d@bank.example", "<x@c.example>"},
};

static void
add_mail(struct pst_journal *journal, struct pst_service *service,
    const struct mail *mail, int64_t seen_s)
{
	const struct lab lab = {.service = service};
	struct pst_session *session = lab_connect(&lab, mail->ip);
	struct pst_arena *arena = pst_arena_new();
	struct pst_journal_entry entry;
	const struct pst_message *message;
	struct pst_err err;

	pst_session_mail(
	    session, PST_STR("<news@bank.example>"), PST_STR(""), false);
	(void)pst_session_rcpt(session, pst_str(mail->rcpt));
	lab_header(session,
	    pst_arena_printf(
		arena, "From: %s\nMessage-ID: <1@x>\n", mail->from));
	pst_session_eoh(session);
	message = pst_session_end(session, pst_str(mail->queue_id), NULL);
	assert_true(pst_journal_entry_make(arena, message, &entry));
	entry.seen_s = seen_s;
	if (!pst_journal_add(journal, &entry, 1, &err))
		fail_msg("%s", err.text);
	pst_arena_free(arena);
	pst_session_close(session);
}

static void
make_journal(void)
{
	struct pst_clock clock = pst_clock_manual(LAB_NOW);
	struct pst_journal *journal = journal_open();
	struct pst_err err;
	struct pst_config *config =
	    pst_config_load(write_config("then.conf", ""), &err);
	struct pst_service *service;

	if (config == NULL)
		fail_msg("%s", err.text);
	service = pst_service_start_with(config, lab_zone(ZONE), &clock);
	for (size_t i = 0; i < PST_COUNT(mails); i++)
		add_mail(journal, service, &mails[i], LAB_NOW + (int64_t)i);
	pst_service_stop(service);
	pst_journal_close(journal);
}

/* Runs it and returns what it printed, in a static buffer. */
static const char *
run(int argc, const char *const *argv, int *status)
{
	static char text[8192];
	char *copy[16] = {NULL};
	FILE *file = tmpfile();
	int out = dup(STDOUT_FILENO);
	size_t len;

	assert_true(file != NULL && out >= 0 && argc < 16);
	for (int i = 0; i < argc; i++)
		copy[i] = strdup(argv[i]);
	(void)fflush(stdout);
	(void)dup2(fileno(file), STDOUT_FILENO);
	optind = 0;
	*status = pst_cmd_replay(argc, copy);
	(void)fflush(stdout);
	(void)dup2(out, STDOUT_FILENO);
	(void)close(out);
	rewind(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	(void)fclose(file);
	for (int i = 0; i < argc; i++)
		free(copy[i]);
	return text;
}

static const struct trial_row {
	const char *label;
	const char *lines; /* of the other configuration; NULL: none */
	const char *arguments[4];
	int status;
	const char *parts[6]; /* what is printed, in this order */
} trials[] = {
    {"the same", NULL, {NULL}, PST_EXIT_OK,
	{"       6  messages read\n       6  come out the same\n"
	 "       0  come out otherwise\n"
	 "       0  cannot be told for certain\n"}},
    {"quarantined", "on-reject = quarantine\n", {NULL}, PST_EXIT_OTHER,
	{"       2  come out the same\n       4  come out otherwise\n",
	    "By rule, then and now\n"
	    "       4  dmarc-reject -> dmarc-reject-lowered\n"
	    "          reject -> tag\n"
	    "          such as 4QF, 4QE, 4QD\n",
	    "By From domain\n       4  bank.example\n"}},
    {"monitored", "mode = monitor\n", {NULL}, PST_EXIT_OTHER,
	{"       1  come out the same\n       5  come out otherwise\n",
	    "       4  dmarc-reject\n"
	    "          reject -> accept (would reject)\n",
	    "       1  dmarc-quarantine\n"
	    "          tag -> accept (would tag)\n",
	    "       4  bank.example\n", "       1  shop.example\n"}},
    {"a rule",
	"rule \"ours\" { rcpt-domain = {\"b.example\"}\n"
	"  dmarc = {fail}\n  action = tag }\n",
	{NULL}, PST_EXIT_OTHER,
	{"       3  come out the same\n       3  come out otherwise\n",
	    "       3  dmarc-reject -> ours\n"}},
    {"another reply", "reject-text = \"no\"\n", {NULL}, PST_EXIT_OTHER,
	{"          reject, by another rule or with another reply\n"}},
    {"in doubt",
	"spf { void-lookups = 1 }\ndkim { max-verified = 1 }\n"
	"header { max-fields = 100 }\n",
	{NULL}, PST_EXIT_OTHER,
	{"       6  cannot be told for certain\n",
	    "Why it cannot be told for certain\n"
	    "       6  its header was read with other limits (section header)\n"
	    "          such as 4QF, 4QE, 4QD\n"}},
    {"by its id", "on-reject = quarantine\n", {"4QA", "4QB"}, PST_EXIT_OTHER,
	{"4QA: reject by dmarc-reject\n"
	 "    now tag by dmarc-reject-lowered\n"
	 "4QB: accept by default, now the same\n",
	    "       2  messages read\n"}},
    {"an unknown id", NULL, {"4QX"}, PST_EXIT_OTHER,
	{"       0  messages read\n"}},
    {"since", NULL, {"--since", "1700000004"}, PST_EXIT_OK,
	{"since     Tue, 14 Nov 2023 22:13:24 +0000\n"
	 "       2  messages read\n"}},
    {"until", NULL, {"--until", "1700000002"}, PST_EXIT_OK,
	{"       3  messages read\n"}},
    {"JSON", "on-reject = quarantine\n", {"--json"}, PST_EXIT_OTHER,
	{"\"changed\":4", "\"faults\":0",
	    "\"by_rule\":[{\"rule\":\"dmarc-reject -> dmarc-reject-lowered\","
	    "\"then\":\"reject\",\"now\":\"tag\",\"messages\":4,"
	    "\"queue_ids\":[\"4QF\",\"4QE\",\"4QD\"]}]"}},
    {"a bad time", NULL, {"--since", "yesterday"}, PST_EXIT_USAGE, {NULL}},
};

/* In order; JSON may have blanks. */
static void
assert_parts(const char *printed, const char *const *parts)
{
	const char *at = printed;

	for (size_t i = 0; i < 6 && parts[i] != NULL; i++) {
		const char *found = strstr(at, parts[i]);

		if (found == NULL)
			fail_msg("no \"%s\" in \"%s\"", parts[i], printed);
		at = found + strlen(parts[i]);
	}
}

static void
assert_narrow(const char *printed)
{
	struct pst_str rest = pst_str(printed), line;
	bool more = true;

	while (pst_str_split(&rest, '\n', &line, &more))
		assert_in_range(line.len, 0, 80);
}

static void
test_command(void **state)
{
	char *then;

	(void)state;
	make_journal();
	then = strdup(store_path("then.conf"));
	FOR_ROWS(i, trials, trials[i].label) {
		const struct trial_row *row = &trials[i];
		const char *argv[16] = {"replay", "--journal-of", then};
		const char *printed;
		int argc = 3, status;

		if (row->lines != NULL) {
			argv[argc++] = "--config";
			argv[argc++] = write_config("other.conf", row->lines);
		}
		for (size_t k = 0; k < 4 && row->arguments[k] != NULL; k++)
			argv[argc++] = row->arguments[k];
		printed = run(argc, argv, &status);
		assert_int_equal(status, row->status);
		assert_parts(printed, row->parts);
		if (strcmp(row->label, "JSON") != 0)
			assert_narrow(printed);
	}
	free(then);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_many, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_command, store_set_up, store_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
