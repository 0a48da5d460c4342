/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "config/option_value.h"
#include "tests/unit/rows.h"

static struct pst_arena *arena;
static struct pst_config config;

static int
begin(void **state)
{
	(void)state;
	arena = pst_arena_new();
	memset(&config, 0, sizeof(config));
	return 0;
}

static int
end(void **state)
{
	(void)state;
	pst_arena_free(arena);
	return 0;
}

static const struct pst_option *
find(const char *path)
{
	char buf[80];

	for (size_t i = 0; i < pst_option_count; i++) {
		if (strcmp(pst_option_path(&pst_options[i], buf, sizeof(buf)),
			path) == 0)
			return &pst_options[i];
	}
	fail_msg("no option %s", path);
	abort();
}

struct row {
	const char *path;
	const char *in;
	const char *text; /* as printed; NULL: refused */
	const char *why;  /* then part of the error text */
};

static const struct row rows[] = {
    {"dns.max-queries", "150", "150", NULL},
    {"dns.max-queries", "50", "50", NULL},
    {"dns.max-queries", "10000", "10000", NULL},
    {"dns.max-queries", "0150", "150", NULL},
    {"dns.max-queries", "49", NULL, "max-queries must be a number from 50"},
    {"dns.max-queries", "10001", NULL, "from 50 to 10000"},
    {"dns.max-queries", "18446744073709551616", NULL, "a number"},
    {"dns.max-queries", "-1", NULL, "a number"},
    {"dns.max-queries", "1e3", NULL, "a number"},
    {"dns.max-queries", "", NULL, "a number"},
    {"dns.max-queries", " 20", NULL, "a number"},
    {"spf.void-lookups", "0", "0", NULL},

    {"deadline", "30s", "30s", NULL},
    {"deadline", "30000ms", "30s", NULL},
    {"deadline", "1500ms", "1500ms", NULL},
    {"deadline", "2min", "2min", NULL},
    {"deadline", "250s", "250s", NULL},
    {"deadline", "251s", NULL, "deadline must be a time from 100ms to"},
    {"deadline", "99ms", NULL, "a time from"},
    {"deadline", "30", NULL, "such as 500ms, 5s or 2min"},
    {"deadline", "30 s", NULL, "a time"},
    {"deadline", "30m", NULL, "a time"},
    {"deadline", "s", NULL, "a time"},
    {"deadline", "", NULL, "a time"},
    {"deadline", "-5s", NULL, "a time"},
    {"deadline", "1.5s", NULL, "a time"},
    {"deadline", "9999999999999999999h", NULL, "a time"},
    {"drain", "0s", "0ms", NULL},
    {"dkim.clock-skew", "5min", "5min", NULL},
    {"dkim.clock-skew", "24h", "1d", NULL},
    {"store.retention", "36h", NULL, "from 2d to 3660d"},
    {"store.retention", "60d", "60d", NULL},
    {"dkim.clock-skew", "25h", NULL, "from 0ms to 1d"},
    {"dkim.clock-skew", "90s", "90s", NULL},
    {"dkim.clock-skew", "1500ms", NULL, "whole seconds"},

    {"dns.cache-size", "8M", "8M", NULL},
    {"dns.cache-size", "8192k", "8M", NULL},
    {"dns.cache-size", "65536", "64k", NULL},
    {"dns.cache-size", "65537", "65537", NULL},
    {"dns.cache-size", "1G", "1G", NULL},
    {"dns.cache-size", "1024G", "1024G", NULL},
    {"dns.cache-size", "1025G", NULL, "a size from 64k to 1024G"},
    {"dns.cache-size", "8m", NULL, "such as 4096, 64k or 8M"},
    {"dns.cache-size", "8MB", NULL, "a size"},
    {"dns.cache-size", "k", NULL, "a size"},
    {"dns.cache-size", "17179869184G", NULL, "a size"},

    {"umask", "0007", "0007", NULL},
    {"umask", "77", "0077", NULL},
    {"umask", "0", "0000", NULL},
    {"umask", "0777", "0777", NULL},
    {"umask", "1000", NULL, "umask must be an octal mask"},
    {"umask", "008", NULL, "octal"},
    {"umask", "", NULL, "octal"},
    {"umask", "0000007", NULL, "octal"},
    {"umask", "u=rwx", NULL, "octal"},

    {"iprev.enabled", "yes", "yes", NULL},
    {"iprev.enabled", "on", "yes", NULL},
    {"iprev.enabled", "true", "yes", NULL},
    {"iprev.enabled", "no", "no", NULL},
    {"iprev.enabled", "off", "no", NULL},
    {"iprev.enabled", "false", "no", NULL},
    {"iprev.enabled", "1", NULL, "enabled must be yes or no"},
    {"iprev.enabled", "Yes", NULL, "yes or no"},
    {"iprev.enabled", "", NULL, "yes or no"},

    {"mode", "monitor", "monitor", NULL},
    {"mode", "enforce", "enforce", NULL},
    {"mode", "Monitor", NULL, "mode must be one of: enforce, monitor"},
    {"mode", "", NULL, "one of"},
    {"on-reject", "always", "always", NULL},
    {"on-reject", "reject", NULL,
	"one of: unless-indirect, always, quarantine, accept"},
    {"on-quarantine", "tempfail", NULL,
	"one of: accept, tag, quarantine, reject"},
    {"on-temperror", "reject", NULL, "one of: accept, tag, tempfail"},
    {"log.facility", "local7", "local7", NULL},
    {"log.facility", "local8", NULL, "one of: mail, daemon"},

    {"user", "", "\"\"", NULL},
    {"user", "mail", "\"mail\"", NULL},
    {"tag-value", "a\"b\\c$d", "\"a\\\"b\\\\c\\$d\"", NULL},
    {"tag-value", "", NULL, "tag-value: must be a header field"},
    {"tag-value", "a\nb", NULL, "one line"},
    {"tag-header", "X-Spam", "\"X-Spam\"", NULL},
    {"tag-header", "X Spam", NULL, "without blanks and colons"},
    {"tag-header", "X-Spam:", NULL, "without blanks and colons"},
    {"tag-header", "", NULL, "a header field name"},
    {"tag-header", "X-Sp\xc3\xa4m", NULL, "printable ASCII"},
    {"tag-header", "subject", NULL,
	"tag-header: subject is a field that mail itself uses"},
    {"reject-text", "No {domain} 100%", "\"No {domain} 100%\"", NULL},
    {"reject-text", "", NULL, "1 to 400 printable"},
    {"reject-text", "two\nlines", NULL, "one line"},
    {"reject-text", "caf\xc3\xa9", NULL, "printable ASCII"},
    {"authserv-id", "", "\"\"", NULL},
    {"authserv-id", "mx.example", "\"mx.example\"", NULL},
    {"authserv-id", "mx\texample", NULL, "authserv-id: must be a host name"},
};

static void
test_set(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].path) {
		const struct row *row = &rows[i];
		const struct pst_option *option = find(row->path);
		struct pst_err err;
		const char *text;
		bool ok = pst_option_set(&config, arena, option, row->in, &err);

		if (ok != (row->text != NULL))
			fail_msg("%s = \"%s\": %s", row->path, row->in,
			    ok ? "taken" : err.text);
		if (!ok) {
			if (strstr(err.text, row->why) == NULL)
				fail_msg("%s = \"%s\": %s", row->path, row->in,
				    err.text);
			continue;
		}
		text = pst_option_text(&config, option, arena);
		if (strcmp(text, row->text) != 0)
			fail_msg("%s = \"%s\": printed as %s", row->path,
			    row->in, text);
	}
}

/* The stored value has the unit that config.h states. */
static void
test_units(void **state)
{
	struct pst_err err;

	(void)state;
	assert_true(
	    pst_option_set(&config, arena, find("deadline"), "2min", &err));
	assert_int_equal(config.deadline_ms, 120000);
	assert_true(pst_option_set(
	    &config, arena, find("dkim.clock-skew"), "2min", &err));
	assert_int_equal(config.dkim.clock_skew_s, 120);
	assert_true(
	    pst_option_set(&config, arena, find("dns.cache-size"), "2M", &err));
	assert_int_equal(config.dns.cache_bytes, 2 * 1024 * 1024);
	assert_true(pst_option_set(&config, arena, find("umask"), "027", &err));
	assert_int_equal(config.umask, 027);
	assert_true(pst_option_set(
	    &config, arena, find("on-temperror"), "tempfail", &err));
	assert_int_equal(config.on_temperror, PST_ACTION_TEMPFAIL);
}

static void
test_long_texts(void **state)
{
	static const struct {
		const char *path;
		size_t longest;
	} limits[] = {
	    {"reject-text", 400},
	    {"tag-header", 76},
	    {"tag-value", 900},
	    {"authserv-id", 253},
	};
	char text[1024];
	struct pst_err err;

	(void)state;
	FOR_ROWS(i, limits, limits[i].path) {
		const struct pst_option *option = find(limits[i].path);

		memset(text, 'a', sizeof(text));
		text[limits[i].longest] = '\0';
		if (!pst_option_set(&config, arena, option, text, &err))
			fail_msg("%s", err.text);
		text[limits[i].longest] = 'a';
		text[limits[i].longest + 1] = '\0';
		if (pst_option_set(&config, arena, option, text, &err))
			fail_msg("too long, yet taken");
	}
}

struct part_row {
	const char *path;
	const char *part;
	const char *why; /* NULL: accepted */
};

static const struct part_row part_rows[] = {
    {"trusted-networks", "192.0.2.0/24", NULL},
    {"trusted-networks", "192.0.2.1", NULL},
    {"trusted-networks", "2001:db8::/32", NULL},
    {"trusted-networks", "192.0.2.1/24",
	"\"192.0.2.1/24\" has host bits set: write \"192.0.2.0/24\" for"},
    {"trusted-networks", "192.0.2.0/33", "is neither an address nor a network"},
    {"trusted-networks", "localhost", "write \"127.0.0.0/8\", \"::1\""},
    {"trusted-networks", "Mail.Example.com",
	"rule \"mail.example.com\" { client-name = {\"mail.example.com\"}  "
	"action = skip }"},
    {"relays", ".example.com",
	"rule \".example.com\" { client-name = {\".example.com\"}  action = "
	"skip }. It holds for a client whose address leads to such a name"},
    {"forwarders", "*.example.com", "client-name = {\".example.com\"}"},
    {"trusted-networks", "mail", "is neither an address nor a network"},
    {"trusted-networks", "192.0.2.256", "is neither an address nor a network"},
    {"trusted-networks", "*example.com", "is neither an address nor a network"},
    {"trusted-networks",
	"a-name-that-is-too-long-for-a-title-of-a-rule.mail.example.com.test",
	"write a rule with client-name instead"},
    {"trusted-networks", "", "is neither an address nor a network"},
    {"trusted-networks", "2001:db8::1/32",
	"host bits set: write \"2001:db8::/32\" for the network, or "
	"\"2001:db8::1\" for"},
    {"trusted-networks", "[::1]/128", "without brackets: \"::1/128\""},
    {"trusted-networks", "[2001:db8::1]", "without brackets: \"2001:db8::1\""},
    {"trusted-networks", "[::1", "is neither an address nor a network"},
    {"trusted-networks", "192.0.2.0/255.255.255.0",
	"not a mask: \"192.0.2.0/24\""},
    {"trusted-networks", "192.0.2.0/255.0.255.0", "is neither an address"},
    {"trusted-networks", "192.0.2.1, 192.0.2.2", "is not one network"},
    {"trusted-networks", "@/partners", NULL},
    {"enforce-domains", "*.a.example", "write \".a.example\""},
    {"enforce-domains", "ann@a.example", "write \"a.example\""},
    {"enforce-domains", "a.example, b.example", "quotes of its own"},
    {"enforce-domains", "a..b", "\"a..b\" is not a domain name"},
    {"enforce-domains", ".a.example", NULL},
    {"authserv-id-aliases", "MX.Example.", NULL},
    {"authserv-id-aliases", "m\xc3\xbcller.example", NULL},
    {"authserv-id-aliases", "a b", "is not a domain name"},
    {"authserv-id-aliases", "", "is not a domain name"},
    {"listen", "unix:/run/p.sock", NULL},
    {"listen", "p.sock", "listen: \"p.sock\": a socket begins with unix:"},
    {"dns.servers", "192.0.2.53", NULL},
    {"dns.servers", "::1@5353", NULL},
    {"dns.servers", "192.0.2.53@65535", NULL},
    {"dns.servers", "192.0.2.53@0",
	"servers: \"192.0.2.53@0\": must be IP addresses"},
    {"dns.servers", "192.0.2.53@65536", "must be IP addresses"},
    {"dns.servers", "192.0.2.53@", "must be IP addresses"},
    {"dns.servers", "192.0.2.53:53", "must be IP addresses"},
    {"dns.servers", "dns.example", "must be IP addresses"},
    {"dns.servers", "", "must be IP addresses"},
};

static void
test_parts_of_lists(void **state)
{
	(void)state;
	FOR_ROWS(i, part_rows, part_rows[i].path) {
		const struct part_row *row = &part_rows[i];
		const struct pst_option *option = find(row->path);
		struct pst_err err;
		bool ok =
		    pst_option_set(&config, arena, option, row->part, &err);

		assert_true(pst_option_is_list(option));
		if (ok != (row->why == NULL) ||
		    (!ok && strstr(err.text, row->why) == NULL))
			fail_msg("%s, \"%s\": %s", row->path, row->part,
			    ok ? "taken" : err.text);
	}
}

struct list_row {
	const char *path;
	const char *parts[3];
	const char *text;
};

static const struct list_row list_rows[] = {
    {"trusted-networks", {NULL}, "{}"},
    {"trusted-networks", {"192.0.2.0/24", "192.0.2.1", "::1"},
	"{\"192.0.2.0/24\", \"192.0.2.1\", \"::1\"}"},
    {"trusted-networks", {"0.0.0.0/0", "::/0", "2001:DB8::/32"},
	"{\"0.0.0.0/0\", \"::/0\", \"2001:db8::/32\"}"},
    {"authserv-id-aliases", {"MX.Example.", "m\xc3\xbcller.example"},
	"{\"mx.example\", \"xn--mller-kva.example\"}"},
    {"enforce-domains", {"A.example", ".b.example"},
	"{\"A.example\", \".b.example\"}"},
    {"dns.servers", {"192.0.2.53@5353"}, "{\"192.0.2.53@5353\"}"},
    {"dns.servers", {NULL}, "{}"},
    {"listen", {"unix:/a \"b\"$"}, "{\"unix:/a \\\"b\\\"\\$\"}"},
};

static void
test_lists(void **state)
{
	size_t n;

	(void)state;
	FOR_ROWS(i, list_rows, list_rows[i].path) {
		const struct list_row *row = &list_rows[i];
		const struct pst_option *option = find(row->path);
		const char *text;

		for (n = 0; n < PST_COUNT(row->parts) && row->parts[n] != NULL;)
			n++;
		assert_true(pst_option_set_list(
		    &config, arena, option, row->parts, n, NULL));
		text = pst_option_text(&config, option, arena);
		if (strcmp(text, row->text) != 0)
			fail_msg("%s, not %s", text, row->text);
	}
}

/* A default is printed as it appears in the table. */
static void
test_defaults(void **state)
{
	char path[80];

	(void)state;
	FOR_COUNT(i, pst_option_count, pst_options[i].name) {
		const struct pst_option *option = &pst_options[i];
		const char *text;

		pst_option_set_default(&config, arena, option);
		text = pst_option_text(&config, option, arena);
		if (pst_option_is_list(option)) {
			assert_true(text[0] == '{');
			continue;
		}
		if (option->type == PST_OPTION_TEXT && *text++ == '"')
			((char *)(uintptr_t)text)[strlen(text) - 1] = '\0';
		if (strcmp(text, option->initial) != 0)
			fail_msg("%s: %s, not %s",
			    pst_option_path(option, path, sizeof(path)), text,
			    option->initial);
	}
	assert_int_equal(config.listen.count, 1);
	assert_int_equal(config.trusted_networks.written.count, 2);
	assert_int_equal(config.dns.servers.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_set),
	    cmocka_unit_test(test_units),
	    cmocka_unit_test(test_long_texts),
	    cmocka_unit_test(test_parts_of_lists),
	    cmocka_unit_test(test_lists),
	    cmocka_unit_test(test_defaults),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
