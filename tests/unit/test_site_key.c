/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/site_key.h"
#include "tests/unit/rows.h"

#define SIXTY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"

static char directory[] = "/tmp/postern-test-XXXXXX";
static char store[64], own[64], away[64];

static int
make_directory(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	(void)snprintf(store, sizeof(store), "%s/db", directory);
	(void)snprintf(own, sizeof(own), "%s/db-secret", directory);
	(void)snprintf(away, sizeof(away), "%s/none/s", directory);
	return 0;
}

static int
remove_directory(void **state)
{
	(void)state;
	(void)unlink(own);
	return rmdir(directory);
}

static struct pst_config
config_of(const char *file)
{
	struct pst_config config = {.enforce_secret_file = file};

	config.store.path = store;
	return config;
}

/* The first one makes the file, and all others get the same key. */
static void
test_make(void **state)
{
	struct pst_config config = config_of("");
	struct pst_config named = config_of(own);
	struct pst_site_key first, second, zero = {{0}};
	struct pst_err err;
	struct stat info;

	(void)state;
	(void)unlink(own);
	assert_false(pst_site_key_read(&config, &first, &err));
	assert_non_null(strstr(err.text, "No such file"));
	assert_true(pst_site_key_make(&config, &first, &err));
	assert_int_equal(stat(own, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(info.st_nlink, 1);
	assert_int_equal(info.st_size, 65);
	assert_true(memcmp(&first, &zero, sizeof(first)) != 0);
	assert_true(pst_site_key_make(&named, &second, &err));
	assert_memory_equal(&first, &second, sizeof(first));
	assert_true(pst_site_key_read(&config, &second, &err));
	assert_memory_equal(&first, &second, sizeof(first));
	pst_site_key_random(&second);
	assert_true(memcmp(&first, &second, sizeof(first)) != 0);
}

static void
test_bad_files(void **state)
{
	static const struct {
		const char *label, *text;
		mode_t mode;
		const char *want; /* NULL: it is good */
	} rows[] = {
	    {"good", SIXTY "cdef\n", 0600, NULL},
	    {"for the group", SIXTY "cdef\n", 0640, NULL},
	    {"for everybody", SIXTY "cdef\n", 0644, "other users may read"},
	    {"empty", "", 0600, "64 hexadecimal digits"},
	    {"short", SIXTY "cde\n", 0600, "64 hexadecimal digits"},
	    {"no newline", SIXTY "cdef", 0600, "64 hexadecimal digits"},
	    {"long", SIXTY "cdeff\n", 0600, "too long"},
	    {"capital", SIXTY "cdeF\n", 0600, "64 hexadecimal digits"},
	};
	struct pst_config config = config_of("");
	struct pst_config none = config_of(away);
	struct pst_site_key key;
	struct pst_err err;

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		FILE *file;

		(void)unlink(own);
		file = fopen(own, "w");
		assert_non_null(file);
		assert_true(fputs(rows[i].text, file) >= 0);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(chmod(own, rows[i].mode), 0);
		/* A file that is there is never replaced. */
		assert_int_equal(pst_site_key_make(&config, &key, &err),
		    rows[i].want == NULL);
		if (rows[i].want != NULL)
			assert_non_null(strstr(err.text, rows[i].want));
		else
			assert_int_equal(key.octets[31], 0xef);
	}
	assert_false(pst_site_key_make(&none, &key, &err));
	assert_non_null(strstr(err.text, "cannot make the secret"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_make),
	    cmocka_unit_test(test_bad_files),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
