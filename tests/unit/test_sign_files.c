/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "config/files.h"
#include "config/sign.h"
#include "tests/unit/config_fixture.h"

/* The key files that a configuration names (R-SIGN-24). */

#define SIGN "sign \"a.example\" { selector = s key = /k }\n"

static const char *
place(const char *name)
{
	static char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", config_dir, name);
	return path;
}

/* Copies a key of the tests. */
static void
put_key(const char *from, const char *to, mode_t mode)
{
	const char *root = getenv("srcdir");
	char path[300], octets[4096];
	size_t len;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/tests/keys/%s",
	    root == NULL ? "." : root, from);
	file = fopen(path, "r");
	assert_non_null(file);
	len = fread(octets, 1, sizeof(octets), file);
	assert_int_equal(fclose(file), 0);
	file = fopen(place(to), "w");
	assert_non_null(file);
	assert_int_equal(fwrite(octets, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(place(to), mode), 0);
}

/* Two sections, three pairs, two files. */
static struct pst_config *
load_three(void)
{
	char text[1000];

	(void)snprintf(text, sizeof(text),
	    "sign = yes\n"
	    "sign \"b.example\" { selector = s\nkey = \"%s/one\" }\n"
	    "sign \"a.example\" {\nselector = {s, t}\n"
	    "key = {\"%s/two\", \"%s/one\"}\n}\n",
	    config_dir, config_dir, config_dir);
	return config_must_load(text);
}

static void
test_keys(void **state)
{
	struct pst_config *config;
	const struct pst_sign_domain *one;
	struct pst_err err = {"nothing"};

	(void)state;
	put_key("test-rsa.pem", "one", 0600);
	put_key("test-rsa1024.pem", "two", 0640);
	config = load_three();
	one = config->sign_domains.items;
	assert_true(pst_sign_domains_read_keys(config, &err));
	assert_string_equal(err.text, "nothing");
	assert_non_null(one[0].pairs[0].key);
	assert_ptr_equal(one[0].pairs[0].key, one[1].pairs[1].key);
	assert_int_equal(pst_sign_key_bits(one[1].pairs[0].key), 1024);
	/* What is there stays, even if the file is gone. */
	assert_int_equal(unlink(place("one")), 0);
	assert_true(pst_sign_domains_read_keys(config, &err));
	pst_sign_domains_forget_keys(config);
	assert_null(one[0].pairs[0].key);
	assert_null(one[1].pairs[1].key);
	assert_false(pst_sign_domains_read_keys(config, &err));
	assert_non_null(one[1].pairs[0].key);
	assert_int_equal(unlink(place("two")), 0);
	pst_config_unref(config);
}

/* The first wrong file in the order of lines, with the line that names it. */
static void
test_bad_keys(void **state)
{
	struct pst_problems found = {.arena = pst_arena_new()};
	struct pst_config *config;
	char want[200];
	struct pst_err err;

	(void)state;
	put_key("test-rsa.pem", "one", 0644);
	put_key("test-rsa.txt", "two", 0600);
	config = load_three();
	assert_false(pst_sign_domains_read_keys(config, &err));
	(void)snprintf(want, sizeof(want),
	    "%s:3: sign \"b.example\": key: other users may read or change ",
	    config_file);
	assert_memory_equal(err.text, want, strlen(want));
	assert_non_null(strstr(err.text, "chmod"));
	/* Each file once. */
	pst_sign_domains_check_keys(config, &found, NULL);
	assert_int_equal(found.errors, 2);
	assert_int_equal(unlink(place("one")), 0);
	assert_int_equal(unlink(place("two")), 0);
	pst_config_unref(config);
	pst_arena_free(found.arena);
}

/* Root may read everything, so this needs another user. */
static void
test_forbidden(void **state)
{
	struct pst_problems found = {.arena = pst_arena_new()};
	struct pst_config *config;
	size_t forbidden = 0;
	bool is_root = geteuid() == 0;

	(void)state;
	put_key("test-rsa.pem", "one", 0);
	put_key("test-rsa.pem", "two", 0600);
	config = load_three();
	if (is_root) {
		assert_int_equal(chown(place("one"), 1, 1), 0);
		assert_int_equal(chmod(config_dir, 0711), 0);
		assert_int_equal(chown(place("two"), 65534, 65534), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	pst_sign_domains_check_keys(config, &found, &forbidden);
	if (is_root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(forbidden, 1);
	assert_int_equal(found.errors, 0);
	assert_non_null(config->sign_domains.items[1].pairs[0].key);
	assert_null(config->sign_domains.items[0].pairs[0].key);
	assert_int_equal(unlink(place("one")), 0);
	assert_int_equal(unlink(place("two")), 0);
	pst_config_unref(config);
	pst_arena_free(found.arena);
}

static bool
note_file(void *arg, const char *path)
{
	size_t *keys = arg;

	*keys += strcmp(path, "/k") == 0;
	return true;
}

/* For the sandbox: a worker may read the keys again, if there is a use. */
static void
test_files(void **state)
{
	static const char *const texts[] = {
	    SIGN, SIGN "sign = yes\n", SIGN "listener \"/x\" { sign = yes }\n"};

	(void)state;
	FOR_ROWS(i, texts, texts[i]) {
		struct pst_config *config = config_must_load(texts[i]);
		size_t keys = 0;

		assert_true(pst_config_each_file(config, note_file, &keys));
		assert_int_equal(keys, i > 0);
		pst_config_unref(config);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_bad_keys),
	    cmocka_unit_test(test_forbidden),
	    cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, config_begin, config_end);
}
