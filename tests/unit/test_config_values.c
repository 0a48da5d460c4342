/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/macros.h"
#include "config/option.h"
#include "tests/unit/config_fixture.h"
#include "tests/unit/rows.h"

/* Values of a loaded configuration are printed, read back and compared. */

static const char section[] =
    "sign \"a.example\" { selector = s key = /k }\n";

static void
add_all(struct pst_buf *buf, struct pst_arena *arena,
    const struct pst_config *config)
{
	/* Without it, sign = yes is refused. */
	pst_buf_add_text(buf, section);
	for (size_t i = 0; i < pst_option_count; i++) {
		const struct pst_option *option = &pst_options[i];
		const char *value = pst_config_value(config, i, arena);

		if (option->section == NULL)
			pst_buf_printf(buf, "%s = %s\n", option->name, value);
		else
			pst_buf_printf(buf, "%s {\n%s = %s\n}\n",
			    option->section, option->name, value);
	}
}

/* No value here is a default, and texts contain what must be quoted. */
static const char unusual[] =
    "sign \"a.example\" { selector = s key = /k }\nsign = yes\n"
    "sign-networks = {198.51.100.0/24}\nsign-strict = yes\n"
    "login-domains = {\"Al@x  B.example .c.example\", \"* a.example\"}\n"
    "on-sign-error = accept\nsign-unpublished = no\n"
    "mode = monitor\nauthserv-id = 'a\"b$c\\{}#'\n"
    "enforce-percent = 7\nenforce-secret-file = \"/s\"\nenforce-domains = {.A.example, b.example}\n"
    "enforce-recipients = {.e.example}\nmonitor-recipients = {f.example}\n"
    "mixed-recipients = split\n"
    "monitor-domains = {c.example}\non-missing-from = tag\n"
    "on-several-from-fields = quarantine\non-encoded-from = accept\n"
    "on-spf-fail = reject\non-spf-softfail = tag\non-helo-fail = tag\n"
    "on-unauthenticated = quarantine\ndkim-required = .d.example\n"
    "own-domains = {e.example, .e.example}\non-own-domain = tag\n"
    "on-dkim-missing = tag\nrefused-text = \"{reason} $\"\n"
    "authserv-id-aliases = {a.example, b.example}\n"
    "listen = {\"unix:/a b\", \"inet:[::1]:25\"}\nuser = \"\"\n"
    "group = \"//g\"\npid-file = \"/p'q\"\numask = 077\ndeadline = 100ms\n"
    "read-ahead = no\nmax-sessions = 3\nsandbox = no\n"
    "drain = 0s\ntrusted-networks = {}\nforwarders = {\"192.0.2.0/24\", "
    "\"spf:_spf.a.example\"}\n"
    "evaluate-authenticated = on\nsubmission = on\n"
    "on-reject = accept\non-quarantine = reject\non-temperror = accept\n"
    "on-policy-temperror = tag\non-spf-temperror = accept\n"
    "on-dkim-temperror = tempfail\n"
    "control-socket = \"/c\"\ntemperror-cap = 0s\n"
    "temperror-domain-cap = 0s\n"
    "relays = {192.0.2.1}\nrelay-names = {a.example}\n"
    "on-malformed-from = quarantine\non-multiple-from = tag\n"
    "on-no-author-domain = accept\nindirect-claims = believe\n"
    "indirect-known-days = 4\n"
    "on-internal-error = accept\nquarantine-fallback = reject\n"
    "reject-text = \"100% \\${x} /* {domain}\"\ntempfail-text = \" \"\n"
    "malformed-text = \"'\"\ntag-header = X\ntag-value = \"a\\\\\"\n"
    "tag-also = {\"X-A: b\"}\n"
    "on-malformed-header = reject\nstrip-fields = {\"X-A*\", \"X-B\"}\n"
    "strip-fields-signed = keep\nauthres-comments = no\n"
    "dns {\nservers = {\"::1@53\"}\nquery-timeout = 1min\nmax-queries = 9999\n"
    "max-open = 16\nmax-waiting = 1\ncache-size = 100000\nmax-txt = 512\n"
    "trust-ad = no\nzone = \"z\"\n}\n"
    "iprev { enabled = no }\nspf {\nvoid-lookups = 0\ncheck-helo = yes\n"
    "weak-range = /9\nweak-pass = ignore\n}\n"
    "dkim {\nmax-verified = 1\nmax-parsed = 1\nmin-key-bits = 2048\n"
    "clock-skew = 90s\naccept-body-length = yes\naccept-test-keys = no\n"
    "accept-unsigned-copies = yes\n}\ndmarc {\nremember = 3d\npublic-suffix-list = \"\"\n"
    "suffix-guard = no\nevaluate-all = yes\nmax-author-domains = 32\n}\n"
    "arc { verify = yes\nmax-sets = 1\ntrusted-sealers = {a.example}\n}\n"
    "header {\nmax-fields = 50\nmax-field-size = 1k\nmax-size = 1G\n}\n"
    "store {\npath = \"/p\"\npostgresql = \"host='a b'\"\nwait = 0s\n"
    "max-waiting = 100\nmax-rows = 100\nretention = 3d\n"
    "imported-retention = 4d\n}\n"
    "journal {\nkeep = exceptions\npath = /j\nmax-size = 64M\n"
    "retention = 7d\nrecipients = domain\n}\n"
    "reports {\nfrom = \"a+b@c.example\"\norg-name = \"A \\\"B\\\"\"\n"
    "contact = \"tel:0\"\ncompat = rfc7489\nformat = xml\n"
    "recipient-domains = yes\nskip-domains = {a.example}\n"
    "skip-recipients = {\"a@b.example\"}\n"
    "allow-destinations = {a.example}\ndeny-destinations = {b.example}\n"
    "own-domain-only = yes\nmax-addresses = 1\nmax-per-day = 1\n"
    "max-per-policy-domain = 1\nmax-per-day-total = 1\n"
    "max-size = 64k\npause = 0s\nretry-for = 1h\n"
    "relay = \"smtps://[::1]:465\"\nrelay-tls = required\n"
    "relay-user = \"u\"\nrelay-password-file = \"/p\"\n"
    "bounces = \"b@c.example\"\nsuppress-for = 1h\ndkim-key = \"/k\"\n"
    "dkim-selector = \"s.t\"\ndkim-domain = \"c.example\"\n}\n"
    "failure-reports {\ndomains = {a.example}\nall-domains = yes\n"
    "recipients = yes\nsubject = yes\nmax-per-hour = 1\n"
    "max-per-domain = 1\nmax-per-destination = 1\n}\n"
    "canary {\nforged = f.example\ngenuine = g.example\n"
    "genuine-client = 192.0.2.1\ngenuine-key = /k\n"
    "genuine-selector = s\n}\n"
    "log {\ntarget = stderr\nfacility = local3\nlevel = debug\nformat = json\n}\n";

/* For every option, what is printed means the same when it is read back. */
static void
test_round_trip(void **state)
{
	static const char *const texts[] = {"", unusual};

	(void)state;
	for (size_t n = 0; n < PST_COUNT(texts); n++) {
		struct pst_arena *arena = pst_arena_new();
		struct pst_config *first = config_must_load(texts[n]), *again;
		struct pst_buf buf;

		pst_buf_init(&buf, arena, 65536);
		add_all(&buf, arena, first);
		again = config_must_load(pst_buf_str(&buf));
		for (size_t i = 0; i < pst_option_count; i++) {
			const char *a = pst_config_value(first, i, arena);
			const char *b = pst_config_value(again, i, arena);

			if (strcmp(a, b) != 0)
				fail_msg("%s: %s became %s",
				    pst_options[i].name, a, b);
		}
		pst_config_unref(again);
		pst_config_unref(first);
		pst_arena_free(arena);
	}
}

/* Checks that `unusual` has no defaults, or the test above would be weak. */
static void
test_unusual_is_unusual(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_config *defaults = config_must_load("");
	struct pst_config *config = config_must_load(unusual);

	(void)state;
	FOR_COUNT(i, pst_option_count, pst_options[i].name) {
		if (strcmp(pst_options[i].name, "discovery") != 0 &&
		    /* these two cannot be set with iprev off */
		    strcmp(pst_options[i].name, "on-iprev-fail") != 0 &&
		    strcmp(pst_options[i].name, "on-iprev-temperror") != 0 &&
		    strcmp(pst_config_value(config, i, arena),
			pst_config_value(defaults, i, arena)) == 0)
			fail_msg("%s has its default", pst_options[i].name);
	}
	pst_config_unref(config);
	pst_config_unref(defaults);
	pst_arena_free(arena);
}

struct restart_row {
	const char *running;
	const char *fresh;
	const char *paths; /* each followed by a blank */
};

static const struct restart_row restart_rows[] = {
    {"", "", ""},
    {"", "mode = monitor\nlog { level = debug }\n", ""},
    {"", "user = x\n", "user "},
    {"user = postern\n", "", ""},
    {"", "listen = {\"unix:/a\"}\numask = 0\ndns { servers = {\"::1\"} }\n",
	"listen umask dns.servers "},
    {"", "read-ahead = no\n", "read-ahead "},
    {"", "sandbox = no\n", "sandbox "},
    {"dns { servers = {\"::1\"} }\n", "dns { servers = {\"::2\"} }\n",
	"dns.servers "},
    {"log { target = stderr }\n", "log { facility = user }\n",
	"log.target log.facility "},
};

static void
test_restart_keys(void **state)
{
	(void)state;
	FOR_ROWS(i, restart_rows, restart_rows[i].running) {
		const struct restart_row *row = &restart_rows[i];
		struct pst_arena *arena = pst_arena_new();
		struct pst_config *running = config_must_load(row->running);
		struct pst_config *fresh = config_must_load(row->fresh);
		struct pst_buf buf;
		const char *path;
		size_t from = 0;

		pst_buf_init(&buf, arena, 1000);
		while ((path = pst_config_restart_option(
			    running, fresh, &from)) != NULL)
			pst_buf_printf(&buf, "%s ", path);
		if (strcmp(pst_buf_str(&buf), row->paths) != 0)
			fail_msg("\"%s\", then \"%s\": %s", row->running,
			    row->fresh, pst_buf_str(&buf));
		pst_config_unref(fresh);
		pst_config_unref(running);
		pst_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_unusual_is_unusual),
	    cmocka_unit_test(test_restart_keys),
	};

	return cmocka_run_group_tests(tests, config_begin, config_end);
}
