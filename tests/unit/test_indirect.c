/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/macros.h"
#include "core/indirect.h"
#include "tests/unit/policy_fixture.h"
#include "tests/unit/rows.h"

static void
test_fields(void **state)
{
	static const struct {
		const char *label, *name, *value, *want;
	} rows[] = {
	    {"list id", "LIST-ID", " <x.example>", "List-Id"},
	    {"list id without a value", "List-Id", "", "List-Id"},
	    {"list post", "List-Post", " NO", "List-Post"},
	    {"mailing list", "mailing-list", " x", "Mailing-List"},
	    {"blank before the colon", "List-Id ", " <x.example>", "List-Id"},
	    {"precedence", "Precedence", " list", "Precedence"},
	    {"case and fold", "PRECEDENCE", "\n\tLIST ", "Precedence"},
	    {"bulk", "Precedence", " bulk", NULL},
	    {"longer word", "Precedence", " listed", NULL},
	    {"two words", "Precedence", " list, bulk", NULL},
	    {"unsubscribe is any newsletter", "List-Unsubscribe", " <x>", NULL},
	    {"other field", "X-List-Id", " x", NULL},
	};
	const struct pst_header_limits limits = {10, 1000, 1000};
	struct pst_config config = defaults();
	struct pst_findings findings = {.exempt = PST_EXEMPT_NO};
	struct pst_header header;

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		pst_header_init(&header, arena, limits);
		(void)pst_header_add(&header, PST_STR("To"), PST_STR(" x"));
		(void)pst_header_add(
		    &header, pst_str(rows[i].name), pst_str(rows[i].value));
		const char *got =
		    pst_indirect_signs(arena, &config, &header, &findings);
		if ((got == NULL) != (rows[i].want == NULL) ||
		    (got != NULL && strcmp(got, rows[i].want) != 0))
			fail_msg("%s", got ? got : "-");
	}
}

static void
test_several_fields(void **state)
{
	const struct pst_header_limits limits = {10, 1000, 1000};
	struct pst_config config = defaults();
	struct pst_findings findings = {.exempt = PST_EXEMPT_NO};
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, limits);
	(void)pst_header_add(&header, PST_STR("Precedence"), PST_STR(" bulk"));
	assert_null(pst_indirect_signs(arena, &config, &header, &findings));
	(void)pst_header_add(&header, PST_STR("Precedence"), PST_STR(" list"));
	(void)pst_header_add(&header, PST_STR("List-Post"), PST_STR(" NO"));
	(void)pst_header_add(&header, PST_STR("List-Id"), PST_STR(" <x>"));
	assert_string_equal(
	    pst_indirect_signs(arena, &config, &header, &findings),
	    "List-Id,List-Post,Precedence");
}

/* Local parts as forwarders and mailing lists write them in MAIL FROM. */
static void
test_local_parts(void **state)
{
	static const struct {
		const char *local, *want;
	} rows[] = {
	    {"", NULL},
	    {"joe", NULL},
	    {"srs", NULL},
	    {"SRS0", NULL},
	    {"SRS2=a=b=c=d", NULL},
	    {"SRS0=HHH=TT=orig.example=joe", "SRS"},
	    {"srs1+HHH=x.example==HHH=TT=y.example=joe", "SRS"},
	    {"SRS0-HHH-TT-orig.example-joe", "SRS"},
	    {"talk-bounces", "bounce-address"},
	    {"talk-bounces+joe=x.example", "bounce-address"},
	    {"talk-return-17-joe=x.example", "bounce-address"},
	    {"owner-talk", "bounce-address"},
	    {"talk-owner", "bounce-address"},
	    {"bounces+1234", NULL},
	    {"owner", NULL},
	    {"return-", NULL},
	};
	const struct pst_header_limits limits = {10, 1000, 1000};
	struct pst_config config = defaults();
	struct pst_header header;

	(void)state;
	pst_header_init(&header, arena, limits);
	FOR_ROWS(i, rows, rows[i].local) {
		struct pst_findings findings = {
		    .mail_from_local = pst_str(rows[i].local)};
		const char *got =
		    pst_indirect_signs(arena, &config, &header, &findings);

		if ((got == NULL) != (rows[i].want == NULL) ||
		    (got != NULL && strcmp(got, rows[i].want) != 0))
			fail_msg("%s", got ? got : "-");
	}
}

/* Signs in the findings of the checks and in the client's address. */
static void
test_findings(void **state)
{
	static const struct {
		const char *label;
		bool aligned, header_ok, body_failed;
		const char *sealer, *client, *want;
	} rows[] = {
	    {"nothing", false, false, false, NULL, "192.0.2.1", NULL},
	    {"footer", true, true, true, NULL, "192.0.2.1", "broken-body"},
	    {"a stranger's", false, true, true, NULL, "192.0.2.1", NULL},
	    {"header changed", true, false, true, NULL, "192.0.2.1", NULL},
	    {"whole", true, true, false, NULL, "192.0.2.1", NULL},
	    {"chain", false, false, false, "lists.example", "192.0.2.1", "ARC"},
	    {"forwarder", false, false, false, NULL, "198.51.100.7",
		"forwarder"},
	    {"all", true, true, true, "lists.example", "198.51.100.7",
		"forwarder,ARC,broken-body"},
	};
	const struct pst_header_limits limits = {10, 1000, 1000};
	struct pst_config config = defaults();
	struct pst_net forwarder;
	struct pst_header header;

	(void)state;
	assert_true(pst_net_parse(PST_STR("198.51.100.0/24"), &forwarder));
	config.forwarders.set = (struct pst_net_set){&forwarder, 1};
	pst_header_init(&header, arena, limits);
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_dkim_sig sig = {.aligned = rows[i].aligned,
		    .header_ok = rows[i].header_ok,
		    .body_failed = rows[i].body_failed};
		struct pst_findings findings = {.arc_sealer = rows[i].sealer};

		findings.dkim.sigs = &sig;
		findings.dkim.count = 1;
		assert_true(
		    pst_ip_parse(pst_str(rows[i].client), &findings.client));
		const char *got =
		    pst_indirect_signs(arena, &config, &header, &findings);
		if ((got == NULL) != (rows[i].want == NULL) ||
		    (got != NULL && strcmp(got, rows[i].want) != 0))
			fail_msg("%s", got ? got : "-");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_several_fields),
	    cmocka_unit_test(test_local_parts),
	    cmocka_unit_test(test_findings),
	};

	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
