/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "report/aggregate.h"

static const struct pst_aggregate_head plain_head = {
    .org_name = "Gateway Example",
    .email = "dmarc@gateway.example",
    .contact = "",
    .report_id = "3v98abbp8ya9n3va8yr8oa3ya",
    .begin_s = 1795392000,
    .end_s = 1795478399,
    .error = "",
    .policy =
	{
	    .domain = "example.com",
	    .adkim = "r",
	    .aspf = "s",
	    .p = "quarantine",
	    .sp = "none",
	    .np = "reject",
	    .testing = "y",
	    .fo = "0",
	    .discovery = "treewalk",
	},
};

static const struct pst_report_row plain_record = {
    .source_ip = "192.0.2.123",
    .disposition = "pass",
    .dkim = "pass",
    .spf = "fail",
    .reason = "",
    .comment = "",
    .header_from = "example.com",
    .envelope_from = "",
    .envelope_to = "",
    .auth = "dkim example.com abc123 pass\nspf mail.example.com fail\n",
};

static bool
keep(void *arg, const void *ptr, size_t len)
{
	pst_buf_add(arg, (struct pst_str){ptr, len});
	return true;
}

static const char *
write_report(struct pst_arena *arena, enum pst_report_compat form,
    const struct pst_aggregate_head *head, const struct pst_report_row *record)
{
	struct pst_buf *buf = pst_arena_alloc(arena, sizeof(*buf));
	struct pst_aggregate *report;

	pst_buf_init(buf, arena, 1 << 20);
	report = pst_aggregate_begin(
	    form, head, (struct pst_aggregate_sink){keep, buf});
	assert_true(pst_aggregate_add(report, record, 123));
	assert_true(pst_aggregate_end(report));
	return pst_buf_str(buf);
}

static void
test_rfc9990(void **state)
{
	static const char wanted[] =
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">\n"
	    " <version>1.0</version>\n"
	    " <report_metadata>\n"
	    "  <org_name>Gateway Example</org_name>\n"
	    "  <email>dmarc@gateway.example</email>\n"
	    "  <report_id>3v98abbp8ya9n3va8yr8oa3ya</report_id>\n"
	    "  <date_range>\n"
	    "   <begin>1795392000</begin>\n"
	    "   <end>1795478399</end>\n"
	    "  </date_range>\n"
	    "  <generator>Postern " PST_VERSION "</generator>\n"
	    " </report_metadata>\n"
	    " <policy_published>\n"
	    "  <domain>example.com</domain>\n"
	    "  <adkim>r</adkim>\n"
	    "  <aspf>s</aspf>\n"
	    "  <p>quarantine</p>\n"
	    "  <sp>none</sp>\n"
	    "  <np>reject</np>\n"
	    "  <testing>y</testing>\n"
	    "  <discovery_method>treewalk</discovery_method>\n"
	    "  <fo>0</fo>\n"
	    " </policy_published>\n"
	    " <record>\n"
	    "  <row>\n"
	    "   <source_ip>192.0.2.123</source_ip>\n"
	    "   <count>123</count>\n"
	    "   <policy_evaluated>\n"
	    "    <disposition>pass</disposition>\n"
	    "    <dkim>pass</dkim>\n"
	    "    <spf>fail</spf>\n"
	    "   </policy_evaluated>\n"
	    "  </row>\n"
	    "  <identifiers>\n"
	    "   <envelope_from></envelope_from>\n"
	    "   <header_from>example.com</header_from>\n"
	    "  </identifiers>\n"
	    "  <auth_results>\n"
	    "   <dkim>\n"
	    "    <domain>example.com</domain>\n"
	    "    <selector>abc123</selector>\n"
	    "    <result>pass</result>\n"
	    "   </dkim>\n"
	    "   <spf>\n"
	    "    <domain>mail.example.com</domain>\n"
	    "    <scope>mfrom</scope>\n"
	    "    <result>fail</result>\n"
	    "   </spf>\n"
	    "  </auth_results>\n"
	    " </record>\n"
	    "</feedback>\n";
	struct pst_arena *arena = pst_arena_new();

	(void)state;
	assert_string_equal(
	    write_report(arena, PST_REPORT_RFC9990, &plain_head, &plain_record),
	    wanted);
	pst_arena_free(arena);
}

/* R-AGG-9. */
static void
test_rfc7489(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_report_row record = plain_record;
	const char *text;

	(void)state;
	record.reason = "policy_test_mode";
	record.comment = "t=y";
	record.envelope_from = "bounce.example.com";
	record.auth = "dkim example.com abc123 pass\n";
	text = write_report(arena, PST_REPORT_RFC7489, &plain_head, &record);
	assert_non_null(strstr(text, "<feedback>\n"));
	assert_non_null(strstr(text, "<disposition>none</disposition>"));
	assert_non_null(strstr(text, "<type>other</type>"));
	assert_non_null(strstr(text, "<comment>t=y</comment>"));
	assert_non_null(strstr(text,
	    "   <spf>\n    <domain>bounce.example.com</domain>\n"
	    "    <scope>mfrom</scope>\n    <result>none</result>\n"));
	assert_null(strstr(text, "<np>"));
	assert_null(strstr(text, "<testing>"));
	assert_null(strstr(text, "<discovery_method>"));
	assert_null(strstr(text, "<generator>"));
	pst_arena_free(arena);
}

static void
test_optional(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_aggregate_head head = plain_head;
	struct pst_report_row record = plain_record;
	const char *text;

	(void)state;
	head.contact = "https://gateway.example/dmarc";
	head.error = "several DMARC records at one name";
	record.reason = "mailing_list";
	record.envelope_to = "rcpt.example";
	record.auth = "spf example.com none\n";
	text = write_report(arena, PST_REPORT_RFC9990, &head, &record);
	assert_non_null(strstr(text,
	    "<extra_contact_info>https://gateway.example/dmarc"
	    "</extra_contact_info>"));
	assert_non_null(
	    strstr(text, "<error>several DMARC records at one name</error>"));
	assert_non_null(strstr(text, "<type>mailing_list</type>"));
	assert_null(strstr(text, "<comment>"));
	assert_non_null(
	    strstr(text, "<envelope_to>rcpt.example</envelope_to>"));
	assert_null(strstr(text, "<dkim>\n"));
	pst_arena_free(arena);
}

/* R-AGG-18. */
static void
test_hostile(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_report_row record = plain_record;
	char longer[3000];
	const char *text;

	(void)state;
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	record.comment = "</comment><evil a=\"&x;\">\x01\n\x80\xc3\xa9"
			 "\xef\xbf\xbf\xed\xa0\x80]]>";
	record.reason = "no such reason";
	record.disposition = "<b>";
	record.dkim = "maybe";
	record.header_from = longer;
	record.auth = "dkim a&b s<s PASS\ndkim broken\nspf x unknown\n";
	text = write_report(arena, PST_REPORT_RFC9990, &plain_head, &record);
	assert_true(pst_str_is_utf8(pst_str(text)));
	assert_null(strstr(text, "<evil"));
	assert_non_null(strstr(text, "&lt;/comment&gt;&lt;evil a="));
	assert_non_null(strstr(text, "???\xc3\xa9????]]&gt;</comment>"));
	assert_non_null(strstr(text, "<type>other</type>"));
	assert_non_null(strstr(text, "<disposition>none</disposition>"));
	assert_non_null(strstr(text, "    <dkim>fail</dkim>"));
	assert_non_null(strstr(text, "<domain>a&amp;b</domain>"));
	assert_non_null(strstr(text, "<selector>s&lt;s</selector>"));
	longer[255] = '\0';
	assert_non_null(strstr(text,
	    pst_arena_printf(arena, "<header_from>%s</header_from>", longer)));
	pst_arena_free(arena);
}

static bool
refuse(void *arg, const void *ptr, size_t len)
{
	size_t *left = arg;

	(void)ptr;
	if (*left < len)
		return false;
	*left -= len;
	return true;
}

static void
test_refusal(void **state)
{
	size_t left = 1500;
	struct pst_aggregate *report = pst_aggregate_begin(PST_REPORT_RFC9990,
	    &plain_head, (struct pst_aggregate_sink){refuse, &left});

	(void)state;
	assert_true(pst_aggregate_add(report, &plain_record, 1));
	assert_false(pst_aggregate_add(report, &plain_record, 1));
	assert_false(pst_aggregate_add(report, &plain_record, 1));
	assert_false(pst_aggregate_end(report));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rfc9990),
	    cmocka_unit_test(test_rfc7489),
	    cmocka_unit_test(test_optional),
	    cmocka_unit_test(test_hostile),
	    cmocka_unit_test(test_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
