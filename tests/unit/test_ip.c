/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/ip.h"
#include "base/macros.h"
#include "tests/unit/rows.h"

struct parse_row {
	struct pst_str in;
	enum pst_ip_family family; /* PST_IP_NONE: refused */
	const char *text;
};

static const struct parse_row parse_rows[] = {
    {PST_STR_INIT("192.0.2.1"), PST_IP_V4, "192.0.2.1"},
    {PST_STR_INIT("255.255.255.255"), PST_IP_V4, "255.255.255.255"},
    {PST_STR_INIT("0.0.0.0"), PST_IP_V4, "0.0.0.0"},
    {PST_STR_INIT("::"), PST_IP_V6, "::"},
    {PST_STR_INIT("::1"), PST_IP_V6, "::1"},
    {PST_STR_INIT("1::"), PST_IP_V6, "1::"},
    {PST_STR_INIT("::1:2"), PST_IP_V6, "::1:2"},
    {PST_STR_INIT("2001:DB8::A"), PST_IP_V6, "2001:db8::a"},
    {PST_STR_INIT("2001:0db8:0:0:1:0:0:1"), PST_IP_V6, "2001:db8::1:0:0:1"},
    {PST_STR_INIT("2001:db8:0:1:1:1:1:1"), PST_IP_V6, "2001:db8:0:1:1:1:1:1"},
    {PST_STR_INIT("2001:0:0:1:0:0:0:1"), PST_IP_V6, "2001:0:0:1::1"},
    {PST_STR_INIT("0:0:1:2:3:4:5:6"), PST_IP_V6, "::1:2:3:4:5:6"},
    {PST_STR_INIT("1:2:3:4:5:6:0:0"), PST_IP_V6, "1:2:3:4:5:6::"},
    {PST_STR_INIT("1:2:3:4:5:6:7:0"), PST_IP_V6, "1:2:3:4:5:6:7:0"},
    {PST_STR_INIT("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), PST_IP_V6,
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {PST_STR_INIT("::ffff:192.0.2.1"), PST_IP_V4, "192.0.2.1"},
    {PST_STR_INIT("::ffff:c000:201"), PST_IP_V4, "192.0.2.1"},
    {PST_STR_INIT("::fffe:192.0.2.1"), PST_IP_V6, "::fffe:c000:201"},
    {PST_STR_INIT("IPv6:2001:db8::1"), PST_IP_V6, "2001:db8::1"},
    {PST_STR_INIT("ipv6:::1"), PST_IP_V6, "::1"},
    {PST_STR_INIT("IPv6:::ffff:192.0.2.1"), PST_IP_V4, "192.0.2.1"},
    {PST_STR_INIT("IPv6:192.0.2.1"), PST_IP_NONE, NULL},
    {PST_STR_INIT("IPv6:"), PST_IP_NONE, NULL},
    {PST_STR_INIT(""), PST_IP_NONE, NULL},
    {{NULL, 0}, PST_IP_NONE, NULL},
    {PST_STR_INIT("192.0.2"), PST_IP_NONE, NULL},
    {PST_STR_INIT("192.0.2.256"), PST_IP_NONE, NULL},
    {PST_STR_INIT("192.0.2.01"), PST_IP_NONE, NULL},
    {PST_STR_INIT("192.0.2.1 "), PST_IP_NONE, NULL},
    {PST_STR_INIT(" 192.0.2.1"), PST_IP_NONE, NULL},
    {PST_STR_INIT("192.0.2.1\0"), PST_IP_NONE, NULL},
    {PST_STR_INIT("192.0.2.1\0.example"), PST_IP_NONE, NULL},
    {PST_STR_INIT("0x7f.0.0.1"), PST_IP_NONE, NULL},
    {PST_STR_INIT("[192.0.2.1]"), PST_IP_NONE, NULL},
    {PST_STR_INIT("fe80::1%eth0"), PST_IP_NONE, NULL},
    {PST_STR_INIT("1:2:3:4:5:6:7"), PST_IP_NONE, NULL},
    {PST_STR_INIT("1::2::3"), PST_IP_NONE, NULL},
    {PST_STR_INIT("example.com"), PST_IP_NONE, NULL},
    {PST_STR_INIT("2001:db8:1111:2222:3333:4444:5555:6666:7777:8888:9999"),
	PST_IP_NONE, NULL},
};

static void
test_parse_and_text(void **state)
{
	char text[PST_IP_TEXT_SIZE];

	(void)state;
	FOR_ROWS(i, parse_rows, parse_rows[i].text) {
		const struct parse_row *r = &parse_rows[i];
		struct pst_ip ip = {.family = PST_IP_NONE};
		bool ok = pst_ip_parse(r->in, &ip);
		if (ok != (r->family != PST_IP_NONE) || ip.family != r->family)
			fail_msg("\"%.*s\"", PST_STR_ARG(r->in));
		if (ok && strcmp(pst_ip_text(&ip, text), r->text) != 0)
			fail_msg("\"%.*s\": %s", PST_STR_ARG(r->in), text);
	}
}

static void
test_reverse_name(void **state)
{
	static const struct {
		const char *in, *name;
	} rows[] = {
	    {"192.0.2.1", "1.2.0.192.in-addr.arpa"},
	    {"2001:db8::ab",
		"b.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0."
		"0.2.ip6.arpa"},
	    {"::ffff:192.0.2.1", "1.2.0.192.in-addr.arpa"},
	};
	char name[PST_IP_REVERSE_SIZE];
	struct pst_ip ip;

	(void)state;
	FOR_ROWS(i, rows, rows[i].name) {
		assert_true(pst_ip_parse(pst_str(rows[i].in), &ip));
		pst_ip_reverse_name(&ip, name);
		assert_string_equal(name, rows[i].name);
	}
	ip.family = PST_IP_NONE;
	pst_ip_reverse_name(&ip, name);
	assert_string_equal(name, "");
}

static void
test_from_sockaddr(void **state)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a;
	char text[PST_IP_TEXT_SIZE];
	struct pst_ip ip;

	(void)state;
	memset(&a, 0, sizeof(a));
	a.v4.sin_family = AF_INET;
	assert_int_equal(inet_pton(AF_INET, "192.0.2.9", &a.v4.sin_addr), 1);
	ip = pst_ip_from_sockaddr(&a.any);
	assert_string_equal(pst_ip_text(&ip, text), "192.0.2.9");

	a.v6.sin6_family = AF_INET6;
	assert_int_equal(
	    inet_pton(AF_INET6, "2001:db8::9", &a.v6.sin6_addr), 1);
	ip = pst_ip_from_sockaddr(&a.any);
	assert_string_equal(pst_ip_text(&ip, text), "2001:db8::9");
	assert_int_equal(
	    inet_pton(AF_INET6, "::ffff:192.0.2.9", &a.v6.sin6_addr), 1);
	ip = pst_ip_from_sockaddr(&a.any);
	assert_int_equal(ip.family, PST_IP_V4);

	a.any.sa_family = AF_UNIX;
	ip = pst_ip_from_sockaddr(&a.any);
	assert_int_equal(ip.family, PST_IP_NONE);
	ip = pst_ip_from_sockaddr(NULL);
	assert_int_equal(ip.family, PST_IP_NONE);
	assert_string_equal(pst_ip_text(&ip, text), "");
}

static void
test_eq(void **state)
{
	struct pst_ip a, b;
	const struct pst_ip none = {.family = PST_IP_NONE};

	(void)state;
	assert_true(pst_ip_parse(pst_str("192.0.2.1"), &a));
	assert_true(pst_ip_parse(pst_str("::ffff:192.0.2.1"), &b));
	assert_true(pst_ip_eq(&a, &b));
	assert_true(pst_ip_parse(pst_str("192.0.2.2"), &b));
	assert_false(pst_ip_eq(&a, &b));
	assert_true(pst_ip_parse(pst_str("c000:201::"), &b));
	assert_false(pst_ip_eq(&a, &b));
	assert_false(pst_ip_eq(&a, &none));
	assert_true(pst_ip_eq(&none, &none));
}

static void
test_network(void **state)
{
	static const struct {
		const char *client, *network;
	} rows[] = {
	    {"192.0.2.255", "192.0.2.0"},
	    {"0.0.0.1", "0.0.0.0"},
	    {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
	    {"::ffff:192.0.2.1", "192.0.2.0"},
	};
	const struct pst_ip none = {.family = PST_IP_NONE};
	struct pst_ip network = pst_ip_network(&none);

	(void)state;
	assert_int_equal(network.family, PST_IP_NONE);
	FOR_ROWS(i, rows, rows[i].client) {
		struct pst_ip client;
		char text[PST_IP_TEXT_SIZE];

		assert_true(pst_ip_parse(pst_str(rows[i].client), &client));
		network = pst_ip_network(&client);
		assert_string_equal(
		    pst_ip_text(&network, text), rows[i].network);
	}
}

struct net_row {
	const char *net; /* if `in` is NULL, the net is refused */
	const char *in, *out;
};

static const struct net_row net_rows[] = {
    {"192.0.2.0/24", "192.0.2.255", "192.0.3.0"},
    {"192.0.2.128/25", "192.0.2.128", "192.0.2.127"},
    {"192.0.2.1", "192.0.2.1", "192.0.2.0"},
    {"192.0.2.1/32", "192.0.2.1", "192.0.2.0"},
    {"0.0.0.0/0", "203.0.113.7", "::1"},
    {"10.0.0.0/7", "11.255.0.1", "12.0.0.0"},
    {"::/0", "2001:db8::1", "192.0.2.1"},
    {"2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"},
    {"2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"},
    {"2001:db8::1", "2001:db8::1", "2001:db8::2"},
    {"::ffff:192.0.2.0/120", "192.0.2.77", "192.0.3.1"},
    {"::ffff:0:0/96", "192.0.2.77", "::1"},
    {"::ffff:0:0/95", NULL, NULL},
    {"192.0.2.1/24", NULL, NULL},
    {"2001:db8::1/127", NULL, NULL},
    {"192.0.2.0/33", NULL, NULL},
    {"2001:db8::/129", NULL, NULL},
    {"192.0.2.0/", NULL, NULL},
    {"192.0.2.0/-1", NULL, NULL},
    {"192.0.2.0/24/24", NULL, NULL},
    {"192.0.2.0/255.255.255.0", NULL, NULL},
    {"/24", NULL, NULL},
    {"", NULL, NULL},
};

static void
test_net(void **state)
{
	struct pst_net net;
	struct pst_ip in, out;
	const struct pst_ip none = {.family = PST_IP_NONE};

	(void)state;
	FOR_ROWS(i, net_rows, net_rows[i].net) {
		const struct net_row *r = &net_rows[i];
		bool ok = pst_net_parse(pst_str(r->net), &net);
		if (ok != (r->in != NULL))
			fail_msg("%s", r->net);
		if (!ok)
			continue;
		assert_true(pst_ip_parse(pst_str(r->in), &in));
		assert_true(pst_ip_parse(pst_str(r->out), &out));
		if (!pst_net_contains(&net, &in) ||
		    pst_net_contains(&net, &out) ||
		    pst_net_contains(&net, &none))
			fail_msg("%s", r->net);
	}
}

static void
test_empty_net(void **state)
{
	const struct pst_net net = {.base = {.family = PST_IP_NONE}};
	const struct pst_ip none = {.family = PST_IP_NONE};

	(void)state;
	assert_false(pst_net_contains(&net, &none));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse_and_text),
	    cmocka_unit_test(test_reverse_name),
	    cmocka_unit_test(test_from_sockaddr),
	    cmocka_unit_test(test_eq),
	    cmocka_unit_test(test_network),
	    cmocka_unit_test(test_net),
	    cmocka_unit_test(test_empty_net),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
