/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Each case is played, recorded and read again: what is read must print the same
 * and be decided in the same way, with its own configuration and with others.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "core/explain.h"
#include "core/recorded.h"
#include "tests/unit/case_fixture.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

static void
assert_same_texts(struct pst_arena *arena, const struct pst_message *a,
    const struct pst_message *b)
{
	assert_string_equal(
	    pst_explain_line(arena, b), pst_explain_line(arena, a));
	assert_string_equal(
	    pst_explain_line_json(arena, b), pst_explain_line_json(arena, a));
	assert_string_equal(
	    pst_explain_text(arena, b), pst_explain_text(arena, a));
	assert_string_equal(pst_explain_json(arena, b, NULL, NULL),
	    pst_explain_json(arena, a, NULL, NULL));
}

/* Decides a message again and returns it as JSON and text with that decision. */
static const char *
decided(struct pst_arena *arena, const struct pst_message *message,
    const struct pst_config *config)
{
	struct pst_message again = *message;

	pst_policy_decide(arena, config, &message->mta, message->authserv_id,
	    message->header, &message->findings, &again.decision);
	again.done = pst_done_as_decided(&again.decision);
	return pst_arena_printf(arena, "%s %d %d %d\n%s",
	    pst_explain_json(arena, &again, NULL, NULL),
	    again.decision.monitored, again.decision.skip, (int)again.done.code,
	    pst_explain_text(arena, &again));
}

/* Other configurations, without other names of marks. */
static const char *const others[] = {
    "authserv-id = \"" LAB_ID "\"\nmode = enforce\n",
    "authserv-id = \"other.example\"\nmode = enforce\n"
    "authserv-id-aliases = {\"" LAB_ID "\"}\n",
    "authserv-id = \"" LAB_ID "\"\nmode = monitor\n",
    "authserv-id = \"" LAB_ID "\"\nmode = enforce\nenforce-percent = 40\n"
    "on-quarantine = quarantine\n",
    "authserv-id = \"" LAB_ID "\"\nmode = enforce\non-reject = always\n"
    "on-temperror = tag\n",
    "authserv-id = \"" LAB_ID "\"\nmode = enforce\n"
    "rule \"lists\" { list-id = {\".example\"}\n action = tag }\n"
    "rule \"failed\" { dmarc = {fail, none}\n action = reject }\n"
    "rule \"rest\" { indirect = yes\n action = quarantine }\n",
};
static struct pst_config *other_configs[PST_COUNT(others)];

/* Makes seeds of tests/fuzz/corpus/recorded: POSTERN_SEEDS names a directory. */
static void
keep_seed(struct pst_arena *arena, const char *name, struct pst_str octets)
{
	const char *place = getenv("POSTERN_SEEDS");
	FILE *file;

	if (place == NULL)
		return;
	file = fopen(pst_arena_printf(arena, "%s/%.*s", place,
			 (int)pst_str_find(pst_str(name), '.'), name),
	    "wb");
	assert_non_null(file);
	(void)fwrite(octets.ptr, 1, octets.len, file);
	(void)fclose(file);
}

struct sizes {
	size_t count, octets, refused, refused_octets, longest;
};

static void
note_size(struct sizes *sizes, const struct pst_message *message, size_t len)
{
	sizes->count++;
	sizes->octets += len;
	if (message->decision.would == PST_ACTION_REJECT) {
		sizes->refused++;
		sizes->refused_octets += len;
	}
	if (len > sizes->longest)
		sizes->longest = len;
}

static bool
has_same_marks(const struct pst_config *a, const struct pst_config *b)
{
	if (a->marks.count != b->marks.count)
		return false;
	for (size_t i = 0; i < a->marks.count; i++)
		if (!pst_str_ieq(pst_str(a->marks.items[i].name),
			pst_str(b->marks.items[i].name)))
			return false;
	return true;
}

static void
test_case(struct pst_arena *arena, const char *name,
    const struct pst_message *message, struct sizes *sizes)
{
	struct pst_str octets =
	    pst_recorded_write(arena, message, PST_RECORDED_RCPTS_FULL);
	struct pst_recorded read;
	struct pst_str again;
	struct pst_err err = {""};

	note_size(sizes, message, octets.len);
	keep_seed(arena, name, octets);
	if (!pst_recorded_read(arena, octets, message->config, &read, &err))
		fail_msg("%s", err.text);
	assert_false(read.cut);
	assert_false(read.dns_cut);
	assert_same_texts(arena, message, &read.message);
	assert_string_equal(decided(arena, &read.message, message->config),
	    decided(arena, message, message->config));
	again = pst_recorded_write_again(arena, &read);
	assert_int_equal(again.len, octets.len);
	assert_memory_equal(again.ptr, octets.ptr, octets.len);
	for (size_t i = 0; i < PST_COUNT(other_configs); i++) {
		/* Only fields of its own marks were counted in the original. */
		if (!has_same_marks(message->config, other_configs[i]))
			continue;
		if (!pst_recorded_read(
			arena, octets, other_configs[i], &read, &err))
			fail_msg("%s", err.text);
		assert_string_equal(
		    decided(arena, &read.message, other_configs[i]),
		    decided(arena, message, other_configs[i]));
	}
}

static void
test_cases(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct sizes sizes = {.count = 0};
	size_t count;
	struct scenario *all = case_read_all(arena, &count);

	(void)state;
	assert_in_range(count, 300, 2000);
	for (size_t i = 0; i < PST_COUNT(others); i++)
		other_configs[i] = lab_config(others[i]);
	FOR_COUNT(i, count, all[i].name) {
		struct pst_arena *own = pst_arena_new();
		struct played played;

		case_play(own, &all[i], &played);
		test_case(own, all[i].name, played.message, &sizes);
		pst_arena_free(own);
		case_end(&played);
	}
	printf("# octets: %zu in the mean of %zu, %zu of %zu refused, at most "
	       "%zu\n",
	    sizes.octets / sizes.count, sizes.count,
	    sizes.refused == 0 ? 0 : sizes.refused_octets / sizes.refused,
	    sizes.refused, sizes.longest);
	for (size_t i = 0; i < PST_COUNT(others); i++)
		pst_config_unref(other_configs[i]);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
