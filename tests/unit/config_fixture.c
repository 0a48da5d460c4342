/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/config_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

char config_dir[64];
char config_file[128];

int
config_begin(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	(void)snprintf(config_dir, sizeof(config_dir), "%.32s/postern-XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(config_dir) == NULL)
		return -1;
	(void)snprintf(
	    config_file, sizeof(config_file), "%s/test.conf", config_dir);
	return 0;
}

int
config_end(void **state)
{
	(void)state;
	(void)unlink(config_file);
	return rmdir(config_dir);
}

void
config_write(const void *ptr, size_t len)
{
	FILE *out = fopen(config_file, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(ptr, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
}

struct pst_config *
config_load(const char *text, struct pst_err *err)
{
	config_write(text, strlen(text));
	return pst_config_load(config_file, err);
}

struct pst_config *
config_must_load(const char *text)
{
	struct pst_err err;
	struct pst_config *config = config_load(text, &err);

	if (config == NULL)
		fail_msg("\"%s\": %s", text, err.text);
	return config;
}

void
config_must_fail(const char *text, unsigned line, const char *why)
{
	struct pst_err err = {"nothing"};
	char place[160];

	if (config_load(text, &err) != NULL)
		fail_msg("\"%s\": accepted", text);
	if (line == 0)
		(void)snprintf(place, sizeof(place), "%s: ", config_file);
	else
		(void)snprintf(
		    place, sizeof(place), "%s:%u: ", config_file, line);
	if (strncmp(err.text, place, strlen(place)) != 0 ||
	    strstr(err.text, why) == NULL)
		fail_msg("\"%s\": %s", text, err.text);
}
