/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "config/advice.h"
#include "config/mask.h"
#include "tests/unit/config_fixture.h"
#include "tests/unit/rows.h"

struct advice_row {
	const char *text;
	unsigned line;
	const char *warning; /* NULL: there is none */
};

static const struct advice_row advice_rows[] = {
    {"", 0, NULL},

    {"\ntrusted-networks = {\"0.0.0.0/0\"}", 2, "0.0.0.0/0 is very wide"},
    {"trusted-networks = {\"0.0.0.0/1\", \"128.0.0.0/1\"}", 1,
	"trusted-networks: 0.0.0.0/0 is very wide"},
    {"trusted-networks = {\"::/0\"}", 1, "::/0 is very wide"},
    {"relays = {\"2000::/3\"}", 1, "relays: 2000::/3 is very wide"},
    {"forwarders = {\"8.0.0.0/7\"}", 1, "forwarders: 8.0.0.0/7"},
    {"trusted-networks = {\"10.0.0.0/8\", \"2001:db8::/32\"}", 0, NULL},
    {"\nforwarders = {\"spf:a.example\"}", 2,
	"forwarders: \"spf:a.example\" means every tenant"},
    {"rule x {\nclient = {\"spf:a.example\"}\naction = accept\n}", 2,
	"nothing else proves who the sender is"},
    {"rule x {\nclient = {\"spf:a.example\"}\naction = skip\n}", 2,
	"nothing else proves who the sender is"},
    {"rule x {\nclient = {\"spf:a.example\"}\nfrom-domain = {b.example}\n"
     "action = accept\n}",
	2, "nothing else proves who the sender is"},
    {"rule x {\nclient = {\"spf:a.example\"}\naligned = {dkim, none}\n"
     "action = accept\n}",
	2, "nothing else proves who the sender is"},
    {"rule x {\nclient = {\"spf:a.example\"}\naction = reject\n}", 2,
	"every tenant of that provider, not one sender"},
    {"rule x {\nclient = {\"spf:a.example\"}\ndkim-domain = {b.example}\n"
     "action = accept\n}",
	0, NULL},
    {"rule x {\nclient = {\"spf:a.example\"}\ndmarc = {pass}\n"
     "action = accept\n}",
	0, NULL},
    {"rule x {\nclient = {\"0.0.0.0/0\"}\naction = accept\n}", 2,
	"rule \"x\": client 0.0.0.0/0 is very wide"},

    {"\nlisten = {\"inet:8893\"}", 2, "listens on every address"},
    {"listen = {\"inet:8893@0.0.0.0\"}", 1, "write inet:8893@127.0.0.1"},
    {"listen = {\"inet6:8893@::\"}", 1, "listens on every address"},
    {"mode = monitor\nlistener \"inet:8893\" { mode = enforce }", 2,
	"listens on every address"},
    {"listen = {\"inet:8893@127.0.0.1\", \"inet:8893@mx.example\"}", 0, NULL},
    {"listen = {\"inet6:8893@::1\"}", 0, NULL},
    {"listen = {\"unix:/dev/shm/p.sock\"}", 1, "PrivateTmp"},
    {"submission = yes", 1, "no mail is checked"},

    {"on-own-domain = tag", 1, "on-own-domain: it has no effect"},
    {"own-domains = a.example\non-own-domain = tag", 0, NULL},
    {"own-domains = a.example\non-own-domain = accept", 1,
	"own-domains: with on-own-domain = accept"},
    {"rule x {\ndisplay-name = own-address\ndmarc = pass\naction = tag\n}", 2,
	"rule \"x\": display-name: own-address never holds"},
    {"own-domains = a.example\nrule x {\ndisplay-name = own-address\n"
     "dmarc = {pass, none}\naction = tag\n}",
	0, NULL},
    {"rule x {\ndisplay-name = \"Ann\"\naction = tag\n}", 2,
	"a forger is let in with a mark"},
    {"rule x {\ndisplay-name = \"Ann\"\ndmarc = {fail}\naction = quarantine\n}",
	2, "a forger is let in with a mark"},
    {"rule x {\ndisplay-name = \"Ann\"\naligned = {spf, dkim}\naction = tag\n}",
	0, NULL},
    {"rule x {\ndisplay-name = \"Ann\"\naction = reject\n}", 0, NULL},

    {"reject-text = \"No {domian}\"", 1, "reject-text: {domian} is not known"},
    {"reject-text = \"No {reason}\"", 1, "{reason} is not known"},
    {"reject-text = \"No %{d}\"", 1, "{d} is not known"},
    {"reject-text = \"No %s\"", 1, "reject-text: %s is not filled in"},
    {"tempfail-text = \"Later, %d\"", 1, "tempfail-text: %d is not"},
    {"refused-text = \"100% {reason} of {domain} {} { }\"", 0, NULL},
    {"refused-text = \"100% sure\"", 0, NULL},
    {"malformed-text = \"550 5.7.1 No\"", 1, "codes of the reply are put"},
    {"malformed-text = \"5.7.1 No\"", 1, "codes of the reply are put"},
    {"malformed-text = \"550 reasons\"", 1, "codes of the reply are put"},
    {"malformed-text = \"55 reasons\"", 0, NULL},
    {"tag-value = \"{domain}\"", 1, "tag-value: {domain} is not filled in"},
    {"rule x {\nspf = fail\naction = reject\nreply = \"%s\"\n}", 4,
	"rule \"x\": reply: %s is not"},

    {"authserv-id = HOSTNAME", 1, "HOSTNAME is taken as it is"},
    {"authserv-id = \"\\$myhostname\"", 1, "is taken as it is"},
    {"authserv-id = \"mx a.example\"", 1, "has a blank"},
    {"authserv-id = mx", 1, "is not the full name"},
    {"authserv-id = \"mx_.exa:mple\"", 1, "is not a host name"},
    {"authserv-id = mx.a.example", 0, NULL},
    {"listener \"unix:/run/p\" {\nauthserv-id = HOSTNAME\n}", 2,
	"HOSTNAME is taken as it is"},

    {"umask = 777", 1, "the owner's own permissions"},
    {"umask = 022", 1, "members of the group cannot connect"},
    {"umask = 0", 1, "every user of this host can connect"},
    {"umask = 0117", 0, NULL},
    {"user = root", 1, "keeps all of root's power"},
    {"enforce-percent = 0", 1, "no message is refused"},
    {"on-unauthenticated = reject\non-multiple-from = accept", 1,
	"a second domain in the From field gets around it"},
    {"on-unauthenticated = reject\non-multiple-from = accept\n"
     "dmarc { evaluate-all = yes }",
	0, NULL},
    {"on-unauthenticated = reject\non-no-author-domain = accept", 1,
	"a From field without a domain gets around it"},
    {"on-unauthenticated = reject", 0, NULL},
    {"spf {\nweak-pass = ignore\nweak-range = /25\n}", 2,
	"their SPF passes are ignored"},
    {"spf {\nweak-pass = ignore\nweak-range = /24\n}", 0, NULL},
    {"mode = monitor\nenforce-percent = 5", 2, "no effect in mode monitor"},
    {"enforce-domains = {a.example}", 1, "every other domain is enforced"},
    {"mode = monitor\nenforce-domains = {a.example}", 0, NULL},
    {"dns { zone = \"/z\" }", 1, "the DNS is not asked"},
    {"deadline = 5s\ndns { query-timeout = 6s }", 2, "longer than deadline"},
    {"dkim { min-key-bits = 4096 }", 1, "write 1024 or 2048"},
    {"\non-helo-fail = reject", 2, "on-helo-fail: it has no effect"},
    {"on-helo-fail = reject\nspf { check-helo = yes }", 0, NULL},
    {"listener \"unix:/run/p\" {\non-helo-fail = tag\n}", 0,
	"on-helo-fail: it has no effect"},
    {"rule x {\nspf-helo = {fail}\naction = reject\n}", 2,
	"rule \"x\": spf-helo requires spf.check-helo"},
    {"rule x {\nspf-helo = {fail}\naction = reject\n}\n"
     "spf { check-helo = yes }",
	0, NULL},
    {"reports { org-name = x }", 1, "no effect"},
    {"reports {\nfrom = a@b.example\nrelay = \"smtp://h:465\"\n}", 3,
	"write smtps://"},
    {"\nstrip-fields = {\"X-Spam-*\", \"x-*\"}", 2, "X-* removes fields"},
    {"strip-fields = {}\nstrip-fields-signed = keep", 2, "it has no effect"},
    {"strip-fields-signed = keep", 0, NULL},
    {"rule x {\nspf = pass\naction = tag\nalso = {\"x-spam-FLAG: NO\"}\n}", 4,
	"x-spam-FLAG is a mark of tagged mail, too"},
    {"rule x {\nspf = pass\naction = tag\nalso = {\"X-Class: a\"}\n}", 0, NULL},
    {"pid-file = p.pid", 1, "does not begin with /"},
};

/* R-CONF-2 */
static void
test_advice(void **state)
{
	(void)state;
	FOR_ROWS(i, advice_rows, advice_rows[i].text) {
		const struct advice_row *row = &advice_rows[i];
		struct pst_problems found = {.arena = pst_arena_new()};
		struct pst_config *config = config_must_load(row->text);
		bool is_there = row->warning == NULL;

		pst_config_advise(config, &found);
		for (size_t k = 0; k < found.count; k++) {
			const struct pst_problem *problem = &found.items[k];

			if (row->warning == NULL)
				fail_msg("%s", problem->sentence);
			is_there |= problem->line == row->line &&
			    strstr(problem->sentence, row->warning) != NULL;
		}
		if (!is_there)
			fail_msg("%zu others", found.count);
		assert_int_equal(found.errors, 0);
		pst_config_unref(config);
		pst_arena_free(found.arena);
	}
}

struct mask_row {
	const char *text;
	const char *shown;
};

/* R-CONF-3 */
static const struct mask_row mask_rows[] = {
    {"", ""},
    {"reports", "reports"},
    {"host=db dbname=reports", "host=db dbname=reports"},
    {"password=x", "password=" PST_MASK},
    {"host=db password=x y=z", "host=db password=" PST_MASK " y=z"},
    {"host=db password = 'x \\' y' y=z", "host=db password = " PST_MASK " y=z"},
    {"password='x", "password=" PST_MASK},
    {"PassWord=x", "PassWord=" PST_MASK},
    {"password=a\\ b c=d", "password=" PST_MASK " c=d"},
    {"sslpassword=x", "sslpassword=" PST_MASK},
    {"nopassword=x", "nopassword=x"},
    {"passfile=/x", "passfile=/x"},
    {"postgresql://u:p@h/d", "postgresql://u:" PST_MASK "@h/d"},
    {"postgresql://u:p@q@h/d", "postgresql://u:" PST_MASK "@h/d"},
    {"postgresql://u@h:1/d", "postgresql://u@h:1/d"},
    {"postgresql://h/d?password=p&x=y",
	"postgresql://h/d?password=" PST_MASK "&x=y"},
    {"smtp://h:25", "smtp://h:25"},
};

static void
test_mask(void **state)
{
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	FOR_ROWS(i, mask_rows, mask_rows[i].text) {
		const char *got = pst_mask_passwords(arena, mask_rows[i].text);

		if (strcmp(got, mask_rows[i].shown) != 0)
			fail_msg("%s", got);
	}
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_advice),
	    cmocka_unit_test(test_mask),
	};

	return cmocka_run_group_tests(tests, config_begin, config_end);
}
