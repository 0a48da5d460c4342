/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "survey/review.h"

#define DOMAIN "example.com"
#define HEAD                                                                   \
	"{\"version\":1,\"made\":1795305600,\"summary\":{\"domain\":\"" DOMAIN \
	"\",\"errors\":2},\n"
#define REST "\"result\":{\"domain\":\"" DOMAIN "\",\"n\":7}}\n"

static struct pst_arena *arena;
static char dir[64]; /* does not exist at first */

static int
set_up(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/postern-review.XXXXXX");
	if (mkdtemp(dir) == NULL || rmdir(dir) != 0)
		return -1;
	arena = pst_arena_new();
	return 0;
}

static void
empty(void)
{
	DIR *open_dir = opendir(dir);
	const struct dirent *entry;

	if (open_dir == NULL)
		return;
	while ((entry = readdir(open_dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    unlinkat(dirfd(open_dir), entry->d_name, 0) != 0)
			(void)unlinkat(
			    dirfd(open_dir), entry->d_name, AT_REMOVEDIR);
	(void)closedir(open_dir);
}

static int
tear_down(void **state)
{
	(void)state;
	empty();
	(void)unlink(dir);
	(void)rmdir(dir);
	pst_arena_free(arena);
	return 0;
}

static const char *
path_of(const char *name)
{
	return pst_arena_printf(arena, "%s/%s", dir, name);
}

static void
put(const char *name, const char *text, size_t len)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static bool
exists(const char *name)
{
	struct stat st;

	return lstat(path_of(name), &st) == 0;
}

static bool
keep(const char *domain, const char *summary, const char *result,
    struct pst_err *err)
{
	const struct pst_review_place place = {dir, domain, PST_REVIEW_RECORDS};
	const struct pst_review_texts texts = {1795305600, summary, result};

	return pst_review_keep(arena, &place, &texts, err);
}

/* ---- keeping ---- */

static void
test_kept(void **state)
{
	static const char result[] =
	    "{\"domain\":\"" DOMAIN "\",\"text\":\"a\\u0000b\\n\\\"\"}";
	const struct pst_review_place place = {dir, DOMAIN, PST_REVIEW_RECORDS};
	struct pst_review found;
	struct pst_err err;
	struct stat st;
	mode_t before = umask(0077);
	uint64_t number;

	(void)state;
	if (!pst_review_read(arena, &place, &found, &err))
		fail_msg("%s", err.text);
	assert_null(found.result);
	for (int i = 0; i < 2; i++)
		if (!keep(DOMAIN, "{\"domain\":\"" DOMAIN "\",\"n\":3}",
			"{\"domain\":\"" DOMAIN "\",\"n\":4}", &err))
			fail_msg("%s", err.text);
	(void)umask(before);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0750);
	assert_int_equal(stat(path_of(DOMAIN ".records.json"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_true(pst_review_read(arena, &place, &found, &err));
	assert_int_equal(found.made_s, 1795305600);
	assert_true(
	    pst_json_as_number(pst_json_member(found.result, "n"), &number));
	assert_int_equal(number, 4);
	assert_true(pst_review_read_summary(arena, &place, &found, &err));
	assert_int_equal(found.made_s, 1795305600);
	assert_true(
	    pst_json_as_number(pst_json_member(found.result, "n"), &number));
	assert_int_equal(number, 3);
	assert_true(keep(DOMAIN, "{\"domain\":\"" DOMAIN "\"}", result, &err));
	/* A NUL in a text is not one of ours, and is refused as a whole. */
	assert_false(pst_review_read(arena, &place, &found, &err));
	assert_null(found.result);
}

/* Names from which no path is made, and texts that are too long. */
static void
test_refused(void **state)
{
	static char most[PST_REVIEW_MAX_DOMAIN + 1];
	static char longer[PST_REVIEW_MAX_DOMAIN + 2];
	const char *const names[] = {"", ".", "..", "../x.example", "/etc.x",
	    "a/b.example", "a..example", ".example.com", "example.com.",
	    "a b.example", "a\nb.example", "-a.example", "b\xc3\xbc.example",
	    longer};
	char *large = pst_arena_room(arena, PST_REVIEW_MAX_BYTES + 1);
	struct pst_review found;
	struct pst_err err;

	(void)state;
	memset(longer, 'a', sizeof(longer) - 1);
	memset(most, 'a', sizeof(most) - 1);
	for (size_t i = 63; i < sizeof(longer) - 1; i += 64)
		longer[i] = '.';
	for (size_t i = 63; i < sizeof(most) - 1; i += 64)
		most[i] = '.';
	FOR_ROWS(i, names, names[i]) {
		const struct pst_review_place place = {
		    dir, names[i], PST_REVIEW_ADVICE};

		assert_false(keep(names[i], "{}", "{}", &err));
		assert_non_null(strstr(err.text, "nothing can be kept"));
		assert_false(pst_review_read(arena, &place, &found, &err));
		assert_false(
		    pst_review_read_summary(arena, &place, &found, &err));
	}
	assert_int_equal(access(dir, F_OK), -1);
	if (!keep(most, "{}", "{}", &err))
		fail_msg("%s", err.text);
	memset(large, ' ', PST_REVIEW_MAX_BYTES);
	large[PST_REVIEW_MAX_BYTES] = '\0';
	assert_false(keep(DOMAIN, "{}", large, &err));
	assert_non_null(strstr(err.text, "longer than"));
	large[PST_REVIEW_MAX_SUMMARY] = '\0';
	assert_false(keep(DOMAIN, large, "{}", &err));
	assert_false(exists(DOMAIN ".records.json"));
}

/* Whatever is kept can be read: the limits of both agree. */
static void
test_largest(void **state)
{
	const size_t lens[] = {PST_REVIEW_MAX_SUMMARY - 100,
	    PST_REVIEW_MAX_BYTES - PST_REVIEW_MAX_SUMMARY};
	const struct pst_review_place place = {dir, DOMAIN, PST_REVIEW_RECORDS};
	struct pst_review found;
	struct pst_err err;
	char *texts[2];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		static const char begin[] = "{\"domain\":\"" DOMAIN "\"";

		texts[i] = pst_arena_room(arena, lens[i] + 1);
		memset(texts[i], ' ', lens[i]);
		memcpy(texts[i], begin, sizeof(begin) - 1);
		texts[i][lens[i] - 1] = '}';
		texts[i][lens[i]] = '\0';
	}
	if (!keep(DOMAIN, texts[0], texts[1], &err) ||
	    !pst_review_read(arena, &place, &found, &err))
		fail_msg("%s", err.text);
	assert_non_null(found.result);
	if (!pst_review_read_summary(arena, &place, &found, &err))
		fail_msg("%s", err.text);
	assert_non_null(found.result);
}

/* ---- reading ---- */

static void
test_damaged(void **state)
{
	static const struct {
		const char *label, *text;
		bool whole, summary; /* can be read */
	} rows[] = {
	    {"sound", HEAD REST, true, true},
	    {"empty", "", false, false},
	    {"one line", "{\"version\":1}", false, false},
	    {"not JSON", HEAD "\"result\":", false, true},
	    {"cut", HEAD, false, true},
	    {"text after it", HEAD REST "x", false, true},
	    {"a newline only", "\n", false, false},
	    {"no comma", "{\"version\":1}\n" REST, false, false},
	    {"another version",
		"{\"version\":2,\"made\":1,\"summary\":{\"domain\":\"" DOMAIN
		"\"},\n" REST,
		false, false},
	    {"no version",
		"{\"made\":1,\"summary\":{\"domain\":\"" DOMAIN "\"},\n" REST,
		false, false},
	    {"version as a text",
		"{\"version\":\"1\",\"made\":1,\"summary\":{\"domain\":"
		"\"" DOMAIN "\"},\n" REST,
		false, false},
	    {"no time",
		"{\"version\":1,\"summary\":{\"domain\":\"" DOMAIN
		"\"},\n" REST,
		false, false},
	    {"a time before 1970",
		"{\"version\":1,\"made\":-1,\"summary\":{\"domain\":\"" DOMAIN
		"\"},\n" REST,
		false, false},
	    {"a time with a fraction",
		"{\"version\":1,\"made\":1e3,\"summary\":{\"domain\":\"" DOMAIN
		"\"},\n" REST,
		false, false},
	    {"another domain",
		HEAD "\"result\":{\"domain\":\"other.example\"}}", false, true},
	    {"a list", HEAD "\"result\":[]}", false, true},
	    {"a key twice",
		HEAD "\"version\":1,\"result\":{\"domain\":\"" DOMAIN "\"}}",
		false, true},
	    {"no summary",
		"{\"version\":1,\"made\":1,\n\"result\":{\"domain\":\"" DOMAIN
		"\"}}",
		true, false},
	    {"invalid UTF-8", HEAD "\"result\":{\"domain\":\"\xff\"}}", false,
		true},
	};
	const struct pst_review_place place = {dir, DOMAIN, PST_REVIEW_RECORDS};

	(void)state;
	assert_int_equal(mkdir(dir, 0700), 0);
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_review found;
		struct pst_err err = {""};

		put(DOMAIN ".records.json", rows[i].text, strlen(rows[i].text));
		assert_int_equal(pst_review_read(arena, &place, &found, &err),
		    rows[i].whole);
		assert_int_equal(found.result != NULL, rows[i].whole);
		assert_int_equal(
		    pst_review_read_summary(arena, &place, &found, &err),
		    rows[i].summary);
		assert_int_equal(found.result != NULL, rows[i].summary);
		if (!rows[i].whole)
			assert_non_null(strstr(err.text, "is damaged or"));
	}
}

enum kind { SYMLINK, FIFO, DIRECTORY, LARGE };

static void
make(enum kind kind, const char *name)
{
	const char *path = path_of(name);

	switch (kind) {
	case SYMLINK:
		put("elsewhere", HEAD REST, sizeof(HEAD REST) - 1);
		assert_int_equal(symlink("elsewhere", path), 0);
		break;
	case FIFO:
		assert_int_equal(mkfifo(path, 0600), 0);
		break;
	case DIRECTORY:
		assert_int_equal(mkdir(path, 0700), 0);
		break;
	case LARGE:
		put(name, "x", 1);
		assert_int_equal(truncate(path, PST_REVIEW_MAX_BYTES + 1), 0);
		break;
	}
}

static void
test_strange(void **state)
{
	static const struct {
		const char *label, *says;
		enum kind kind;
		bool replaced; /* by the next run */
	} rows[] = {
	    {"symlink", "symbolic link", SYMLINK, true},
	    {"fifo", "not a regular file", FIFO, true},
	    {"directory", "not a regular file", DIRECTORY, false},
	    {"too large", "arge", LARGE, true},
	};
	const struct pst_review_place place = {dir, DOMAIN, PST_REVIEW_RECORDS};
	struct stat st;

	(void)state;
	assert_int_equal(mkdir(dir, 0700), 0);
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_review found;
		struct pst_err err = {""};

		empty();
		make(rows[i].kind, DOMAIN ".records.json");
		assert_false(pst_review_read(arena, &place, &found, &err));
		assert_non_null(strstr(err.text, rows[i].says));
		assert_false(
		    pst_review_read_summary(arena, &place, &found, &err));
		assert_int_equal(keep(DOMAIN, "{\"domain\":\"" DOMAIN "\"}",
				     "{\"domain\":\"" DOMAIN "\"}", &err),
		    rows[i].replaced);
		assert_int_equal(pst_review_read(arena, &place, &found, &err),
		    rows[i].replaced);
	}
	/* The link was replaced, not what it leads to. */
	empty();
	make(SYMLINK, DOMAIN ".records.json");
	assert_true(keep(DOMAIN, "{}", "{}", &(struct pst_err){""}));
	assert_int_equal(lstat(path_of(DOMAIN ".records.json"), &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(lstat(path_of("elsewhere"), &st), 0);
	assert_int_equal(st.st_size, sizeof(HEAD REST) - 1);
}

/* A directory that is a link is not written to. */
static void
test_linked_directory(void **state)
{
	const struct pst_review_domains none = {NULL, 0};
	char target[sizeof(dir) + 8];
	struct pst_err err = {""};

	(void)state;
	(void)snprintf(target, sizeof(target), "%s.other", dir);
	assert_int_equal(mkdir(target, 0700), 0);
	assert_int_equal(symlink(target, dir), 0);
	assert_false(keep(DOMAIN, "{}", "{}", &err));
	assert_non_null(strstr(err.text, "cannot use the directory"));
	assert_false(pst_review_forget_others(arena, dir, &none, &err));
	assert_int_equal(rmdir(target), 0); /* it is empty */
}

/* ---- forgetting ---- */

static void
test_forget(void **state)
{
	static const struct {
		const char *name;
		bool old, stays;
	} rows[] = {
	    {"example.com.records.json", false, true},
	    {"example.com.advice.json", true, true},
	    {"example.org.advice.json", false, true},
	    {"gone.example.records.json", false, false},
	    {"gone.example.advice.json", false, false},
	    {"records.json", false, true},
	    {".records.json", false, true},
	    {"..records.json", false, true},
	    {"gone.example.json", false, true},
	    {"gone.example.records.json.bak", false, true},
	    {"gone.example.records.jsonx", false, true},
	    {"gone example.records.json", false, true},
	    {"example.com.records.json.17", false, true},
	    {"example.com.records.json.18", true, false},
	    {"gone.example.advice.json.19", true, false},
	    {"gone.example.advice.json.99999999999999", true, true},
	    {"notes", true, true},
	};
	const char *names[] = {"example.org", "example.com"}; /* not sorted */
	const struct pst_review_domains kept = {names, PST_COUNT(names)};
	const struct timespec long_ago[2] = {{1000, 0}, {1000, 0}};
	struct pst_err err = {""};

	(void)state;
	assert_true(pst_review_forget_others(arena, dir, &kept, &err));
	assert_int_equal(mkdir(dir, 0700), 0);
	for (size_t i = 0; i < PST_COUNT(rows); i++) {
		put(rows[i].name, "x", 1);
		if (rows[i].old)
			assert_int_equal(
			    utimensat(
				AT_FDCWD, path_of(rows[i].name), long_ago, 0),
			    0);
	}
	if (!pst_review_forget_others(arena, dir, &kept, &err))
		fail_msg("%s", err.text);
	FOR_ROWS(i, rows, rows[i].name) {
		assert_int_equal(exists(rows[i].name), rows[i].stays);
	}
	/* What cannot be removed is told. */
	assert_int_equal(mkdir(path_of("dir.example.advice.json"), 0700), 0);
	assert_false(pst_review_forget_others(arena, dir, &kept, &err));
	assert_non_null(strstr(err.text, "dir.example.advice.json"));
}

/* ---- the domains ---- */

static void
test_domains(void **state)
{
	const char *exact[] = {"a.example", "b.example", "single"};
	const char *below[] = {"b.example", "c.example", "top"};
	struct pst_config config = {.store.path = "/var/lib/postern/db"};
	struct pst_review_domains found;

	(void)state;
	assert_string_equal(
	    pst_review_dir(arena, &config), "/var/lib/postern/db-review");
	pst_review_domains(arena, &config, &found);
	assert_int_equal(found.count, 0);
	config.own_domains.set = (struct pst_domain_set){.exact = exact,
	    .exact_count = PST_COUNT(exact),
	    .below = below,
	    .below_count = PST_COUNT(below)};
	pst_review_domains(arena, &config, &found);
	assert_int_equal(found.count, 3);
	assert_string_equal(found.names[0], "a.example");
	assert_string_equal(found.names[1], "b.example");
	assert_string_equal(found.names[2], "c.example");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_kept, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_largest, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_damaged, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_strange, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_linked_directory, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_forget, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_domains, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
