/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "feedback/xml_reader.h"
#include "tests/unit/rows.h"

#define LENGTH_OF(array) (PST_COUNT(array))
#define MB ((size_t)1024 * 1024)

#define METADATA                                                               \
	"<report_metadata><org_name> Org </org_name><email>a@b.example"        \
	"</email><report_id>id-1</report_id><date_range><begin>86400</begin>"  \
	"<end>172799</end></date_range></report_metadata>"
#define POLICY                                                                 \
	"<policy_published><domain>Example.ORG</domain><p>reject</p>"          \
	"</policy_published>"
#define EVALUATED                                                              \
	"<policy_evaluated><disposition>none</disposition><dkim>pass</dkim>"   \
	"<spf>fail</spf></policy_evaluated>"
#define IDENTIFIERS                                                            \
	"<identifiers><header_from>example.org</header_from></identifiers>"
#define RECORD                                                                    \
	"<record><row><source_ip>192.0.2.1</source_ip><count>2</count>" EVALUATED \
	"</row>" IDENTIFIERS "</record>"
#define ODD(ip, count, disposition, dkim, from)                                \
	"<record><row><source_ip>" ip "</source_ip><count>" count "</count>"   \
	"<policy_evaluated><disposition>" disposition                          \
	"</disposition><dkim>" dkim                                            \
	"</dkim><spf>fail</spf></policy_evaluated></row><identifiers>"         \
	"<header_from>" from "</header_from></identifiers></record>"
#define REPORT(inside) "<feedback>" METADATA POLICY inside "</feedback>"

/*
 * "org id domain begin-end:", " ip count disposition dkim spf from;" for each
 * row, " note: text" for each note, and " fault: text".
 */
static const char *
summary(struct pst_arena *arena, const struct pst_feedback *feedback)
{
	const struct pst_feedback_note *note;
	const struct pst_feedback_row *row;
	struct pst_buf buf;

	pst_buf_init(&buf, arena, 65536);
	pst_buf_printf(&buf, "%s %s %s %lld-%lld:", feedback->org,
	    feedback->report_id, feedback->domain, (long long)feedback->begin_s,
	    (long long)feedback->end_s);
	for (row = feedback->rows; row != NULL; row = row->next)
		pst_buf_printf(&buf, " %s %lld %s %s %s %s;", row->source_ip,
		    (long long)row->count, row->disposition, row->dkim,
		    row->spf, row->header_from);
	for (note = feedback->notes; note != NULL; note = note->next)
		pst_buf_printf(&buf, " note: %s", note->text);
	if (feedback->fault[0] != '\0')
		pst_buf_printf(&buf, " fault: %s", feedback->fault);
	return pst_buf_str(&buf);
}

/* Reads a copy of xml that no NUL follows; returns a summary or the error. */
static const char *
read_text(struct pst_arena *arena, struct pst_str xml)
{
	char *exact = malloc(xml.len == 0 ? 1 : xml.len);
	struct pst_feedback feedback;
	struct pst_err err = {""};
	const char *result;

	assert_non_null(exact);
	if (xml.len > 0)
		memcpy(exact, xml.ptr, xml.len);
	result = pst_feedback_xml_read(
		     arena, (struct pst_str){exact, xml.len}, &feedback, &err) ?
	    summary(arena, &feedback) :
	    pst_arena_printf(arena, "refused: %s", err.text);
	free(exact);
	return result;
}

static void
expect(const char *label, struct pst_str xml, const char *wanted)
{
	struct pst_arena *arena = pst_arena_new();
	const char *got = read_text(arena, xml);

	if (strstr(got, wanted) == NULL ||
	    (wanted[0] == 'O' && strcmp(got, wanted) != 0))
		fail_msg("%s: \"%s\", not \"%s\"", label, got, wanted);
	pst_arena_free(arena);
}

#define PLAIN                                                                  \
	"Org id-1 example.org 86400-172799: 192.0.2.1 2 none pass fail "       \
	"example.org;"
#define LEFT_OUT(number, why) " note: record " number " is left out: " why
#define IGNORED " note: what follows the end of the report is ignored"
#define LATIN1 " note: some octets are not UTF-8 and were read as Latin-1"
#define NO_ROWS "Org id-1 example.org 86400-172799:"

static const struct {
	const char *label;
	const char *xml;
	const char *wanted;
} rows[] = {
    {"plain", REPORT(RECORD), PLAIN},
    {"declaration", "<?xml version=\"1.0\"?>\n" REPORT(RECORD), PLAIN},
    {"byte order mark", "\xef\xbb\xbf" REPORT(RECORD), PLAIN},
    {"Latin-1",
	"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>" REPORT(RECORD),
	PLAIN},
    {"namespace of RFC 9990",
	"<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">" METADATA POLICY
	    RECORD "</feedback>",
	PLAIN},
    {"namespace of RFC 7489",
	"<feedback xmlns=\"http://dmarc.org/dmarc-xml/0.1\">" METADATA POLICY
	    RECORD "</feedback>",
	PLAIN},
    {"prefix",
	"<d:feedback xmlns:d=\"urn:ietf:params:xml:ns:dmarc-2.0\">" METADATA
	    POLICY RECORD "</d:feedback>",
	PLAIN},
    {"unbound prefix", REPORT(RECORD "<x:y/>"), PLAIN},
    {"unknown elements",
	REPORT("<a><b><record><row/></record></b></a>" RECORD
	       "<extension><record/></extension>"),
	PLAIN},
    {"extension in a namespace",
	REPORT(RECORD "<record xmlns=\"urn:x\"><row/></record>"), PLAIN},
    {"comments, sections, references",
	REPORT("<!-- > -->"
	       "<record><row><source_ip><![CDATA[192.0]]>.2.&#49;"
	       "</source_ip><count>2</count>" EVALUATED "</row>" IDENTIFIERS
	       "</record>"),
	PLAIN},
    {"capitals",
	REPORT("<record><row><source_ip>192.0.2.1</source_ip><count>2</count>"
	       "<policy_evaluated><disposition>NONE</disposition><dkim>Pass"
	       "</dkim><spf>FAIL</spf></policy_evaluated></row><identifiers>"
	       "<header_from>EXAMPLE.org.</header_from></identifiers>"
	       "</record>"),
	PLAIN},
    {"other order",
	"<feedback>"
	"<record>" IDENTIFIERS "<row>" EVALUATED
	"<count> 2 </count><source_ip>\n::ffff:192.0.2.1\n</source_ip></row>"
	"</record>" POLICY METADATA "</feedback>",
	PLAIN},
    {"twice: the first",
	REPORT(
	    "<record><row><source_ip>192.0.2.1</source_ip><source_ip>::1"
	    "</source_ip><count>2</count><count>3</count>" EVALUATED EVALUATED
	    "</row>" IDENTIFIERS "</record>"),
	PLAIN},
    {"text around children",
	REPORT("<record>x<row>y<source_ip>192.0.2.1<z>9</z></source_ip>"
	       "<count>2</count>" EVALUATED "</row>" IDENTIFIERS "</record>"),
	PLAIN},
    /* records by themselves */
    {"no record", REPORT(""), NO_ROWS},
    {"null report", REPORT(ODD("", "0", "none", "pass", "a.example")), NO_ROWS},
    {"null report without results",
	REPORT("<record><row><source_ip/><count>0</count></row></record>"),
	NO_ROWS},
    {"no messages from an address",
	REPORT(ODD("::1", "0", "none", "pass", "a.example")),
	NO_ROWS LEFT_OUT("1", "count is 0")},
    {"count of a float",
	REPORT(ODD("192.0.2.1", "2.0", "none", "pass", "example.org")), PLAIN},
    {"count with a fraction",
	REPORT(RECORD ODD("::1", "2.5", "none", "pass", "a.example")),
	PLAIN LEFT_OUT("2", "count is not a number of messages")},
    {"negative count",
	REPORT(RECORD ODD("::1", "-3", "none", "pass", "a.example")),
	PLAIN LEFT_OUT("2", "count is not a number of messages")},
    {"empty count", REPORT(RECORD ODD("::1", "", "none", "pass", "a.example")),
	PLAIN LEFT_OUT("2", "count is not a number of messages")},
    {"count above all sense",
	REPORT(RECORD ODD("::1", "1000000001", "none", "pass", "a.example")),
	PLAIN LEFT_OUT("2", "count is not a number of messages")},
    {"address", REPORT(RECORD ODD("host", "1", "none", "pass", "a.example")),
	PLAIN LEFT_OUT("2", "source_ip is not an address")},
    {"no address, but messages",
	REPORT(RECORD ODD("", "1", "none", "pass", "a.example")),
	PLAIN LEFT_OUT("2", "source_ip is not an address")},
    {"disposition",
	REPORT(RECORD ODD("::1", "1", "deleted", "pass", "a.example")),
	PLAIN LEFT_OUT("2", "disposition is missing or unknown")},
    {"no disposition", REPORT(ODD("::1", "1", "", "pass", "a.example") RECORD),
	PLAIN LEFT_OUT("1", "disposition is missing or unknown")},
    {"dkim", REPORT(RECORD ODD("::1", "1", "none", "none", "a.example")),
	PLAIN LEFT_OUT("2", "dkim is neither pass nor fail")},
    {"no From domain", REPORT(RECORD ODD("::1", "1", "none", "pass", "")),
	PLAIN LEFT_OUT("2", "header_from is missing")},
    /* odd, but valid */
    {"no org_name",
	"<feedback><report_metadata><report_id>1</report_id><date_range><begin>"
	"5</begin><end>6</end></date_range></report_metadata>" POLICY RECORD
	"</feedback>",
	" 1 example.org 5-6: 192.0.2.1 2 none pass fail example.org; note: "
	"org_name is missing"},
    {"decimal dates",
	"<feedback><report_metadata><org_name>O</org_name><report_id>1"
	"</report_id><date_range><begin>5.0</begin><end>6.75</end></date_range>"
	"</report_metadata>" POLICY RECORD "</feedback>",
	"O 1 example.org 5-6: 192.0.2.1 2 none pass fail example.org; note: "
	"date_range has fractions of seconds"},
    {"rubbish after it", REPORT(RECORD) "\n\nrubbish", PLAIN IGNORED},
    {"a tag after it", REPORT(RECORD) "</feedback>", PLAIN IGNORED},
    {"another report after it", REPORT(RECORD) REPORT(RECORD), PLAIN IGNORED},
    {"Latin-1 undeclared",
	"<feedback>" METADATA POLICY RECORD "\n<a>M\xfcller</a></feedback>",
	PLAIN LATIN1},
    {"Latin-1 that says UTF-8",
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>" REPORT(
	    RECORD "<a>\xff\xfe \xc3\xbc</a>"),
	PLAIN LATIN1},
    {"UTF-8 that says ASCII",
	"<?xml version=\"1.0\" encoding=\"us-ascii\"?>" REPORT(
	    RECORD "<a>\xc3\xbc</a>"),
	PLAIN},
    {"ASCII that says UTF-16",
	"<?xml version=\"1.0\" encoding=\"UTF-16\"?>" REPORT(RECORD), PLAIN},
    {"ASCII that says utf-16le",
	"\r\n<?xml version='1.0' encoding = 'utf-16le' standalone='no' ?>\r\n" REPORT(
	    RECORD),
	PLAIN},
    {"UTF-8 by another name",
	"<?xml version=\"1.0\" encoding=\"utf8\"?>" REPORT(RECORD), PLAIN},
    {"schema around it",
	"<?xml version=\"1.0\"?>\n<xs:schema xmlns:xs=\"urn:x\" "
	"xmlns=\"urn:y\">\n" REPORT(RECORD) "\n</xs:schema>",
	PLAIN},
    {"schema around it, without an end",
	"<xs:schema xmlns:xs=\"urn:x\">" REPORT(RECORD), PLAIN},
    {"schema inside, without an end",
	REPORT("<xs:schema xmlns:xs=\"urn:x\">" RECORD), PLAIN},
    {"schema inside, empty", REPORT("<xs:schema/>" RECORD), PLAIN},
    /* invalid, but read */
    {"nothing", "<feedback/>",
	"  0-0: note: org_name is missing fault: report_id is missing"},
    {"no id",
	"<feedback><report_metadata><org_name>O</org_name></report_metadata>"
	"</feedback>",
	"O   0-0: fault: report_id is missing"},
    {"end before begin",
	"<feedback><report_metadata><org_name>O</org_name><report_id>1"
	"</report_id><date_range><begin>5</begin><end>4</end></date_range>"
	"</report_metadata></feedback>",
	"O 1  5-4: fault: date_range is missing or is not a period"},
    {"no domain", "<feedback>" METADATA RECORD "</feedback>",
	"Org id-1  86400-172799: 192.0.2.1 2 none pass fail example.org; "
	"fault: policy_published has no domain"},
    {"no record can be counted", REPORT("<record/><record/>"),
	NO_ROWS LEFT_OUT("1", "source_ip is not an address") LEFT_OUT("2",
	    "source_ip is not an address") " fault: record 1: source_ip is not an address"},
    {"cut short", "<feedback>" METADATA POLICY RECORD "\n<record><row>",
	PLAIN " fault: the XML is broken or cut short at line 2"},
    {"wrong nesting", "<feedback>" METADATA POLICY RECORD "</a></feedback>",
	PLAIN " fault: the XML is broken or cut short at line 1"},
    /* refused */
    {"empty", "", "refused: is empty, so it is not a report"},
    {"no XML", "<", "refused: begins like XML but is not XML"},
    {"other root", "<html><body/></html>", "root is not \"feedback\""},
    {"feedback inside", "<a><feedback/></a>", "root is not \"feedback\""},
    {"document type", "<!DOCTYPE feedback>" REPORT(RECORD),
	"refused: has a document type (<!DOCTYPE)"},
    {"external document type",
	"<!DOCTYPE feedback SYSTEM \"file:///etc/passwd\">" REPORT(RECORD),
	"refused: has a document type (<!DOCTYPE)"},
    {"external entity",
	"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
	"<feedback>&x;</feedback>",
	"refused: has a document type (<!DOCTYPE)"},
    {"entity bomb",
	"<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\">"
	"<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
	"<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">"
	"<!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">]>"
	"<feedback>&d;&d;&d;</feedback>",
	"refused: has a document type (<!DOCTYPE)"},
    {"parameter entity",
	"<!DOCTYPE a [<!ENTITY % p \"<!ENTITY q 'x'>\"> %p;]><feedback/>",
	"refused: has a document type (<!DOCTYPE)"},
    {"ill-formed document type",
	"<!DOCTYPE?feedback [<!ENTITY a \"b\">]><feedback>&a;</feedback>",
	"refused: begins like XML but is not XML"},
    {"undeclared entity", REPORT("<a>&x;</a>"), "refused: refers to an entity"},
    {"entity in an attribute", REPORT("<a b=\"&x;\"/>"),
	"refused: refers to an entity"},
    {"UTF-7", "<?xml version=\"1.0\" encoding=\"UTF-7\"?><feedback/>",
	"refused: is XML in a character set"},
    {"EBCDIC", "<?xml version=\"1.0\" encoding=\"IBM037\"?><feedback/>",
	"refused: "},
};

static void
test_rows(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label)
		expect(rows[i].label, pst_str(rows[i].xml), rows[i].wanted);
}

/* Everything that is read in addition to the summary. */
static void
test_details(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_str xml = PST_STR(
	    "<feedback><version>1.0</version><report_metadata><error>e</error>"
	    "<generator>g</generator><extra_contact_info>c"
	    "</extra_contact_info></report_metadata><policy_published>"
	    "<sp>none</sp><np>QUARANTINE</np><adkim>r</adkim><aspf>s</aspf>"
	    "<fo>1</fo><pct>50</pct><testing>y</testing><discovery_method>"
	    "treewalk</discovery_method></policy_published><record><row>"
	    "<source_ip>::1</source_ip><count>1</count><policy_evaluated>"
	    "<disposition>none</disposition><dkim>pass</dkim><spf>pass</spf>"
	    "<reason><type>Sampled_Out</type><comment>x &lt;"
	    "</comment></reason><reason><type>other</type></reason>"
	    "</policy_evaluated></row><identifiers><header_from>a.example"
	    "</header_from><envelope_from>b.example"
	    "</envelope_from><envelope_to>t.example</envelope_to>"
	    "</identifiers><auth_results><dkim><domain>D.example</domain>"
	    "<selector>S</selector><result>PASS</result></dkim><spf><domain>"
	    "s.example</domain><scope>helo</scope><result>SoftFail</result>"
	    "<human_result>h</human_result></spf></auth_results></record>"
	    "</feedback>");
	struct pst_feedback f;

	(void)state;
	assert_true(pst_feedback_xml_read(arena, xml, &f, NULL));
	assert_int_equal(f.kind, PST_FEEDBACK_AGGREGATE);
	assert_string_equal(f.version, "1.0");
	assert_string_equal(f.error, "e");
	assert_string_equal(f.generator, "g");
	assert_string_equal(f.contact, "c");
	assert_string_equal(f.sp, "none");
	assert_string_equal(f.np, "quarantine");
	assert_string_equal(f.aspf, "s");
	assert_string_equal(f.pct, "50");
	assert_string_equal(f.testing, "y");
	assert_string_equal(f.discovery, "treewalk");
	const struct pst_feedback_row *row = f.rows;
	assert_string_equal(row->envelope_from, "b.example");
	assert_string_equal(row->envelope_to, "t.example");
	assert_string_equal(row->reasons->type, "sampled_out");
	assert_string_equal(row->reasons->comment, "x <");
	assert_string_equal(row->reasons->next->type, "other");
	assert_null(row->reasons->next->next);
	assert_false(row->auths->is_spf);
	assert_string_equal(row->auths->domain, "d.example");
	assert_string_equal(row->auths->selector, "S");
	assert_string_equal(row->auths->result, "pass");
	assert_true(row->auths->next->is_spf);
	assert_string_equal(row->auths->next->scope, "helo");
	assert_string_equal(row->auths->next->result, "softfail");
	assert_string_equal(row->auths->next->human_result, "h");
	pst_arena_free(arena);
}

/* Returns head, middle n times, and tail; the caller frees it. */
static struct pst_str
repeat(const char *head, const char *middle, size_t n, const char *tail)
{
	size_t head_len = strlen(head), middle_len = strlen(middle),
	       tail_len = strlen(tail);
	size_t len = head_len + n * middle_len + tail_len;
	char *text = malloc(len);
	char *at = text;

	assert_non_null(text);
	memcpy(at, head, head_len);
	for (at += head_len; n > 0; n--, at += middle_len)
		memcpy(at, middle, middle_len);
	memcpy(at, tail, tail_len);
	return (struct pst_str){text, len};
}

static void
test_limits(void **state)
{
	static const struct {
		const char *head, *middle;
		size_t n;
		const char *tail;
		const char *wanted;
	} limits[] = {
	    {"<feedback>", "<a>", PST_FEEDBACK_MAX_DEPTH - 1, "", "cut short"},
	    {"<feedback>", "<a>", PST_FEEDBACK_MAX_DEPTH, "",
		"refused: has elements nested more than 32"},
	    {"<feedback>", "<a>", 1000000, "",
		"refused: has elements nested more than 32"},
	    {"<feedback>", "<record/>", PST_FEEDBACK_MAX_ROWS + 1,
		"</feedback>", "refused: has more than 100000 records"},
	    {"<feedback><record><auth_results>", "<dkim/>",
		PST_FEEDBACK_MAX_DETAILS + 1, "",
		"refused: has more than 500000 signatures"},
	    {"<feedback><record><row><policy_evaluated>", "<reason/>",
		PST_FEEDBACK_MAX_DETAILS + 1, "",
		"refused: has more than 500000 signatures"},
	    {"<feedback ", "a=\"\" ", PST_FEEDBACK_MAX_TAG, "/>",
		"refused: has a tag or comment of more than 64 KB"},
	    {"<feedback/><!--", " ", PST_FEEDBACK_MAX_TAG, "-->",
		"refused: has a tag or comment of more than 64 KB"},
	    {"<feedback/><!--", "x", 20 * MB, ">-->",
		"refused: has a tag or comment of more than 64 KB"},
	    {"<feedback><report_metadata><email>", "x", 20 * MB,
		"</email></report_metadata></feedback>",
		"fault: report_id is missing"},
	    {"<feedback>", "<a></a>", 2 * MB, "</feedback>",
		"fault: report_id is missing"},
	};

	(void)state;
	FOR_ROWS(i, limits, limits[i].head) {
		struct pst_str xml = repeat(limits[i].head, limits[i].middle,
		    limits[i].n, limits[i].tail);

		expect(limits[i].wanted, xml, limits[i].wanted);
		free((void *)(uintptr_t)xml.ptr);
	}
}

/* The names differ, because repeating a name is an error. */
static void
test_attributes(void **state)
{
	static const struct {
		const char *prefix;
		int most;
	} forms[] = {{"a", PST_FEEDBACK_MAX_ATTRIBUTES},
	    {"xmlns:a", PST_FEEDBACK_MAX_NAMESPACES}};

	(void)state;
	FOR_ROWS(i, forms, forms[i].prefix) {
		for (int n = forms[i].most; n <= forms[i].most + 1; n++) {
			struct pst_arena *arena = pst_arena_new();
			struct pst_buf buf;

			pst_buf_init(&buf, arena, 65536);
			pst_buf_add_text(&buf, "<feedback");
			for (int k = 0; k < n; k++)
				pst_buf_printf(
				    &buf, " %s%d=\"u\"", forms[i].prefix, k);
			pst_buf_add_text(&buf, "/>");
			expect(forms[i].prefix, pst_buf_slice(&buf),
			    n == forms[i].most ?
				"fault: report_id is missing" :
				"refused: has an element with more than 64");
			pst_arena_free(arena);
		}
	}
}

/* Long text is cut at the end of a character; leading blanks do not count. */
static void
test_long_text(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_str xml =
	    repeat("<feedback><report_metadata><org_name>\n\n  x", "\xc3\xa4",
		5000, "</org_name></report_metadata></feedback>");
	struct pst_feedback feedback;

	(void)state;
	assert_true(pst_feedback_xml_read(arena, xml, &feedback, NULL));
	assert_int_equal(strlen(feedback.org), 1023);
	assert_true(pst_str_is_utf8(pst_str(feedback.org)));
	free((void *)(uintptr_t)xml.ptr);
	pst_arena_free(arena);
}

static void
test_utf16(void **state)
{
	static const struct {
		const char *label;
		const char *mark;
		bool is_big;
		const char *text;
	} forms[] = {
	    {"little-endian", "\xff\xfe", false, REPORT(RECORD)},
	    {"big-endian", "\xfe\xff", true, REPORT(RECORD)},
	    {"without a mark", "", false,
		"<?xml version=\"1.0\" encoding=\"UTF-16\"?>" REPORT(RECORD)},
	    {"big-endian without a mark", "", true,
		"<?xml version=\"1.0\" encoding=\"UTF-16BE\"?>" REPORT(RECORD)},
	};

	(void)state;
	FOR_ROWS(i, forms, forms[i].label) {
		char wide[4096];
		size_t len = strlen(forms[i].mark);

		memcpy(wide, forms[i].mark, len);
		for (const char *at = forms[i].text; *at != '\0'; at++) {
			wide[len + forms[i].is_big] = *at;
			wide[len + !forms[i].is_big] = '\0';
			len += 2;
		}
		assert_true(
		    pst_feedback_xml_is_report((struct pst_str){wide, len}));
		expect(forms[i].label, (struct pst_str){wide, len}, PLAIN);
	}
}

/* Which XML is a report, as far as its beginning tells. */
static void
test_is_report(void **state)
{
	static const struct {
		const char *xml;
		bool is_report;
	} texts[] = {
	    {"<feedback>", true},
	    {"\xef\xbb\xbf\r\n<?xml?><!-- <a> --><x:feedback/>", true},
	    {"<feedback\nxmlns=\"u\">", true},
	    {"<xs:schema a='>'><feedback>", false},
	    {"<?xml?><schema>\n<feedback>", true},
	    {"</xs:schema><feedback>", true},
	    {"<feedback\x01>", false},
	    {"<!DOCTYPE feedback [", true},
	    {"<!DOCTYPE html><feedback>", false},
	    {"<feedbacks>", false},
	    {"<html><feedback>", false},
	    {"<?xml", false},
	    {"<!--", false},
	    {"<", false},
	    {"x<feedback>", false},
	    {"", false},
	};

	(void)state;
	FOR_ROWS(i, texts, texts[i].xml)
		assert_int_equal(
		    pst_feedback_xml_is_report(pst_str(texts[i].xml)),
		    texts[i].is_report);
}

/* Notes are bounded, the number of records that are left out is not. */
static void
test_many_left_out(void **state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_str xml = repeat("<feedback>" METADATA POLICY RECORD,
	    ODD("::1", "1", "", "pass", "a.example"), 30, "</feedback>");
	struct pst_feedback f;

	(void)state;
	assert_true(pst_feedback_xml_read(arena, xml, &f, NULL));
	assert_string_equal(f.fault, "");
	assert_int_equal(f.note_count, PST_FEEDBACK_MAX_NOTES);
	assert_int_equal(f.left_out, 30);
	assert_int_equal(f.row_count, 1);
	assert_int_equal(f.record_count, 31);
	assert_int_equal(f.messages, 2);
	free((void *)(uintptr_t)xml.ptr);
	pst_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_details),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_attributes),
	    cmocka_unit_test(test_long_text),
	    cmocka_unit_test(test_utf16),
	    cmocka_unit_test(test_is_report),
	    cmocka_unit_test(test_many_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
