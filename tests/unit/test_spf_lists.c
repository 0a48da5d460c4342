/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/buf.h"
#include "config/spf_names.h"
#include "core/spf_file.h"
#include "core/spf_refresh.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

#define HOUR_MS INT64_C(3600000)
#define A_CONFIG "forwarders = {\"spf:a.example\"}\n"
#define BOTH                                                                   \
	"forwarders = {\"spf:a.example\"}\nrule r {\n"                         \
	"client = {\"spf:b.example\"}\naction = tag\n}\n"
#define A "a.example. 600 IN TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n"
#define A_MOVED "a.example. 600 IN TXT \"v=spf1 ip4:198.51.100.0/24 -all\"\n"
#define A_GROWN                                                                \
	"a.example. 600 IN TXT \"v=spf1 ip4:192.0.2.0/24 "                     \
	"ip4:203.0.113.0/24 -all\"\n"
#define B "b.example. 86400 IN TXT \"v=spf1 ip4:203.0.113.0/24 -all\"\n"
#define GONE "c.example. 60 IN A 192.0.2.1\n"

/* A resolver whose zone can be replaced, and be dead. */
static struct {
	struct pst_resolver resolver;
	struct pst_resolver *zone;
	unsigned asked;
} dns;

static void
ask(struct pst_resolver *resolver, struct pst_dns_job *job)
{
	(void)resolver;
	dns.asked++;
	if (dns.zone != NULL)
		dns.zone->ask(dns.zone, job);
	else
		pst_dns_job_complete(
		    job, pst_dns_answer_new(PST_DNS_SERVFAIL, 0, 0, 0), 0);
}

static void
free_nothing(struct pst_resolver *resolver)
{
	(void)resolver;
}

/* NULL: it is dead. */
static void
serve(const char *zone)
{
	pst_resolver_free(dns.zone);
	dns.zone = zone == NULL ? NULL : lab_zone(zone);
}

static struct pst_arena *arena;
static struct pst_clock lab_clock;
static struct pst_service *service;
static char said[1024];
static unsigned warnings, notices;
static char *store;

static void
say(void *arg, bool is_warning, const char *sentence)
{
	(void)arg;
	if (is_warning)
		warnings++;
	else
		notices++;
	(void)snprintf(said, sizeof(said), "%s", sentence);
}

static struct pst_config *
config_of(const char *text)
{
	return lab_config(pst_arena_printf(
	    arena, "%sstore { path = \"%s\" }\n", text, store));
}

static void
start(const char *config)
{
	service = pst_service_start_with(
	    config_of(config), &dns.resolver, &lab_clock);
}

static int
set_up(void **state)
{
	char place[] = "/tmp/postern-lists.XXXXXX";

	(void)state;
	arena = pst_arena_new();
	dns.resolver = (struct pst_resolver){.ask = ask, .free = free_nothing};
	dns.asked = 0;
	lab_clock = pst_clock_manual(LAB_NOW);
	warnings = notices = 0;
	said[0] = '\0';
	store = pst_arena_printf(arena, "%s/store", mkdtemp(place));
	return 0;
}

static void
stop(void)
{
	if (service != NULL)
		pst_service_stop(service);
	service = NULL;
}

static const char *
file_path(void)
{
	return pst_arena_printf(arena, "%s-networks", store);
}

static int
tear_down(void **state)
{
	(void)state;
	stop();
	serve(NULL);
	(void)unlink(file_path());
	*strrchr(store, '/') = '\0';
	assert_int_equal(rmdir(store), 0);
	pst_arena_free(arena);
	return 0;
}

/* Returns the hours until the next look-up, in milliseconds. */
static int64_t
refresh(void)
{
	const struct pst_spf_refresh how = {
	    .service = service, .patience_ms = 5000, .say = say};
	int64_t next_ms;

	(void)pst_spf_refresh_due(&how, &next_ms);
	return next_ms == INT64_MAX ? next_ms :
				      next_ms - pst_clock_ms(&lab_clock);
}

/* What is known of a client, by the position of the name. */
static enum pst_held
held(const char *client, size_t index)
{
	struct pst_config *config = pst_service_config(service);
	struct pst_client_nets nets;
	struct pst_ip ip;

	assert_true(pst_ip_parse(pst_str(client), &ip));
	nets = pst_spf_lists_ask(
	    pst_service_spf_lists(service), arena, &config->spf_names, &ip);
	assert_in_range(nets.count, index + 1, PST_SPF_NAMES_MAX);
	pst_config_unref(config);
	return nets.items[index].held;
}

static void
expect_said(bool is_warning, const char *part)
{
	assert_int_equal(warnings, is_warning);
	assert_int_equal(notices, !is_warning);
	if (strstr(said, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, said);
	warnings = notices = 0;
}

static void
expect_silence(void)
{
	if (warnings + notices > 0)
		fail_msg("said: %s", said);
}

static void
test_by_ttl(void **state)
{
	(void)state;
	serve(A);
	start(A_CONFIG);
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_UNKNOWN);
	assert_int_equal(refresh(), 600000);
	expect_said(false, "it has 1 networks");
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_YES);
	assert_int_equal(held("198.51.100.1", 0), PST_HELD_NO);
	/* Not before its time */
	serve(A_MOVED);
	pst_clock_advance(&lab_clock, 599000);
	assert_int_equal(refresh(), 1000);
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_YES);
	pst_clock_advance(&lab_clock, 1000);
	assert_int_equal(refresh(), 600000);
	expect_said(true, "more than half");
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_NO);
	assert_int_equal(held("198.51.100.1", 0), PST_HELD_YES);
	/* Half of a list is not much. */
	serve(A);
	pst_clock_advance(&lab_clock, 600000);
	(void)refresh();
	warnings = 0;
	serve(A_GROWN);
	pst_clock_advance(&lab_clock, 600000);
	(void)refresh();
	expect_silence();
	assert_int_equal(held("203.0.113.1", 0), PST_HELD_YES);
}

static const struct {
	const char *label, *zone;
	int64_t next_ms;
} ttl_rows[] = {
    {"short", "a.example. 1 IN TXT \"v=spf1 ip4:192.0.2.1 -all\"\n", 300000},
    {"long", "a.example. 864000 IN TXT \"v=spf1 ip4:192.0.2.1 -all\"\n",
	86400000},
    {"of an included record",
	"a.example. 86400 IN TXT \"v=spf1 include:b.example -all\"\n"
	"b.example. 1200 IN TXT \"v=spf1 ip4:192.0.2.1 -all\"\n",
	1200000},
    {"nothing", GONE, 300000},
};

static void
test_ttl_bounds(void **state)
{
	(void)state;
	FOR_ROWS(i, ttl_rows, ttl_rows[i].label) {
		serve(ttl_rows[i].zone);
		start(A_CONFIG);
		assert_int_equal(refresh(), ttl_rows[i].next_ms);
		stop();
	}
}

static void
test_dead_dns(void **state)
{
	(void)state;
	serve(A);
	start(A_CONFIG);
	(void)refresh();
	warnings = notices = 0;
	serve(NULL);
	for (unsigned hour = 0; hour < 23; hour++) {
		pst_clock_advance(&lab_clock, HOUR_MS);
		assert_int_equal(refresh(), 60000);
		assert_int_equal(held("192.0.2.1", 0), PST_HELD_YES);
		if (hour == 0)
			expect_said(true, "count for up to a day");
		expect_silence();
	}
	pst_clock_advance(&lab_clock, 2 * HOUR_MS);
	(void)refresh();
	expect_said(true, "do not count any more");
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_UNKNOWN);
	assert_int_equal(held("198.51.100.1", 0), PST_HELD_UNKNOWN);
	pst_clock_advance(&lab_clock, HOUR_MS);
	(void)refresh();
	expect_silence();
	serve(A);
	pst_clock_advance(&lab_clock, 60000);
	(void)refresh();
	expect_said(false, "has been read");
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_YES);
}

static void
test_recovers(void **state)
{
	(void)state;
	serve(A);
	start(A_CONFIG);
	(void)refresh();
	serve(NULL);
	pst_clock_advance(&lab_clock, HOUR_MS);
	(void)refresh();
	warnings = notices = 0;
	serve(A);
	pst_clock_advance(&lab_clock, 60000);
	(void)refresh();
	expect_said(false, "can be read again");
}

/* The provider has removed its record: as dead, but then it is known. */
static void
test_removed_record(void **state)
{
	(void)state;
	serve(A);
	start(A_CONFIG);
	(void)refresh();
	serve(GONE);
	pst_clock_advance(&lab_clock, HOUR_MS);
	warnings = notices = 0;
	(void)refresh();
	expect_said(true, "no SPF record");
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_YES);
	pst_clock_advance(&lab_clock, 25 * HOUR_MS);
	(void)refresh();
	expect_said(true, "do not count any more");
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_NO);
	/* That answer, too, is not believed for ever. */
	serve(NULL);
	pst_clock_advance(&lab_clock, 23 * HOUR_MS);
	(void)refresh();
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_NO);
	pst_clock_advance(&lab_clock, 2 * HOUR_MS);
	(void)refresh();
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_UNKNOWN);
}

static void
test_first_failures(void **state)
{
	(void)state;
	serve(NULL);
	start(A_CONFIG);
	(void)refresh();
	expect_said(true, "mail is deferred");
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_UNKNOWN);
	serve("a.example. 60 IN TXT \"v=spf1 ip4:0.0.0.0/1 -all\"\n");
	pst_clock_advance(&lab_clock, 60000);
	(void)refresh();
	expect_said(true, "1 are wider than /16 (IPv6 /32) (ip4:0.0.0.0/1)");
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_NO);
	pst_clock_advance(&lab_clock, HOUR_MS);
	(void)refresh();
	expect_silence();
}

static void
test_reload(void **state)
{
	unsigned asked;

	(void)state;
	serve(A B);
	start(A_CONFIG);
	(void)refresh();
	pst_service_replace(service, config_of(BOTH));
	asked = dns.asked;
	(void)refresh();
	assert_int_equal(dns.asked, asked + 1);
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_YES);
	assert_int_equal(held("203.0.113.1", 1), PST_HELD_YES);
	assert_int_equal(held("192.0.2.1", 1), PST_HELD_NO);
	pst_service_replace(service, config_of(""));
	assert_true(refresh() == INT64_MAX);
	pst_service_replace(service, config_of(A_CONFIG));
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_UNKNOWN);
}

static struct pst_err err;

static void
put(void *arg, struct pst_spf_list *list)
{
	pst_spf_lists_put(arg, list);
}

static bool
read_file(void)
{
	struct pst_config *config = pst_service_config(service);
	bool good = pst_spf_file_read(config,
	    (struct pst_spf_taker){put, pst_service_spf_lists(service)}, &err);

	pst_config_unref(config);
	return good;
}

static void
write_file(void)
{
	struct pst_config *config = pst_service_config(service);

	if (!pst_spf_file_write(config, pst_service_spf_lists(service), &err))
		fail_msg("%s", err.text);
	pst_config_unref(config);
}

static void
test_file(void **state)
{
	(void)state;
	serve(A B);
	start(BOTH);
	assert_true(read_file()); /* there is none */
	(void)refresh();
	write_file();
	stop();
	/* A start without the DNS has the lists, and their age. */
	serve(NULL);
	pst_clock_advance(&lab_clock, 300000);
	start(BOTH);
	if (!read_file())
		fail_msg("%s", err.text);
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_YES);
	assert_int_equal(held("192.0.3.1", 0), PST_HELD_NO);
	assert_int_equal(held("203.0.113.1", 1), PST_HELD_YES);
	assert_int_equal(refresh(), 300000);
	stop();
	/* What is named no more is not taken. */
	start("");
	assert_true(read_file());
	stop();
	/* A day later it is too old. */
	pst_clock_advance(&lab_clock, 24 * HOUR_MS);
	start(BOTH);
	assert_true(read_file());
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_UNKNOWN);
	stop();
	/* A clock that is behind makes no list from the future. */
	lab_clock = pst_clock_manual(LAB_NOW - 864000);
	start(BOTH);
	assert_true(read_file());
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_YES);
	pst_clock_advance(&lab_clock, 25 * HOUR_MS);
	(void)refresh();
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_UNKNOWN);
}

#define HEAD "postern-networks 1\n"
#define LIST "list a.example 1700000000 600 \n"
#define NET "192.0.2.0/24\n"

static const struct {
	const char *label, *text;
	bool good;
} file_rows[] = {
    {"good", HEAD LIST NET "end\n", true},
    {"no list", HEAD, true},
    {"left out", HEAD "list a.example 1 2 3 terms (ptr)\n" NET "end\n", true},
    {"empty", "", false},
    {"another version", "postern-networks 2\n" LIST NET "end\n", false},
    {"cut at a network", HEAD LIST "192.0.2", false},
    {"cut before the end", HEAD LIST NET, false},
    {"cut in the end", HEAD LIST NET "end", false},
    {"no network", HEAD LIST "end\n", false},
    {"wide network", HEAD LIST "192.0.0.0/15\nend\n", false},
    {"wide IPv6 network", HEAD LIST "2001:db8::/31\nend\n", false},
    {"host bits", HEAD LIST "192.0.2.1/24\nend\n", false},
    {"a name as a network", HEAD LIST "a.example\nend\n", false},
    {"no name", HEAD "list  1 2 \n" NET "end\n", false},
    {"a name in capitals", HEAD "list A.example 1 2 \n" NET "end\n", false},
    {"no time", HEAD "list a.example\n" NET "end\n", false},
    {"a time that is too large",
	HEAD "list a.example 999999999999 2 \n" NET "end\n", false},
    {"a negative time", HEAD "list a.example -1 2 \n" NET "end\n", false},
    {"controls", HEAD "list a.example 1 2 \x1b[m\n" NET "end\n", false},
    {"garbage after the end", HEAD LIST NET "end\nx\n", false},
};

static void
take(void *arg, struct pst_spf_list *list)
{
	++*(unsigned *)arg;
	pst_spf_list_unref(list);
}

static void
test_file_rows(void **state)
{
	(void)state;
	FOR_ROWS(i, file_rows, file_rows[i].label) {
		unsigned taken = 0;

		assert_int_equal(pst_spf_file_parse(pst_str(file_rows[i].text),
				     (struct pst_spf_taker){take, &taken}),
		    file_rows[i].good);
		if (!file_rows[i].good)
			assert_int_equal(taken, 0);
	}
}

static void
test_damaged_file(void **state)
{
	FILE *file = fopen(file_path(), "w");

	(void)state;
	(void)fputs(HEAD LIST NET "end\nlist", file);
	(void)fclose(file);
	serve(A);
	start(A_CONFIG);
	assert_false(read_file());
	assert_non_null(strstr(err.text, "is damaged; it is made anew"));
	assert_int_equal(held("192.0.2.1", 0), PST_HELD_UNKNOWN);
	(void)refresh();
	write_file();
	assert_true(read_file());
}

/* A file of this name that is not a file, and a list of networks too many. */
static void
test_hostile_file(void **state)
{
	struct pst_buf buf;
	unsigned taken = 0;

	(void)state;
	serve(NULL);
	start(A_CONFIG);
	assert_int_equal(symlink("/dev/zero", file_path()), 0);
	assert_false(read_file());
	pst_buf_init(&buf, arena, 1000000);
	pst_buf_add_text(&buf, HEAD LIST);
	for (unsigned i = 0; i <= 20000; i++)
		pst_buf_printf(&buf, "10.1.%u.%u/32\n", i / 250, i % 250);
	pst_buf_add_text(&buf, "end\n");
	assert_false(pst_spf_file_parse(
	    pst_buf_slice(&buf), (struct pst_spf_taker){take, &taken}));
	assert_int_equal(taken, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_by_ttl, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_ttl_bounds, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_dead_dns, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_recovers, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_removed_record, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_first_failures, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_reload, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_file_rows, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_damaged_file, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_hostile_file, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
