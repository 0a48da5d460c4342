/* SPDX-License-Identifier: BSD-2-Clause */
#include "rows.h"

#include "config_fixture.h"
#include "milter/door.h"
#include "milter/limits.h"

#define MIB (UINT64_C(1024) * 1024)

static const struct pst_limits none = {
    .files = PST_UNLIMITED,
    .address_bytes = PST_UNLIMITED,
    .threads = PST_UNLIMITED,
    .stack_bytes = PST_UNLIMITED,
    .group_threads = PST_UNLIMITED,
    .group_bytes = PST_UNLIMITED,
};

static const char two[] = "listen = {\"unix:/a\", \"unix:/b\"}\n";

static const struct {
	const char *label;
	enum pst_limit which;
	struct pst_limits limits;
	const char *config;
	const char *why; /* part of the sentence; NULL: it suffices */
	const char *end; /* the sentence ends with it */
} rows[] = {
    {"files", PST_LIMIT_FILES, {.files = 2160}, "", NULL, NULL},
    {"too few files", PST_LIMIT_FILES, {.files = 1024}, "",
	"is 1024, so a worker can have 864 sessions open instead of "
	"max-sessions = 2000",
	"raise the limit to 2160 (ulimit -n, "
	"LimitNOFILE= of systemd), or reduce max-sessions"},
    {"few files for few sessions", PST_LIMIT_FILES, {.files = 200},
	"max-sessions = 100", NULL, NULL},
    {"too few files for few sessions", PST_LIMIT_FILES, {.files = 199},
	"max-sessions = 100", "can have 100 sessions", "reduce max-sessions"},
    {"address space", PST_LIMIT_ADDRESS_SPACE,
	{.address_bytes = 2760 * MIB, .stack_bytes = 8 * MIB}, "", NULL, NULL},
    {"too little address space", PST_LIMIT_ADDRESS_SPACE,
	{.address_bytes = 2000 * MIB, .stack_bytes = 8 * MIB}, "",
	"is 2000 MiB; with dns.max-waiting = 256, a worker may need 2761 MiB",
	"or reduce dns.max-waiting"},
    {"small stacks", PST_LIMIT_ADDRESS_SPACE,
	{.address_bytes = 1000 * MIB, .stack_bytes = MIB}, "", NULL, NULL},
    {"stacks without a limit", PST_LIMIT_ADDRESS_SPACE,
	{.address_bytes = 1000 * MIB, .stack_bytes = PST_UNLIMITED}, "",
	"may need 1081 MiB", "or reduce dns.max-waiting"},
    {"threads", PST_LIMIT_THREADS, {.threads = 280}, "", NULL, NULL},
    {"too few threads", PST_LIMIT_THREADS, {.threads = 279}, "",
	"is 279; with dns.max-waiting = 256, Postern may need 280",
	"or reduce dns.max-waiting"},
    {"threads of two workers", PST_LIMIT_THREADS, {.threads = 559}, two,
	"may need 560", "or reduce dns.max-waiting"},
    {"threads of the group", PST_LIMIT_GROUP_THREADS, {.group_threads = 50},
	"dns { max-waiting = 26 }", NULL, NULL},
    {"too few threads of the group", PST_LIMIT_GROUP_THREADS,
	{.group_threads = 50}, "dns { max-waiting = 27 }",
	"is 50; with dns.max-waiting = 27, Postern may need 51",
	"or reduce dns.max-waiting"},
    {"memory of the group", PST_LIMIT_GROUP_MEMORY, {.group_bytes = 80 * MIB},
	"", NULL, NULL},
    {"too little memory of the group", PST_LIMIT_GROUP_MEMORY,
	{.group_bytes = 60 * MIB}, "", "is 60 MiB;", "reduce these options"},
    {"memory of two workers", PST_LIMIT_GROUP_MEMORY, {.group_bytes = 80 * MIB},
	two, "may need 146 MiB", "reduce these options"},
};

static void
test_limits(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_config *config = config_must_load(rows[i].config);
		struct pst_err why = {""};
		bool suffices = pst_limit_suffices(
		    &rows[i].limits, rows[i].which, config, &why);
		size_t len = strlen(why.text);

		pst_config_unref(config);
		assert_int_equal(suffices, rows[i].why == NULL);
		if (suffices)
			continue;
		if (strstr(why.text, rows[i].why) == NULL ||
		    len < strlen(rows[i].end) ||
		    strcmp(why.text + len - strlen(rows[i].end), rows[i].end) !=
			0)
			fail_msg("%s", why.text);
	}
}

static void
test_no_limits(void **state)
{
	struct pst_config *config = config_must_load(
	    "max-sessions = 60000\ndns { max-waiting = 100000 }");
	struct pst_err why;

	(void)state;
	for (unsigned i = 0; i < PST_LIMITS; i++)
		assert_true(
		    pst_limit_suffices(&none, (enum pst_limit)i, config, &why));
	pst_config_unref(config);
}

/* A limit of 0 would be one that was read wrongly. */
static void
test_read(void **state)
{
	struct pst_limits limits = {0};

	(void)state;
	pst_limits_read(&limits);
	assert_int_not_equal(limits.files, 0);
	assert_int_not_equal(limits.address_bytes, 0);
	assert_int_not_equal(limits.threads, 0);
	assert_int_not_equal(limits.stack_bytes, 0);
	assert_int_not_equal(limits.group_threads, 0);
	assert_int_not_equal(limits.group_bytes, 0);
}

/* The two functions of the door agree. */
static void
test_files_for_sessions(void **state)
{
	(void)state;
	for (unsigned sessions = 1; sessions < 3000; sessions++) {
		unsigned long files = pst_door_files_for(sessions);

		assert_int_equal(pst_door_sessions_for(files), sessions);
		assert_in_range(pst_door_sessions_for(files - 1), 0, sessions);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_no_limits),
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_files_for_sessions),
	};

	return cmocka_run_group_tests(tests, config_begin, config_end);
}
