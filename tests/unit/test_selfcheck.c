/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/selfcheck.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/dkim_sign.h"

static char key_path[] = "/tmp/postern-test.XXXXXX";

#define FROM "from = \"dmarc@gw.example\" "
#define DMARC "_dmarc.gw.example. TXT \"v=DMARC1; p=none\"\n"
#define SPF "gw.example. TXT \"v=spf1 -all\"\n"

/* Returns the warnings, joined. */
static const char *
check(struct pst_arena *arena, const char *settings, const char *zone)
{
	struct pst_config *config = lab_config(pst_arena_printf(
	    arena, "%sreports { " FROM "%s }\n", LAB_CONFIG, settings));
	struct pst_resolver *resolver = lab_zone(zone);
	struct pst_clock clock = pst_clock_manual(LAB_NOW);
	struct pst_arena *mine = pst_arena_new();
	struct pst_world world = {.arena = mine, .now_epoch = LAB_NOW};
	struct pst_selfcheck found;
	const char *text = "";

	world.dns = pst_dns_open(mine, resolver, &clock, config->dns_limits);
	while (!pst_selfcheck(&world, config, &found))
		if (!pst_dns_wait(world.dns, INT64_MAX))
			pst_dns_expire(world.dns, PST_DNS_TIMEOUT);
	for (size_t i = 0; i < found.count; i++)
		text =
		    pst_arena_printf(arena, "%s%s\n", text, found.warnings[i]);
	pst_arena_free(mine);
	pst_resolver_free(resolver);
	pst_config_unref(config);
	return text;
}

static void
test_without_key(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	const char *text;

	(void)state;
	assert_string_equal(check(arena, "", DMARC SPF), "");
	text = check(arena, "", "x.invalid. A 192.0.2.1\n");
	assert_non_null(strstr(text, "gw.example has no DMARC record"));
	assert_non_null(strstr(text, "gw.example has no SPF record"));
	text = check(arena, "bounces = \"b@else.example\"",
	    DMARC "else.example. TXT \"v=spf1 -all\"\n");
	assert_non_null(strstr(text, "else.example does not align"));
	text = check(arena, "bounces = \"b@mail.gw.example\"",
	    DMARC "mail.gw.example. TXT \"v=spf1 -all\"\n");
	assert_string_equal(text, "");
	/* Look-ups that fail cause no warning. */
	text = check(arena, "",
	    ";! servfail gw.example\n;! servfail _dmarc.gw.example\n");
	assert_string_equal(text, "");
	pst_arena_free(arena);
}

static void
test_with_key(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct sign_key *key = sign_key_load("test-rsa.pem");
	const char *public = sign_key_public(arena, key, SIGN_SPKI);
	const char *settings = pst_arena_printf(
	    arena, "dkim-key = \"%s\" dkim-selector = \"s1\"", key_path);
	const char *zone = pst_arena_printf(arena,
	    DMARC "s1._domainkey.gw.example. TXT "
		  "\"v=DKIM1; k=rsa; p=%.200s\" \"%s\"\n",
	    public, public + 200);
	const char *text;

	(void)state;
	assert_string_equal(check(arena, settings, zone), "");
	text = check(arena, settings, DMARC);
	assert_non_null(
	    strstr(text, "the record at s1._domainkey.gw.example: "));
	text = check(arena, settings,
	    DMARC "s1._domainkey.gw.example. TXT \"v=DKIM1; p=MIGf\"\n");
	assert_non_null(strstr(text, "does not verify"));
	text = check(arena,
	    pst_arena_printf(
		arena, "%s dkim-domain = \"else.example\"", settings),
	    zone);
	assert_non_null(strstr(text, "else.example does not align"));
	assert_int_equal(chmod(key_path, 0644), 0);
	assert_non_null(strstr(check(arena, settings, zone), "chmod"));
	sign_key_free(key);
	pst_arena_free(arena);
}

static int
set_up(void **state)
{
	const char *root = getenv("srcdir");
	char name[1024], text[4096];
	int fd = mkstemp(key_path);
	FILE *in;
	size_t len;

	(void)state;
	(void)snprintf(name, sizeof(name), "%s/tests/keys/test-rsa.pem",
	    root == NULL ? "." : root);
	in = fopen(name, "r");
	if (fd < 0 || in == NULL)
		return -1;
	len = fread(text, 1, sizeof(text), in);
	(void)fclose(in);
	return write(fd, text, len) == (ssize_t)len ? close(fd) : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(key_path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_without_key),
	    cmocka_unit_test(test_with_key),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
