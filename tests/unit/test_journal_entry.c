/* SPDX-License-Identifier: BSD-2-Clause */

/* The entry of a message: whether there is one, its keys, and forgetting. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "store/journal_config.h"
#include "store/journal_entry.h"
#include "store/journal_forget.h"
#include "tests/unit/journal_fixture.h"
#include "tests/unit/recorded_fixture.h"
#include "tests/unit/rows.h"
#include "tests/unit/store_fixture.h"

#define ANN "<Ann.B@Customer.Example>"
#define FAY "<fay@other.example>"

static void
begin(struct trial *trial, const char *journal, const char *mode)
{
	char config[400];

	(void)snprintf(config, sizeof(config),
	    LAB_CONFIG "mode = %s\njournal { %s }\n", mode, journal);
	trial_begin(trial, config);
}

static bool
has_key(const struct pst_journal_entry *entry, enum pst_journal_kind kind,
    const char *value)
{
	for (size_t i = 0; i < entry->key_count; i++)
		if (entry->keys[i].kind == kind &&
		    pst_str_eq(entry->keys[i].value, pst_str(value)))
			return true;
	return false;
}

/* The message is forged: refused if the mode is enforce. */
static void
test_keep(void **state)
{
	static const struct {
		const char *label, *journal, *mode;
		bool forged, kept, other;
	} rows[] = {
	    {"all, refused", "", "enforce", true, true, true},
	    {"all, not enforced", "", "monitor", true, true, true},
	    {"all, accepted", "", "enforce", false, true, false},
	    {"exceptions, refused", "keep = exceptions", "enforce", true, true,
		true},
	    {"exceptions, not enforced", "keep = exceptions", "monitor", true,
		true, true},
	    {"exceptions, accepted", "keep = exceptions", "enforce", false,
		false, false},
	    {"none", "keep = none", "enforce", true, false, false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_journal_entry entry;
		struct trial trial;

		begin(&trial, rows[i].journal, rows[i].mode);
		if (!rows[i].forged) {
			pst_session_close(trial.session);
			trial.session = lab_connect(&trial.lab, "192.0.2.10");
			pst_session_mail(trial.session,
			    PST_STR("<ann@bank.example>"), PST_STR(""), false);
		}
		pst_session_rcpt(trial.session, PST_STR(FAY));
		trial_finish(&trial);
		assert_int_equal(
		    pst_journal_entry_make(trial.arena, trial.message, &entry),
		    rows[i].kept);
		if (rows[i].kept)
			assert_int_equal(entry.stream,
			    rows[i].other ? PST_JOURNAL_OTHER :
					    PST_JOURNAL_ACCEPTED);
		trial_end(&trial);
	}
}

static void
test_test_mail(void **state)
{
	struct pst_journal_entry entry;
	struct pst_message copy;
	struct trial trial;

	(void)state;
	begin(&trial, "", "enforce");
	trial_finish(&trial);
	copy = *trial.message;
	copy.is_test = true;
	assert_false(pst_journal_entry_make(trial.arena, &copy, &entry));
	trial_end(&trial);
}

static void
test_keys(void **state)
{
	static const struct {
		const char *label, *journal;
		bool addresses, domains;
	} rows[] = {
	    {"full", "", true, true},
	    {"domain", "recipients = domain", false, true},
	    {"none", "recipients = none", false, false},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_journal_entry entry;
		struct trial trial;

		begin(&trial, rows[i].journal, "enforce");
		pst_session_rcpt(trial.session, PST_STR(ANN));
		pst_session_rcpt(trial.session, PST_STR(FAY));
		pst_session_rcpt(trial.session, PST_STR("<Postmaster>"));
		trial_finish(&trial);
		assert_true(
		    pst_journal_entry_make(trial.arena, trial.message, &entry));
		assert_true(
		    has_key(&entry, PST_JOURNAL_QUEUE_ID, "4FA43A8A3F9"));
		assert_true(has_key(
		    &entry, PST_JOURNAL_MESSAGE_ID, "4711@bank.example"));
		assert_true(
		    has_key(&entry, PST_JOURNAL_FROM_DOMAIN, "bank.example"));
		assert_true(has_key(&entry, PST_JOURNAL_CLIENT, "192.0.2.66"));
		assert_int_equal(
		    has_key(&entry, PST_JOURNAL_RCPT, "ann.b@customer.example"),
		    rows[i].addresses);
		assert_int_equal(
		    has_key(&entry, PST_JOURNAL_RCPT, "postmaster"),
		    rows[i].addresses);
		assert_int_equal(
		    has_key(&entry, PST_JOURNAL_RCPT_DOMAIN, "other.example"),
		    rows[i].domains);
		trial_end(&trial);
	}
}

static void
test_questions(void **state)
{
	static const struct {
		const char *label;
		enum pst_journal_kind kind;
		const char *text;
		const char *value; /* NULL: it is refused */
	} rows[] = {
	    {"queue id", PST_JOURNAL_QUEUE_ID, " 4FA43A8A3F9 ", "4FA43A8A3F9"},
	    {"no queue id", PST_JOURNAL_QUEUE_ID, " ", NULL},
	    {"id with brackets", PST_JOURNAL_MESSAGE_ID, "<4711@bank.example>",
		"4711@bank.example"},
	    {"id without", PST_JOURNAL_MESSAGE_ID, "4711@bank.example",
		"4711@bank.example"},
	    {"empty id", PST_JOURNAL_MESSAGE_ID, "<>", NULL},
	    {"domain", PST_JOURNAL_FROM_DOMAIN, "Bank.Example.",
		"bank.example"},
	    {"U-label", PST_JOURNAL_RCPT_DOMAIN, "b\xc3\xbc.example",
		"xn--b-eha.example"},
	    {"no domain", PST_JOURNAL_FROM_DOMAIN, "a b", NULL},
	    {"client", PST_JOURNAL_CLIENT, "2001:DB8::0:1", "2001:db8::1"},
	    {"no client", PST_JOURNAL_CLIENT, "192.0.2", NULL},
	    {"address", PST_JOURNAL_RCPT, "Ann.B@Customer.Example",
		"ann.b@customer.example"},
	    {"address with brackets", PST_JOURNAL_RCPT, ANN,
		"ann.b@customer.example"},
	    {"no address", PST_JOURNAL_RCPT, "ann", NULL},
	    {"postmaster", PST_JOURNAL_RCPT, "<Postmaster>", "postmaster"},
	};
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_journal_key key;
		struct pst_err err = {""};

		assert_int_equal(pst_journal_key_parse(arena, rows[i].kind,
				     rows[i].text, &key, &err),
		    rows[i].value != NULL);
		if (rows[i].value != NULL)
			assert_true(
			    pst_str_eq(key.value, pst_str(rows[i].value)));
		else
			assert_true(err.text[0] != '\0');
	}
	pst_arena_free(arena);
}

/* Every key of a message is found in what is read again, and no other one. */
static void
test_read_again(void **state)
{
	struct pst_journal_key other = {
	    PST_JOURNAL_RCPT, PST_STR("eve@customer.example")};
	struct pst_journal_entry entry;
	struct pst_recorded read;
	struct trial trial;
	char id[400] = "Message-ID: <";

	(void)state;
	begin(&trial, "", "enforce");
	pst_session_rcpt(trial.session, PST_STR(ANN));
	memset(id + strlen(id), 'x', 300);
	memcpy(id + strlen(id), "@a.example>\n", sizeof("@a.example>\n"));
	lab_header(trial.session, id);
	trial_finish(&trial);
	assert_true(pst_journal_entry_make(trial.arena, trial.message, &entry));
	read = trial_read(&trial, entry.octets);
	for (size_t i = 0; i < entry.key_count; i++)
		assert_true(
		    pst_journal_entry_has(trial.arena, &read, &entry.keys[i]));
	assert_false(pst_journal_entry_has(trial.arena, &read, &other));
	trial_end(&trial);
}

/* All recipients that are recorded can be found and forgotten. */
static void
test_many_recipients(void **state)
{
	struct pst_journal_entry entry;
	struct trial trial;
	char rcpt[64];

	(void)state;
	begin(&trial, "", "enforce");
	for (unsigned i = 0; i < 2 * PST_RCPTS_MAX; i++) {
		(void)snprintf(rcpt, sizeof(rcpt), "<a%u@d%u.example>", i, i);
		pst_session_rcpt(trial.session, pst_str(rcpt));
	}
	trial_finish(&trial);
	assert_true(pst_journal_entry_make(trial.arena, trial.message, &entry));
	assert_true(entry.key_count <= PST_JOURNAL_MAX_KEYS);
	for (unsigned i = 0; i < PST_RCPTS_MAX; i++) {
		(void)snprintf(rcpt, sizeof(rcpt), "a%u@d%u.example", i, i);
		assert_true(has_key(&entry, PST_JOURNAL_RCPT, rcpt));
	}
	trial_end(&trial);
}

static void
add_message(struct pst_journal *journal, struct trial *trial,
    const char *const rcpts[2])
{
	struct pst_journal_entry entry;
	struct pst_err err = {""};

	begin(trial, "", "enforce");
	for (size_t i = 0; i < 2; i++)
		if (rcpts[i] != NULL)
			pst_session_rcpt(trial->session, pst_str(rcpts[i]));
	trial_finish(trial);
	assert_true(
	    pst_journal_entry_make(trial->arena, trial->message, &entry));
	if (!pst_journal_add(journal, &entry, 1, &err))
		fail_msg("%s", err.text);
}

static bool
count_one(void *arg, enum pst_journal_stream stream, int64_t seen_s,
    struct pst_str octets)
{
	unsigned *count = arg;

	(void)stream;
	(void)seen_s;
	(void)octets;
	(*count)++;
	return true;
}

static unsigned
count_found(struct pst_journal *journal, const struct pst_journal_key *key)
{
	const struct pst_journal_query query = {.keys = key, .key_count = 1};
	unsigned count = 0;
	struct pst_err err = {""};

	if (!pst_journal_search(journal, &query,
		(struct pst_journal_visitor){count_one, &count}, NULL, &err))
		fail_msg("%s", err.text);
	return count;
}

static void
test_forget(void **state)
{
	static const char *const both[2] = {ANN, FAY}, *const one[2] = {ANN};
	struct pst_journal *journal = journal_open();
	struct pst_journal_forgetting forgetting = {.config = NULL};
	struct pst_journal_key fay = {
	    PST_JOURNAL_RCPT, PST_STR("fay@other.example")};
	struct trial trials[2];
	struct pst_err err = {""};
	uint64_t count;

	(void)state;
	add_message(journal, &trials[0], both);
	add_message(journal, &trials[1], one);
	assert_true(pst_journal_key_parse(trials[0].arena, PST_JOURNAL_RCPT,
	    "ann.b@customer.example", &forgetting.key, &err));
	assert_int_equal(count_found(journal, &forgetting.key), 2);
	assert_true(journal_file_has("journal-wal", "Ann.B@"));
	forgetting.config = trials[0].message->config;
	assert_true(pst_journal_rewrite(journal, &forgetting.key,
	    pst_journal_forget_begin(&forgetting), &count, &err));
	pst_journal_forget_end(&forgetting);
	assert_int_equal(forgetting.deleted, 1);
	assert_int_equal(forgetting.changed, 1);
	assert_int_equal(count_found(journal, &forgetting.key), 0);
	assert_int_equal(count_found(journal, &fay), 1);
	assert_false(journal_file_has("journal", "Ann.B@"));
	assert_false(journal_file_has("journal-wal", "Ann.B@"));
	pst_journal_close(journal);
	trial_end(&trials[0]);
	trial_end(&trials[1]);
}

static void
test_limits(void **state)
{
	struct pst_config *given =
	    store_config("}\njournal { max-size = 64M\nretention = 7d\n");
	struct pst_config *usual = store_config("");
	struct pst_arena *arena = pst_arena_new();
	const char *path = pst_journal_path(arena, usual);
	struct pst_journal_limits limits = pst_journal_limits_of(given, path);

	(void)state;
	assert_int_equal(limits.max_bytes, 64 << 20);
	assert_int_equal(limits.retention_s, 7 * 86400);
	assert_string_equal(path + strlen(usual->store.path), "-messages");
	limits = pst_journal_limits_of(usual, path);
	assert_true(limits.max_bytes > 0);
	assert_true(limits.max_bytes <= PST_JOURNAL_USUAL_BYTES);
	assert_int_equal(limits.retention_s, 30 * 86400);
	pst_arena_free(arena);
	pst_config_unref(given);
	pst_config_unref(usual);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keep),
	    cmocka_unit_test(test_test_mail),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_questions),
	    cmocka_unit_test(test_read_again),
	    cmocka_unit_test(test_many_recipients),
	    cmocka_unit_test_setup_teardown(
		test_forget, store_set_up, store_tear_down),
	    cmocka_unit_test_setup_teardown(
		test_limits, store_set_up, store_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
