/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "dns/wire.h"
#include "tests/unit/rows.h"

#define TYPE_CNAME 5
#define TYPE_SOA 6
#define FLAG_QR 0x8000
#define FLAG_TC 0x0200
#define NXDOMAIN 3

#define L63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"

/* ---- packets ---- */

struct packet {
	uint8_t octets[65535];
	size_t len;
};

static void
put(struct packet *packet, const void *octets, size_t len)
{
	assert_true(packet->len + len <= sizeof(packet->octets));
	memcpy(packet->octets + packet->len, octets, len);
	packet->len += len;
}

static void
put16(struct packet *packet, unsigned value)
{
	uint8_t octets[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	put(packet, octets, 2);
}

static void
put_name(struct packet *packet, const char *name)
{
	struct pst_str rest = pst_str(name);
	struct pst_str label;
	bool more = rest.len > 0;

	while (more && pst_str_split(&rest, '.', &label, &more)) {
		uint8_t len = (uint8_t)label.len;

		put(packet, &len, 1);
		put(packet, label.ptr, label.len);
	}
	put(packet, "", 1);
}

static void
put_record(struct packet *packet, const char *owner, unsigned type,
    unsigned ttl, struct pst_str data)
{
	put_name(packet, owner);
	put16(packet, type);
	put16(packet, 1);
	put16(packet, 0);
	put16(packet, ttl);
	put16(packet, (unsigned)data.len);
	put(packet, data.ptr, data.len);
}

struct record {
	const char *owner; /* NULL ends the list */
	unsigned type;
	unsigned ttl;
	struct pst_str data;
};

#define MAX_RECORDS 5

struct question {
	const char *name;
	unsigned type;
};

static void
build(struct packet *packet, unsigned flags, struct question question,
    const struct record *answers, const struct record *soa)
{
	size_t count = 0;

	while (count < MAX_RECORDS && answers[count].owner != NULL)
		count++;
	packet->len = 0;
	put16(packet, 0x1234);
	put16(packet, flags);
	put16(packet, 1);
	put16(packet, (unsigned)count);
	put16(packet, soa->owner != NULL);
	put16(packet, 0);
	put_name(packet, question.name);
	put16(packet, question.type);
	put16(packet, 1);
	for (size_t i = 0; i < count; i++)
		put_record(packet, answers[i].owner, answers[i].type,
		    answers[i].ttl, answers[i].data);
	if (soa->owner != NULL)
		put_record(packet, soa->owner, soa->type, soa->ttl, soa->data);
}

/* Returns the content of an answer as one line. */
static const char *
describe(const struct pst_dns_answer *answer, struct pst_arena *arena)
{
	const char *text;

	text = pst_arena_printf(arena, "%s %u",
	    pst_dns_status_word(answer->status), (unsigned)answer->ttl);
	for (size_t i = 0; i < answer->count; i++) {
		const struct pst_dns_record *record = &answer->records[i];
		char ip[PST_IP_TEXT_SIZE];

		text = pst_arena_printf(arena, "%s|%s%u:%zu:%s", text,
		    pst_ip_text(&record->ip, ip), record->preference,
		    record->data.len, record->data.ptr);
	}
	return text;
}

#define V4(last) PST_STR_INIT("\xc0\x00\x02" last)
#define V6 PST_STR_INIT("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01")
#define MAPPED PST_STR_INIT("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1")
#define TO_B PST_STR_INIT("\1b\7example\0")
#define TO_A PST_STR_INIT("\1A\7EXAMPLE\0")
#define SOA_900                                                                \
	{                                                                      \
		"example", TYPE_SOA, 1800,                                     \
		    PST_STR_INIT(                                              \
			"\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\3\x84")      \
	}

static const struct decode_row {
	const char *label;
	unsigned flags; /* here FLAG_QR means that QR is not set */
	const char *question;
	enum pst_dns_type type;
	struct record answers[MAX_RECORDS];
	struct record soa;
	const char *expected;
} decode_rows[] = {
    {"A", 0, "a.example", PST_DNS_A,
	{{"a.example", PST_DNS_A, 300, V4("\1")},
	    {"a.example", PST_DNS_A, 200, V4("\2")}},
	{0}, "NOERROR 200|192.0.2.10:0:|192.0.2.20:0:"},
    {"letter case", 0, "A.eXample", PST_DNS_A,
	{{"a.EXAMPLE", PST_DNS_A, 300, V4("\1")}}, {0},
	"NOERROR 300|192.0.2.10:0:"},
    {"AAAA", 0, "a.example", PST_DNS_AAAA,
	{{"a.example", PST_DNS_AAAA, 300, V6}}, {0},
	"NOERROR 300|2001:db8::10:0:"},
    {"other owners and types are left out", 0, "a.example", PST_DNS_A,
	{{"b.example", PST_DNS_A, 100, V4("\1")},
	    {"a.example", PST_DNS_AAAA, 100, V6},
	    {"a.example", PST_DNS_A, 300, V4("\2")}},
	{0}, "NOERROR 300|192.0.2.20:0:"},
    {"TXT strings are joined", 0, "a.example", PST_DNS_TXT,
	{{"a.example", PST_DNS_TXT, 300, PST_STR_INIT("\2ab\0\3c\0d")}}, {0},
	"NOERROR 300|0:5:abc"},
    {"TXT of the longest allowed length", 0, "a.example", PST_DNS_TXT,
	{{"a.example", PST_DNS_TXT, 300,
	    PST_STR_INIT("\x0a"
			 "0123456789")}},
	{0}, "NOERROR 300|0:10:0123456789"},
    {"TXT too long", 0, "a.example", PST_DNS_TXT,
	{{"a.example", PST_DNS_TXT, 300, PST_STR_INIT("\1a")},
	    {"a.example", PST_DNS_TXT, 300,
		PST_STR_INIT("\x0a"
			     "0123456789\1x")}},
	{0}, "SERVFAIL 0"},
    {"TXT string longer than its record", 0, "a.example", PST_DNS_TXT,
	{{"a.example", PST_DNS_TXT, 300, PST_STR_INIT("\5abc")}}, {0},
	"SERVFAIL 0"},
    {"MX", 0, "a.example", PST_DNS_MX,
	{{"a.example", PST_DNS_MX, 300, PST_STR_INIT("\0\x0a\1B\7Example\0")},
	    {"a.example", PST_DNS_MX, 300, PST_STR_INIT("\1\2\0")}},
	{0}, "NOERROR 300|10:9:b.example|258:0:"},
    {"PTR with odd octets", 0, "a.example", PST_DNS_PTR,
	{{"a.example", PST_DNS_PTR, 300, PST_STR_INIT("\3a\\ \1b\0")}}, {0},
	"NOERROR 300|0:5:a\\ .b"},
    {"a dot in a label is left out", 0, "a.example", PST_DNS_PTR,
	{{"a.example", PST_DNS_PTR, 300, PST_STR_INIT("\3a.b\0")},
	    {"a.example", PST_DNS_PTR, 300, TO_B}},
	{0}, "NOERROR 300|0:9:b.example"},
    {"a dot in the only label", 0, "a.example", PST_DNS_PTR,
	{{"a.example", PST_DNS_PTR, 300, PST_STR_INIT("\3a.b\0")}}, {0},
	"NODATA 0"},
    {"compression", 0, "a.example", PST_DNS_PTR,
	{{"a.example", PST_DNS_PTR, 300, PST_STR_INIT("\1b\xc0\x0e")}}, {0},
	"NOERROR 300|0:9:b.example"},
    {"compression loop", 0, "a.example", PST_DNS_PTR,
	{{"a.example", PST_DNS_PTR, 300, PST_STR_INIT("\1b\xc0\x30")}}, {0},
	"SERVFAIL 0"},
    {"CNAME", 0, "a.example", PST_DNS_A,
	{{"a.example", TYPE_CNAME, 60, TO_B},
	    {"b.example", PST_DNS_A, 300, V4("\1")}},
	{0}, "NOERROR 60|192.0.2.10:0:"},
    {"the CNAME itself", 0, "a.example", PST_DNS_CNAME,
	{{"a.example", TYPE_CNAME, 60, TO_B},
	    {"b.example", PST_DNS_A, 30, V4("\1")}},
	{0}, "NOERROR 60|0:9:b.example"},
    {"no CNAME", 0, "b.example", PST_DNS_CNAME,
	{{"b.example", PST_DNS_A, 30, V4("\1")}}, {0}, "NODATA 0"},
    {"CNAME after its target", 0, "a.example", PST_DNS_A,
	{{"B.example", PST_DNS_A, 30, V4("\1")},
	    {"a.example", TYPE_CNAME, 60, TO_B}},
	{0}, "NOERROR 30|192.0.2.10:0:"},
    {"CNAME to nothing", 0, "a.example", PST_DNS_A,
	{{"a.example", TYPE_CNAME, 60, TO_B}}, {0}, "NODATA 0"},
    {"CNAME to NXDOMAIN", NXDOMAIN, "a.example", PST_DNS_A,
	{{"a.example", TYPE_CNAME, 60, TO_B}}, SOA_900, "NXDOMAIN 60"},
    {"CNAME loop", 0, "a.example", PST_DNS_A,
	{{"a.example", TYPE_CNAME, 60, TO_B},
	    {"b.example", TYPE_CNAME, 60, TO_A}},
	{0}, "SERVFAIL 0"},
    {"CNAME to itself", 0, "a.example", PST_DNS_A,
	{{"a.example", TYPE_CNAME, 60, TO_A}}, {0}, "SERVFAIL 0"},
    {"CNAME through a label with a dot", 0, "a.example", PST_DNS_A,
	{{"a.example", TYPE_CNAME, 60, PST_STR_INIT("\3x.y\0")}}, {0},
	"NODATA 0"},
    {"NODATA", 0, "a.example", PST_DNS_A, {{0}}, {0}, "NODATA 0"},
    {"NODATA with SOA", 0, "a.example", PST_DNS_A, {{0}}, SOA_900,
	"NODATA 900"},
    {"NXDOMAIN", NXDOMAIN, "a.example", PST_DNS_A, {{0}}, SOA_900,
	"NXDOMAIN 900"},
    {"SERVFAIL", 2, "a.example", PST_DNS_A, {{0}}, SOA_900, "SERVFAIL 0"},
    {"REFUSED", 5, "a.example", PST_DNS_A, {{0}}, {0}, "SERVFAIL 0"},
    {"REFUSED with an answer", 5, "a.example", PST_DNS_A,
	{{"a.example", PST_DNS_A, 300, V4("\1")}}, {0}, "SERVFAIL 0"},
    {"truncated", FLAG_TC, "a.example", PST_DNS_A,
	{{"a.example", PST_DNS_A, 300, V4("\1")}}, {0}, "SERVFAIL 0"},
    {"a query", FLAG_QR, "a.example", PST_DNS_A,
	{{"a.example", PST_DNS_A, 300, V4("\1")}}, {0}, "SERVFAIL 0"},
    /* ldns drops the excess octet, which does no harm. */
    {"A of 5 octets", 0, "a.example", PST_DNS_A,
	{{"a.example", PST_DNS_A, 300, PST_STR_INIT("\xc0\0\2\1\5")}}, {0},
	"NOERROR 300|192.0.2.10:0:"},
    {"A of 3 octets", 0, "a.example", PST_DNS_A,
	{{"a.example", PST_DNS_A, 300, PST_STR_INIT("\1\2\3")}}, {0},
	"SERVFAIL 0"},
};

static void
test_decode(void **state)
{
	static struct packet packet;

	(void)state;
	FOR_ROWS(i, decode_rows, decode_rows[i].label) {
		const struct decode_row *row = &decode_rows[i];
		struct pst_arena *arena = pst_arena_new();
		const struct pst_dns_answer *answer;
		const char *text;

		build(&packet, row->flags ^ FLAG_QR,
		    (struct question){row->question, (unsigned)row->type},
		    row->answers, &row->soa);
		answer = pst_wire_decode(packet.octets, packet.len,
		    pst_str(row->question), row->type, 10);
		text = describe(answer, arena);
		if (strcmp(text, row->expected) != 0)
			fail_msg("%s", text);
		pst_dns_answer_unref(answer);
		pst_arena_free(arena);
	}
}

static void
test_mapped_address_stays_ipv6(void **state)
{
	static const struct record answers[MAX_RECORDS] = {
	    {"a.example", PST_DNS_AAAA, 300, MAPPED}};
	static const struct record none;
	static struct packet packet;
	const struct pst_dns_answer *answer;

	(void)state;
	build(&packet, FLAG_QR, (struct question){"a.example", PST_DNS_AAAA},
	    answers, &none);
	answer = pst_wire_decode(
	    packet.octets, packet.len, PST_STR("a.example"), PST_DNS_AAAA, 100);
	assert_int_equal(answer->count, 1);
	assert_int_equal(answer->records[0].ip.family, PST_IP_V6);
	pst_dns_answer_unref(answer);
}

/* Only the first row matches the packet, which answers A of a.example. */
static void
test_other_question(void **state)
{
	static const struct {
		struct pst_str name;
		enum pst_dns_type type;
		enum pst_dns_status status;
	} rows[] = {
	    {PST_STR_INIT("a.example"), PST_DNS_A, PST_DNS_OK},
	    {PST_STR_INIT("a.example"), PST_DNS_AAAA, PST_DNS_SERVFAIL},
	    {PST_STR_INIT("b.example"), PST_DNS_A, PST_DNS_SERVFAIL},
	    {PST_STR_INIT("a.example.x"), PST_DNS_A, PST_DNS_SERVFAIL},
	    {PST_STR_INIT("example"), PST_DNS_A, PST_DNS_SERVFAIL},
	    {PST_STR_INIT(""), PST_DNS_A, PST_DNS_SERVFAIL},
	    {PST_STR_INIT("a..example"), PST_DNS_A, PST_DNS_SERVFAIL},
	};
	static const struct record answers[MAX_RECORDS] = {
	    {"a.example", PST_DNS_A, 300, V4("\1")}};
	static const struct record none;
	static struct packet packet;

	(void)state;
	build(&packet, FLAG_QR, (struct question){"a.example", PST_DNS_A},
	    answers, &none);
	FOR_ROWS(i, rows, rows[i].name.ptr) {
		const struct pst_dns_answer *answer = pst_wire_decode(
		    packet.octets, packet.len, rows[i].name, rows[i].type, 100);

		if (answer->status != rows[i].status)
			fail_msg("%s %s: %s", rows[i].name.ptr,
			    pst_dns_type_word(rows[i].type),
			    pst_dns_status_word(answer->status));
		pst_dns_answer_unref(answer);
	}
}

/* Every packet that is cut short is an error. */
static void
test_cut_packets(void **state)
{
	static const struct record answers[MAX_RECORDS] = {
	    {"a.example", TYPE_CNAME, 300, TO_B},
	    {"b.example", PST_DNS_TXT, 300, PST_STR_INIT("\2ab\3cde")}};
	static const struct record none;
	static struct packet packet;

	(void)state;
	build(&packet, FLAG_QR, (struct question){"a.example", PST_DNS_TXT},
	    answers, &none);
	for (size_t len = 0; len < packet.len; len++) {
		uint8_t *cut = test_malloc(len > 0 ? len : 1);
		const struct pst_dns_answer *answer;

		memcpy(cut, packet.octets, len);
		answer = pst_wire_decode(
		    cut, len, PST_STR("a.example"), PST_DNS_TXT, 100);
		if (answer->status != PST_DNS_SERVFAIL)
			fail_msg("%zu octets: %s", len,
			    pst_dns_status_word(answer->status));
		pst_dns_answer_unref(answer);
		test_free(cut);
	}
}

static void
test_large_packets(void **state)
{
	static struct packet packet;
	static const struct record none[MAX_RECORDS];
	static char data[40 * 256];
	const struct pst_dns_answer *answer;

	(void)state;
	memset(data, 'k', sizeof(data));
	for (size_t i = 0; i < sizeof(data); i += 256)
		data[i] = (char)0xff;
	build(&packet, FLAG_QR, (struct question){"a.example", PST_DNS_TXT},
	    none, none);
	for (int i = 0; i < 6; i++)
		put_record(&packet, "a.example", PST_DNS_TXT, 300,
		    (struct pst_str){data, sizeof(data)});
	packet.octets[7] = 6;
	answer = pst_wire_decode(packet.octets, packet.len,
	    PST_STR("a.example"), PST_DNS_TXT, 40 * 255);
	assert_int_equal(answer->status, PST_DNS_OK);
	assert_int_equal(answer->count, 6);
	assert_int_equal(answer->records[5].data.len, 40 * 255);
	pst_dns_answer_unref(answer);
	answer = pst_wire_decode(packet.octets, packet.len,
	    PST_STR("a.example"), PST_DNS_TXT, 40 * 255 - 1);
	assert_int_equal(answer->status, PST_DNS_SERVFAIL);
	pst_dns_answer_unref(answer);
}

static void
test_name_text(void **state)
{
	static const struct {
		struct pst_str name;
		const char *text; /* NULL: no legal name */
	} rows[] = {
	    {PST_STR_INIT("a-b_c.Example"), "a-b_c.Example"},
	    {PST_STR_INIT("com"), "com"},
	    {PST_STR_INIT("a b\\c.d"), "a\\032b\\092c.d"},
	    {PST_STR_INIT("\0\xff@*$.x"), "\\000\\255\\064\\042\\036.x"},
	    {PST_STR_INIT(L63), L63},
	    {PST_STR_INIT(L63 "1"), NULL},
	    {PST_STR_INIT(""), NULL},
	    {PST_STR_INIT("."), NULL},
	    {PST_STR_INIT("a."), NULL},
	    {PST_STR_INIT(".a"), NULL},
	    {PST_STR_INIT("a..b"), NULL},
	};
	char text[PST_WIRE_NAME_SIZE];

	(void)state;
	FOR_ROWS(i, rows, rows[i].text) {
		bool legal = pst_wire_name_text(rows[i].name, text);

		if (legal != (rows[i].text != NULL) ||
		    (legal && strcmp(text, rows[i].text) != 0))
			fail_msg("row %zu: %s", i, legal ? text : "refused");
	}
}

static void
test_name_text_lengths(void **state)
{
	char text[PST_WIRE_NAME_SIZE];
	char name[255];

	(void)state;
	memset(name, '\xff', sizeof(name));
	for (size_t i = 63; i < sizeof(name); i += 64)
		name[i] = '.';
	assert_true(pst_wire_name_text((struct pst_str){name, 253}, text));
	assert_int_equal(strlen(text), 250 * 4 + 3);
	assert_false(pst_wire_name_text((struct pst_str){name, 254}, text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decode),
	    cmocka_unit_test(test_mapped_address_stays_ipv6),
	    cmocka_unit_test(test_other_question),
	    cmocka_unit_test(test_cut_packets),
	    cmocka_unit_test(test_large_packets),
	    cmocka_unit_test(test_name_text),
	    cmocka_unit_test(test_name_text_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
