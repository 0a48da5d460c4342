/* SPDX-License-Identifier: BSD-2-Clause */

/* When a message asks the DNS, in which class, and for which client. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/service.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

#define MAX_JOBS 60

/* A resolver that never answers. */
struct mute {
	struct pst_resolver resolver; /* first */
	struct pst_dns_job *jobs[MAX_JOBS];
	enum pst_dns_class classes[MAX_JOBS];
	size_t count;
};

static void
mute_ask(struct pst_resolver *resolver, struct pst_dns_job *job)
{
	struct mute *mute = (struct mute *)(void *)resolver;

	assert_true(mute->count < MAX_JOBS);
	mute->classes[mute->count] = pst_dns_job_class(job);
	mute->jobs[mute->count++] = job;
}

static void
mute_reclass(struct pst_resolver *resolver, struct pst_dns_job *job,
    enum pst_dns_class class)
{
	struct mute *mute = (struct mute *)(void *)resolver;

	for (size_t i = 0; i < mute->count; i++)
		if (mute->jobs[i] == job)
			mute->classes[i] = class;
}

static void
mute_free(struct pst_resolver *resolver)
{
	struct mute *mute = (struct mute *)(void *)resolver;

	for (size_t i = 0; i < mute->count; i++)
		pst_dns_job_lose(mute->jobs[i]);
}

static void
open_mute(struct lab *lab, struct mute *mute, const char *config)
{
	*mute = (struct mute){
	    .resolver = {
		.ask = mute_ask, .reclass = mute_reclass, .free = mute_free}};
	*lab = (struct lab){.clock = pst_clock_manual(LAB_NOW)};
	lab->service = pst_service_start_with(
	    lab_config(config), &mute->resolver, &lab->clock);
}

/* "-": the name was not asked; else the letter of the class of each question */
static char
class_of(const struct mute *mute, const char *name)
{
	for (size_t i = 0; i < mute->count; i++)
		if (pst_str_eq(pst_dns_job_name(mute->jobs[i]), pst_str(name)))
			return "PKSOC"[mute->classes[i]];
	return '-';
}

#define SIGNED_BY(d)                                                           \
	"DKIM-Signature: v=1; a=rsa-sha256; d=" d "; s=s; h=from; "            \
	"bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\n"

static void
test_classes(void **state)
{
	static const struct {
		const char *label, *header, *name;
		char at_rcpt, at_eoh;
	} rows[] = {
	    {"SPF that can align", "From: a@bulk.example\n", "bulk.example",
		'S', 'S'},
	    {"of a name near the author", "From: a@x.y.bulk.example\n",
		"bulk.example", 'S', 'S'},
	    {"SPF that cannot", "From: a@bank.example\n", "bulk.example", 'S',
		'O'},
	    {"the client", "From: a@bulk.example\n", "66.2.0.192.in-addr.arpa",
		'C', 'C'},
	    {"the policy", "From: a@bank.example\n", "_dmarc.bank.example", '-',
		'P'},
	    {"a key that can align",
		"From: a@bank.example\n" SIGNED_BY("mail.bank.example"),
		"s._domainkey.mail.bank.example", '-', 'K'},
	    {"a key that cannot",
		"From: a@bank.example\n" SIGNED_BY("bulk.example"),
		"s._domainkey.bulk.example", '-', 'O'},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct lab lab;
		struct mute mute;
		struct pst_session *session;
		char got;

		open_mute(&lab, &mute, LAB_CONFIG);
		session = lab_connect(&lab, "192.0.2.66");
		pst_session_mail(
		    session, PST_STR("<x@bulk.example>"), PST_STR(""), false);
		assert_int_equal(mute.count, 0);
		pst_session_rcpt(session, PST_STR("<you@gateway.example>"));
		got = class_of(&mute, rows[i].name);
		if (got != rows[i].at_rcpt)
			fail_msg("'%c' at RCPT", got);
		lab_header(session, rows[i].header);
		pst_session_eoh(session);
		got = class_of(&mute, rows[i].name);
		if (got != rows[i].at_eoh)
			fail_msg("'%c' at EOH", got);
		pst_session_close(session);
		lab_close(&lab);
	}
}

/* MAIL and RSET, however often, ask nothing; RCPT does so once. */
static void
test_when(void **state)
{
	struct lab lab;
	struct mute mute;
	struct pst_session *session;
	size_t asked;

	(void)state;
	open_mute(&lab, &mute, LAB_CONFIG);
	session = lab_connect(&lab, "192.0.2.66");
	for (unsigned i = 0; i < 20; i++) {
		pst_session_mail(
		    session, PST_STR("<x@bulk.example>"), PST_STR(""), false);
		pst_session_abort(session);
	}
	assert_int_equal(mute.count, 0);
	pst_session_mail(
	    session, PST_STR("<x@bulk.example>"), PST_STR(""), false);
	pst_session_rcpt(session, PST_STR("<you@gateway.example>"));
	asked = mute.count;
	assert_true(asked > 0);
	pst_session_rcpt(session, PST_STR("<me@gateway.example>"));
	assert_int_equal(mute.count, asked);
	pst_session_close(session);
	lab_close(&lab);
}

/* Questions count for the client, or for the one behind our own relay. */
static void
test_networks(void **state)
{
	static const struct {
		const char *label, *config, *client, *header;
		struct pst_ip network;
	} rows[] = {
	    {"IPv4", "", "192.0.2.66", "", {PST_IP_V4, {192, 0, 2}}},
	    {"IPv6", "", "2001:db8:1:2:3:4:5:6", "",
		{PST_IP_V6, {0x20, 1, 0x0d, 0xb8, 0, 1, 0, 2}}},
	    {"relay", "relays = {\"10.0.0.1\"}\n", "10.0.0.1",
		"Received: from m.example (m.example [198.51.100.9]) by "
		"relay.example (Postfix); Thu, 1 Jan 2026 00:00:00 +0000\n",
		{PST_IP_V4, {198, 51, 100}}},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct lab lab;
		struct mute mute;
		struct pst_session *session;

		open_mute(&lab, &mute,
		    pst_arena_printf(arena, LAB_CONFIG "%s", rows[i].config));
		session = lab_connect(&lab, rows[i].client);
		pst_session_mail(
		    session, PST_STR("<x@bulk.example>"), PST_STR(""), false);
		lab_header(session, rows[i].header);
		lab_header(session, "From: a@bank.example\n");
		pst_session_eoh(session);
		assert_true(mute.count > 0);
		for (size_t q = 0; q < mute.count; q++)
			assert_true(pst_ip_eq(pst_dns_job_network(mute.jobs[q]),
			    &rows[i].network));
		pst_session_close(session);
		lab_close(&lab);
		pst_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_classes),
	    cmocka_unit_test(test_when),
	    cmocka_unit_test(test_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
