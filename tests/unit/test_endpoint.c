/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/endpoint.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

/* 107 octets, the longest path that fits sun_path with its NUL. */
#define TEN "/123456789"
#define LONGEST TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "/123456"

struct row {
	struct pst_str in;
	const char *libmilter; /* NULL: refused */
	const char *postfix;   /* or part of the error text */
};

static const struct row rows[] = {
    {PST_STR_INIT("unix:/run/p.sock"), "unix:/run/p.sock", "unix:/run/p.sock"},
    {PST_STR_INIT("local:/run/p.sock"), "unix:/run/p.sock", "unix:/run/p.sock"},
    {PST_STR_INIT("/run/p.sock"), "unix:/run/p.sock", "unix:/run/p.sock"},
    {PST_STR_INIT("unix:/with a blank"), "unix:/with a blank",
	"unix:/with a blank"},
    {PST_STR_INIT("unix:" LONGEST), "unix:" LONGEST, "unix:" LONGEST},
    {PST_STR_INIT("inet:8891@127.0.0.1"), "inet:8891@127.0.0.1",
	"inet:127.0.0.1:8891"},
    {PST_STR_INIT("inet:127.0.0.1:8891"), "inet:8891@127.0.0.1",
	"inet:127.0.0.1:8891"},
    {PST_STR_INIT("inet:8891@localhost"), "inet:8891@localhost",
	"inet:localhost:8891"},
    {PST_STR_INIT("inet:mx.example:1"), "inet:1@mx.example",
	"inet:mx.example:1"},
    {PST_STR_INIT("inet:8891"), "inet:8891", "inet:localhost:8891"},
    {PST_STR_INIT("inet:8891@"), "inet:8891", "inet:localhost:8891"},
    {PST_STR_INIT("inet::8891"), "inet:8891", "inet:localhost:8891"},
    {PST_STR_INIT("inet:65535"), "inet:65535", "inet:localhost:65535"},
    {PST_STR_INIT("inet6:8891"), "inet6:8891", "inet:localhost:8891"},
    {PST_STR_INIT("inet6:8891@::1"), "inet6:8891@::1", "inet:[::1]:8891"},
    {PST_STR_INIT("inet6:8891@[::1]"), "inet6:8891@::1", "inet:[::1]:8891"},
    {PST_STR_INIT("inet:[::1]:8891"), "inet6:8891@::1", "inet:[::1]:8891"},
    {PST_STR_INIT("inet:8891@2001:db8::1"), "inet6:8891@2001:db8::1",
	"inet:[2001:db8::1]:8891"},

    {PST_STR_INIT(""), NULL, "begins with unix:, inet: or inet6:"},
    {PST_STR_INIT("run/p.sock"), NULL, "begins with unix:"},
    {PST_STR_INIT("tcp:8891"), NULL, "begins with unix:"},
    {PST_STR_INIT("UNIX:/run/p.sock"), NULL, "begins with unix:"},
    {PST_STR_INIT("8891@localhost"), NULL, "begins with unix:"},
    {PST_STR_INIT("unix:"), NULL, "absolute path"},
    {PST_STR_INIT("unix:p.sock"), NULL, "absolute path"},
    {PST_STR_INIT("unix:/run/\n"), NULL, "absolute path"},
    {PST_STR_INIT("unix:/run/\0p"), NULL, "absolute path"},
    {PST_STR_INIT("unix:/run/\xc3\xa4"), NULL, "absolute path"},
    {PST_STR_INIT("unix:" LONGEST "7"), NULL, "at most 107 octets"},
    {PST_STR_INIT("inet:"), NULL, "port from 1 to 65535"},
    {PST_STR_INIT("inet:localhost"), NULL, "port from 1 to 65535"},
    {PST_STR_INIT("inet:localhost:"), NULL, "port from 1 to 65535"},
    {PST_STR_INIT("inet:0@localhost"), NULL, "port from 1 to 65535"},
    {PST_STR_INIT("inet:65536@localhost"), NULL, "port from 1 to 65535"},
    {PST_STR_INIT("inet:-1@localhost"), NULL, "port from 1 to 65535"},
    {PST_STR_INIT("inet:88 91"), NULL, "port from 1 to 65535"},
    {PST_STR_INIT("inet:smtp@localhost"), NULL, "port from 1 to 65535"},
    {PST_STR_INIT("inet:99999999999999999999"), NULL, "port from 1"},
    {PST_STR_INIT("inet:8891@local\nhost"), NULL, "host of a socket"},
    {PST_STR_INIT("inet:8891@local\0host"), NULL, "host of a socket"},
};

static void
check_row(const struct row *row)
{
	char text[PST_ENDPOINT_TEXT_SIZE];
	struct pst_endpoint endpoint;
	struct pst_err err;
	bool ok = pst_endpoint_parse(row->in, &endpoint, &err);

	if (ok != (row->libmilter != NULL))
		fail_msg("\"%s\": %s", row->in.ptr, ok ? "taken" : err.text);
	if (!ok) {
		if (strstr(err.text, row->postfix) == NULL)
			fail_msg("\"%s\": %s", row->in.ptr, err.text);
		return;
	}
	pst_endpoint_libmilter(&endpoint, text);
	if (strcmp(text, row->libmilter) != 0)
		fail_msg("\"%s\" for libmilter: %s", row->in.ptr, text);
	pst_endpoint_postfix(&endpoint, text);
	if (strcmp(text, row->postfix) != 0)
		fail_msg("\"%s\" for Postfix: %s", row->in.ptr, text);
}

static void
test_parse(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].libmilter)
		check_row(&rows[i]);
}

/* What we print for an MTA has the same meaning when it is read back. */
static void
test_round_trip(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].libmilter) {
		char text[PST_ENDPOINT_TEXT_SIZE];
		struct pst_endpoint first, again;

		if (!pst_endpoint_parse(rows[i].in, &first, NULL))
			continue;
		pst_endpoint_libmilter(&first, text);
		if (!pst_endpoint_parse(pst_str(text), &again, NULL) ||
		    memcmp(&first, &again, sizeof(first)) != 0)
			fail_msg("\"%s\" is not %s", text, rows[i].in.ptr);
	}
}

static void
test_host_length(void **state)
{
	char text[400] = "inet:25@";
	struct pst_endpoint endpoint;
	struct pst_err err;

	(void)state;
	memset(text + 8, 'h', 255);
	text[8 + 255] = '\0';
	assert_true(pst_endpoint_parse(pst_str(text), &endpoint, &err));
	assert_int_equal(strlen(endpoint.host), 255);
	text[8 + 255] = 'h';
	assert_false(pst_endpoint_parse(pst_str(text), &endpoint, &err));
	assert_string_equal(err.text, "the host of a socket is too long");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_host_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
