/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/secret.h"
#include "tests/unit/rows.h"

static char path[] = "/tmp/postern-test.XXXXXX";

static void
test_modes(void **state)
{
	static const struct {
		mode_t mode;
		bool fine;
	} rows[] = {{0600, true}, {0640, true}, {0400, true}, {0644, false},
	    {0602, false}, {0601, false}, {0660, false}, {0620, false}};
	char text[32];
	struct pst_err err;

	(void)state;
	FOR_ROWS(i, rows, rows_number(rows[i].mode)) {
		assert_int_equal(chmod(path, rows[i].mode), 0);
		assert_int_equal(
		    pst_secret_read(path, "password", text, sizeof(text), &err),
		    rows[i].fine);
		if (rows[i].fine)
			assert_string_equal(text, "secret\n");
		else
			assert_non_null(strstr(err.text, "chmod g-w,o= /tmp"));
	}
	assert_int_equal(chmod(path, 0600), 0);
}

static void
test_faults(void **state)
{
	char text[8];
	struct pst_err err;

	(void)state;
	/* The buffer is full, so the file may be longer. */
	assert_false(pst_secret_read(path, "password", text, 8, &err));
	assert_non_null(strstr(err.text, "too long"));
	assert_false(pst_secret_read("/tmp", "password", text, 8, &err));
	assert_non_null(strstr(err.text, "not a regular file"));
	assert_false(
	    pst_secret_read("/nonexistent", "private key", text, 8, &err));
	assert_non_null(strstr(err.text, "private key /nonexistent"));
	assert_string_equal(text, "");
}

static int
set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd >= 0 && write(fd, "secret\n", 7) == 7 ? close(fd) : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_modes),
	    cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
