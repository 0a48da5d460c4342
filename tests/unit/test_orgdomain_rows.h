/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_UNIT_TEST_ORGDOMAIN_ROWS_H
#define PST_UNIT_TEST_ORGDOMAIN_ROWS_H

/* The walks of test_orgdomain.c. */

#define T " 300 IN TXT "

struct names_row {
	const char *label;
	const char *start;
	const char *want;
};

static const struct names_row names_rows[] = {
    {"one label", "com", "com"},
    {"two", "example.com", "example.com com"},
    {"three", "a.example.com", "a.example.com example.com com"},
    {"seven", "1.2.3.4.5.6.7",
	"1.2.3.4.5.6.7 2.3.4.5.6.7 3.4.5.6.7 4.5.6.7 5.6.7 6.7 7"},
    {"eight", "1.2.3.4.5.6.7.8",
	"1.2.3.4.5.6.7.8 2.3.4.5.6.7.8 3.4.5.6.7.8 4.5.6.7.8 5.6.7.8 6.7.8 7.8 "
	"8"},
    {"nine leave one out", "1.2.3.4.5.6.7.8.9",
	"1.2.3.4.5.6.7.8.9 3.4.5.6.7.8.9 4.5.6.7.8.9 5.6.7.8.9 6.7.8.9 7.8.9 "
	"8.9 9"},
};

struct walk_row {
	const char *label;
	const char *zone;
	const char *start;
	const char *org_domain; /* NULL: temperror */
	const char *widest;     /* NULL: org_domain */
	const char *hits;
	const char *queries; /* NULL: any */
	const char *failed_at;
	const char *fault;
};

static const char several[] = "several DMARC records at one name";
static const char repeated[] = "a tag is repeated in the DMARC record";

#define R "\"v=DMARC1; p=none\"\n"
#define R_Y "\"v=DMARC1; p=none; psd=y\"\n"
#define R_N "\"v=DMARC1; p=none; psd=n\"\n"

static const struct walk_row walk_rows[] = {
    {"no record", "x. A 192.0.2.1\n", "a.example.com", "a.example.com", NULL,
	"", "_dmarc.a.example.com _dmarc.example.com _dmarc.com", NULL, NULL},
    {"a record without psd counts", "_dmarc.example.com." T R, "a.example.com",
	"example.com", NULL, "example.com", NULL, NULL, NULL},
    {"the fewest labels win", "_dmarc.a.example.com." T R "_dmarc.com." T R,
	"a.example.com", "com", NULL, "a.example.com com", NULL, NULL, NULL},
    {"psd=n stops", "_dmarc.example.com." T R_N "_dmarc.com." T R,
	"a.example.com", "example.com", NULL, "example.com",
	"_dmarc.a.example.com _dmarc.example.com", NULL, NULL},
    {"psd=n at the start", "_dmarc.a.example.com." T R_N, "a.example.com",
	"a.example.com", NULL, "a.example.com", "_dmarc.a.example.com", NULL,
	NULL},
    {"psd=y: one label below", "_dmarc.com." T R_Y, "a.b.example.com",
	"example.com", NULL, "com", NULL, NULL, NULL},
    {"psd=y with a longer record",
	"_dmarc.b.example.com." T R "_dmarc.com." T R_Y, "a.b.example.com",
	"example.com", NULL, "b.example.com com", NULL, NULL, NULL},
    {"psd=y at the start", "_dmarc.co.example." T R_Y "_dmarc.example." T R_Y,
	"co.example", "co.example", NULL, "co.example", "_dmarc.co.example",
	NULL, NULL},
    {"psd=y stops", "_dmarc.co.example." T R_Y "_dmarc.example." T R,
	"a.b.co.example", "b.co.example", NULL, "co.example",
	"_dmarc.a.b.co.example _dmarc.b.co.example _dmarc.co.example", NULL,
	NULL},
    {"one below psd=y, where the walk jumped over it",
	"_dmarc.3.4.5.6.7.8.9." T R_Y, "1.2.3.4.5.6.7.8.9", "2.3.4.5.6.7.8.9",
	NULL, "3.4.5.6.7.8.9", "_dmarc.1.2.3.4.5.6.7.8.9 _dmarc.3.4.5.6.7.8.9",
	NULL, NULL},
    {"a record in the jump is not seen", "_dmarc.2.3.4.5.6.7.8.9." T R_N,
	"1.2.3.4.5.6.7.8.9", "1.2.3.4.5.6.7.8.9", NULL, "", NULL, NULL, NULL},
    {"several records are dropped, the walk goes on",
	"_dmarc.a.example.com." T R "_dmarc.a.example.com." T R_N
	"_dmarc.example.com." T R,
	"a.example.com", "example.com", NULL, "example.com", NULL, NULL,
	several},
    {"a repeated tag counts among several",
	"_dmarc.example.com." T
	"\"v=DMARC1; p=none; p=none\"\n_dmarc.example.com." T R,
	"example.com", "example.com", NULL, "", NULL, NULL, several},
    {"a repeated tag voids a record",
	"_dmarc.example.com." T
	"\"v=DMARC1; p=none; p=none; psd=n\"\n_dmarc.com." T R,
	"example.com", "com", NULL, "com", NULL, NULL, repeated},
    {"the first fault stays",
	"_dmarc.a.b." T "\"v=DMARC1; t=y; t=y\"\n_dmarc.b." T R
	"_dmarc.b." T R_Y,
	"a.b", "a.b", NULL, "", NULL, NULL, repeated},
    {"other TXT records do not count",
	"_dmarc.example.com." T "\"v=spf1 -all\"\n_dmarc.example.com." T
	"\"text\"\n_dmarc.example.com." T R,
	"example.com", "example.com", NULL, "example.com", NULL, NULL, NULL},
    {"strings of one record are joined",
	"_dmarc.example.com." T "\"v=DMA\" \"RC1; psd\" \"=n\"\n",
	"a.example.com", "example.com", NULL, "example.com",
	"_dmarc.a.example.com _dmarc.example.com", NULL, NULL},
    {"CNAME is followed",
	"_dmarc.example.com. 300 IN CNAME dmarc.other.test.\n"
	"dmarc.other.test." T R,
	"example.com", "example.com", NULL, "example.com", NULL, NULL, NULL},
    {"CNAME to nothing", "_dmarc.example.com. 300 IN CNAME dmarc.other.test.\n",
	"example.com", "example.com", NULL, "", NULL, NULL, NULL},
    {"servfail at the start", ";! servfail _dmarc.example.com\n", "example.com",
	NULL, "example.com", "", NULL, "example.com", NULL},
    {"servfail above a record",
	"_dmarc.a.example.com." T R ";! servfail _dmarc.example.com\n",
	"a.example.com", NULL, "example.com", "a.example.com", NULL,
	"example.com", NULL},
    {"servfail below a record",
	";! servfail _dmarc.a.example.com\n_dmarc.example.com." T R,
	"a.example.com", NULL, "example.com", "example.com", NULL,
	"a.example.com", NULL},
    {"servfail below psd=y",
	";! servfail _dmarc.example.com\n_dmarc.com." T R_Y, "a.example.com",
	NULL, "example.com", "com", NULL, "example.com", NULL},
    {"servfail after psd=n is not reached",
	"_dmarc.example.com." T R_N ";! servfail _dmarc.com\n", "a.example.com",
	"example.com", NULL, "example.com", NULL, NULL, NULL},
    {"time-out of two names",
	";! timeout _dmarc.a.example.com\n;! timeout _dmarc.com\n",
	"a.example.com", NULL, "com", "", NULL, "a.example.com", NULL},
};

#endif
