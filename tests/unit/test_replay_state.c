/* SPDX-License-Identifier: BSD-2-Clause */

/* What a decision used of the state of the gateway, and what is in doubt. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/replay.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/rows.h"

#define SOCKET "unix:/x"
#define LISTS                                                                  \
	"enforce-recipients = {strict.example}\n"                              \
	"monitor-recipients = {watch.example}\n"
#define OURS "rule \"ours\" { rcpt-domain = {other.example}\n action = tag }\n"
#define FROM "From: ann@bank.example\n"
#define LIST FROM "List-Id: <l.list.example>\n"
#define ARC FROM "ARC-Seal: i=1\n"
#define RELAY "relays = {\"192.0.2.66\"}\n"

static const char zone[] = "$TTL 300\n"
			   "bank.example. TXT \"v=spf1 ip4:192.0.2.10 -all\"\n"
			   "_dmarc.bank.example. TXT \"v=DMARC1; p=reject\"\n"
			   "list.example. TXT \"v=spf1 ip4:192.0.2.66 -all\"\n";

/* ---- changes of what is recorded ---- */

static void
in_bucket_10(struct pst_message *message)
{
	message->findings.bucket = 10;
	message->decision.unsure = false;
}

static void
was_split(struct pst_message *message)
{
	message->decision.mixed = "split";
}

static void
was_kept_whole(struct pst_message *message)
{
	message->decision.mixed = "strictest:often";
}

static void
known_for_5_days(struct pst_message *message)
{
	static const struct pst_known_domain known = {"list.example", 5};

	message->findings.too_young = false;
	message->findings.known = &known;
	message->findings.known_count = 1;
}

static void
not_asked(struct pst_message *message)
{
	message->findings.too_young = false;
	message->findings.known_count = 0;
}

static void
came_by_relay(struct pst_message *message)
{
	message->via = message->client;
	assert_true(pst_ip_parse(PST_STR("198.51.100.7"), &message->client));
	message->findings.client = message->client;
}

static void
had_temperror(struct pst_message *message)
{
	message->findings.spf.result = PST_RESULT_TEMPERROR;
}

static void
had_void(struct pst_message *message)
{
	message->findings.spf.voids = 1;
}

static void
had_many_signatures(struct pst_message *message)
{
	message->findings.dkim.unparsed = 1;
}

static void
had_many_rcpts(struct pst_message *message)
{
	message->rcpt_count = 500;
}

static void
is_too_long(struct pst_message *message)
{
	static char helo[2000];

	memset(helo, 'a', sizeof(helo));
	message->helo = (struct pst_str){helo, sizeof(helo)};
}

/* ---- the rows ---- */

static const struct state {
	const char *label;
	const char *then, *now; /* lines of the configuration */
	const char *rcpts[2];   /* NULL: <x@other.example> */
	const char *as;         /* how the MTA read the first of them */
	const char *mail_from;  /* NULL: <x@none.example> */
	const char *header;     /* NULL: FROM */
	void (*change)(struct pst_message *message);
	enum pst_recorded_rcpts mode;
	bool authenticated;
	const char *want;  /* action, would, rule */
	const char *doubt; /* a part of it; NULL: there is none */
} states[] = {
    {.label = "another domain was read",
	.then = "mode = monitor\n",
	.now = "mode = monitor\n" LISTS,
	.rcpts = {"<x@other.example>"},
	.as = "<x@strict.example>",
	.want = "reject reject dmarc-reject"},
    {.label = "the MTA knows the domain",
	.then = "mode = enforce\n",
	.now = "mode = enforce\n" LISTS,
	.rcpts = {"<fred>"},
	.as = "<fred@watch.example>",
	.want = "accept reject dmarc-reject"},
    {.label = "the MTA knows the domain, which is all that is kept",
	.then = "mode = enforce\n",
	.now = "mode = enforce\n" LISTS,
	.rcpts = {"<fred>"},
	.as = "<fred@watch.example>",
	.mode = PST_RECORDED_RCPTS_DOMAIN,
	.want = "accept reject dmarc-reject"},
    {.label = "nobody knows the domain",
	.then = "mode = monitor\n",
	.now = "mode = monitor\n" LISTS,
	.rcpts = {"<fred>"},
	.want = "reject reject dmarc-reject"},
    {.label = "recipients that are not kept",
	.then = "mode = monitor\n",
	.now = "mode = monitor\n" LISTS,
	.mode = PST_RECORDED_RCPTS_NONE,
	.want = "accept reject dmarc-reject",
	.doubt = "recipients = none"},
    {.label = "recipients that are not kept, in the same lists",
	.then = "mode = monitor\n" LISTS,
	.now = "mode = monitor\non-reject = accept\n" LISTS,
	.rcpts = {"<x@strict.example>"},
	.mode = PST_RECORDED_RCPTS_NONE,
	.want = "accept accept dmarc-reject-ignored"},
    {.label = "more recipients than are kept",
	.then = "",
	.now = LISTS,
	.change = had_many_rcpts,
	.want = "reject reject dmarc-reject",
	.doubt = "not all of its recipients"},
    {.label = "a rule for recipients",
	.then = "",
	.now = OURS,
	.want = "tag tag ours"},
    {.label = "a rule for recipients whose domains are kept",
	.then = "",
	.now = OURS,
	.mode = PST_RECORDED_RCPTS_DOMAIN,
	.want = "tag tag ours"},
    {.label = "a rule for recipients that are not kept",
	.then = "",
	.now = OURS,
	.mode = PST_RECORDED_RCPTS_NONE,
	.want = "reject reject dmarc-reject",
	.doubt = "recipients = none"},
    {.label = "the same rule for recipients that are not kept",
	.then = OURS,
	.now = "mode = monitor\n" OURS,
	.mode = PST_RECORDED_RCPTS_NONE,
	.want = "accept tag ours"},
    {.label = "the same rule for others that are not kept",
	.then = OURS,
	.now = "mode = monitor\n" OURS,
	.rcpts = {"<x@b.example>"},
	.mode = PST_RECORDED_RCPTS_NONE,
	.want = "accept reject dmarc-reject"},
    {.label = "logged in, not checked then",
	.then = "",
	.now = "evaluate-authenticated = yes\n",
	.authenticated = true,
	.want = "accept accept authenticated",
	.doubt = "had logged in"},
    {.label = "logged in, checked then",
	.then = "evaluate-authenticated = yes\n",
	.now = "",
	.authenticated = true,
	.want = "accept accept authenticated"},
    {.label = "in the share",
	.then = "enforce-percent = 40\n",
	.now = "enforce-percent = 11\n",
	.change = in_bucket_10,
	.want = "reject reject dmarc-reject"},
    {.label = "not in the share",
	.then = "enforce-percent = 40\n",
	.now = "enforce-percent = 10\n",
	.change = in_bucket_10,
	.want = "accept reject dmarc-reject"},
    {.label = "there was no share",
	.then = "",
	.now = "enforce-percent = 10\n",
	.want = "reject reject dmarc-reject",
	.doubt = "enforce-percent was 0 or 100"},
    {.label = "split again",
	.then = "mixed-recipients = split\n" LISTS,
	.now = "mixed-recipients = split\non-reject = quarantine\n" LISTS,
	.rcpts = {"<x@strict.example>", "<x@watch.example>"},
	.change = was_split,
	.want = "tempfail tag mixed-recipients"},
    {.label = "kept whole again",
	.then = "mixed-recipients = split\n" LISTS,
	.now = "mixed-recipients = split\non-reject = quarantine\n" LISTS,
	.rcpts = {"<x@strict.example>", "<x@watch.example>"},
	.change = was_kept_whole,
	.want = "tag tag dmarc-reject-lowered"},
    {.label = "split no more",
	.then = "mixed-recipients = split\n" LISTS,
	.now = LISTS,
	.rcpts = {"<x@strict.example>", "<x@watch.example>"},
	.change = was_split,
	.want = "reject reject dmarc-reject"},
    {.label = "not split then",
	.then = LISTS,
	.now = "mixed-recipients = split\n" LISTS,
	.rcpts = {"<x@strict.example>", "<x@watch.example>"},
	.want = "reject reject dmarc-reject",
	.doubt = "not split then"},
    {.label = "known for long enough",
	.then = "indirect-known-days = 9\n",
	.now = "indirect-known-days = 5\n",
	.mail_from = "<l-bounces@list.example>",
	.header = LIST,
	.change = known_for_5_days,
	.want = "tag tag dmarc-reject-indirect"},
    {.label = "not known for long enough",
	.then = "indirect-known-days = 3\n",
	.now = "indirect-known-days = 6\n",
	.mail_from = "<l-bounces@list.example>",
	.header = LIST,
	.change = known_for_5_days,
	.want = "reject reject dmarc-reject"},
    {.label = "no domain could be known",
	.then = "indirect-claims = believe\n",
	.now = "indirect-known-days = 6\n",
	.mail_from = "<l-bounces@list.example>",
	.header = LIST,
	.want = "tag tag dmarc-reject-indirect"},
    {.label = "not asked",
	.then = "",
	.now = "on-quarantine = reject\n",
	.mail_from = "<l-bounces@list.example>",
	.header = LIST,
	.change = not_asked,
	.want = "reject reject dmarc-reject",
	.doubt = "on how many days"},
    {.label = "a relay no more",
	.then = RELAY,
	.now = "",
	.change = came_by_relay,
	.want = "accept accept relay",
	.doubt = "not certain"},
    {.label = "another relay",
	.then = "",
	.now = RELAY,
	.want = "reject reject dmarc-reject",
	.doubt = "which client sent it"},
    {.label = "the same relay, no client",
	.then = RELAY,
	.now = "mode = monitor\n" RELAY,
	.want = "accept accept relay"},
    {.label = "the same relay, its client may be trusted no more",
	.then = RELAY "trusted-networks = {\"198.51.100.0/24\"}\n",
	.now = RELAY "trusted-networks = {}\n",
	.want = "accept accept relay",
	.doubt = "not certain"},
    {.label = "the client of a relay, which is none now",
	.then = "",
	.now = "on-quarantine = quarantine\n",
	.change = came_by_relay,
	.want = "reject reject dmarc-reject",
	.doubt = "then the client of the relay was checked"},
    {.label = "iprev",
	.then = "iprev { enabled = no }\n",
	.now = "on-iprev-fail = reject\n",
	.want = "reject reject dmarc-reject",
	.doubt = "iprev was not checked"},
    {.label = "iprev that decides nothing",
	.then = "iprev { enabled = no }\n",
	.now = "",
	.want = "reject reject dmarc-reject"},
    {.label = "ARC",
	.then = "",
	.now = "arc { verify = yes }\n",
	.header = ARC,
	.want = "reject reject dmarc-reject",
	.doubt = "ARC was not verified"},
    {.label = "no ARC",
	.then = "",
	.now = "arc { verify = yes }\n",
	.want = "reject reject dmarc-reject"},
    {.label = "caps",
	.then = "",
	.now = "temperror-domain-cap = 1h\n",
	.change = had_temperror,
	.want = "reject reject dmarc-reject",
	.doubt = "a look-up failed"},
    {.label = "caps, no error",
	.then = "",
	.now = "temperror-domain-cap = 1h\n",
	.want = "reject reject dmarc-reject"},
    {.label = "SPF limit",
	.then = "",
	.now = "spf { void-lookups = 1 }\n",
	.change = had_void,
	.want = "reject reject dmarc-reject",
	.doubt = "void-lookups"},
    {.label = "SPF limit that is far",
	.then = "",
	.now = "spf { void-lookups = 1 }\n",
	.want = "reject reject dmarc-reject"},
    {.label = "DKIM",
	.then = "",
	.now = "dkim { max-parsed = 60 }\n",
	.change = had_many_signatures,
	.want = "reject reject dmarc-reject",
	.doubt = "section dkim"},
    {.label = "several authors",
	.then = "",
	.now = "dmarc { " LAB_NO_LIST " evaluate-all = yes }\n",
	.header = "From: a@bank.example, b@shop.example\n",
	.want = "accept accept default",
	.doubt = "evaluate-all"},
    {.label = "the way to a policy",
	.then = "",
	.now = "dmarc { " LAB_NO_LIST " suffix-guard = no }\n",
	.want = "reject reject dmarc-reject",
	.doubt = "section dmarc"},
    {.label = "a listener with other options",
	.then = "listener \"" SOCKET "\" { mode = monitor }\n",
	.now = "mode = monitor\nlistener \"" SOCKET "\" { mode = enforce }\n",
	.want = "reject reject dmarc-reject"},
    {.label = "a listener that is like all others now",
	.then = "listener \"" SOCKET "\" { mode = enforce }\n",
	.now = "mode = monitor\n",
	.want = "accept reject dmarc-reject"},
    {.label = "listeners that were like all others",
	.then = "",
	.now = "listener \"" SOCKET "\" { mode = monitor }\n",
	.want = "reject reject dmarc-reject",
	.doubt = "other listeners"},
    {.label = "a long entry, another decision",
	.then = "",
	.now = "mode = monitor\n",
	.change = is_too_long,
	.want = "accept reject dmarc-reject",
	.doubt = "too long"},
    {.label = "a long entry",
	.then = "",
	.now = "tag-value = x\n",
	.change = is_too_long,
	.want = "reject reject dmarc-reject"},
};

static struct pst_config *
config_of(struct pst_arena *arena, const char *lines)
{
	bool has_networks = strstr(lines, "trusted-networks") != NULL;
	bool has_dmarc = strstr(lines, "dmarc {") != NULL;

	return lab_config(
	    pst_arena_printf(arena, "authserv-id = \"" LAB_ID "\"\n%s%s%s",
		has_networks ? "" : "trusted-networks = {}\n",
		has_dmarc ? "" : "dmarc { " LAB_NO_LIST " }\n", lines));
}

/* The daemon knows which listener took the message. */
static struct pst_config *
own_config_of(struct pst_arena *arena, const char *lines)
{
	struct pst_config *whole = config_of(arena, lines);
	struct pst_config *own = pst_config_for_socket(whole, SOCKET);

	pst_config_unref(whole);
	return own;
}

static struct pst_message
send_one(struct pst_session *session, const struct state *row)
{
	const char *first =
	    row->rcpts[0] == NULL ? "<x@other.example>" : row->rcpts[0];
	struct pst_message message;

	pst_session_mail(session,
	    pst_str(
		row->mail_from == NULL ? "<x@none.example>" : row->mail_from),
	    PST_STR(""), row->authenticated);
	(void)pst_session_rcpt_as(
	    session, pst_str(first), pst_str(row->as == NULL ? "" : row->as));
	if (row->rcpts[1] != NULL)
		(void)pst_session_rcpt(session, pst_str(row->rcpts[1]));
	lab_header(session, row->header == NULL ? FROM : row->header);
	pst_session_eoh(session);
	message = *pst_session_end(session, PST_STR("4FA43A8A3F9"), NULL);
	if (row->change != NULL)
		row->change(&message);
	return message;
}

static void
play(struct pst_arena *arena, struct lab *lab, const struct state *row,
    struct pst_config *now)
{
	struct pst_session *session = lab_connect(lab, "192.0.2.66");
	struct pst_message message = send_one(session, row);
	struct pst_str octets = pst_recorded_write(arena, &message, row->mode);
	struct pst_recorded recorded;
	struct pst_replay replay;
	struct pst_err err;

	if (!pst_recorded_read(arena, octets, now, &recorded, &err))
		fail_msg("%s", err.text);
	pst_replay_decide(arena, &recorded, &replay);
	assert_false(replay.is_same);
	assert_string_equal(
	    pst_arena_printf(arena, "%s %s %s",
		pst_action_word(replay.decision.action),
		pst_action_word(replay.decision.would), replay.decision.rule),
	    row->want);
	if (row->doubt == NULL)
		assert_string_equal(
		    replay.doubt == NULL ? "" : replay.doubt, "");
	else if (replay.doubt == NULL ||
	    strstr(replay.doubt, row->doubt) == NULL)
		fail_msg("no \"%s\" in \"%s\"", row->doubt,
		    replay.doubt == NULL ? "" : replay.doubt);
	pst_session_close(session);
}

static void
test_states(void **state)
{
	(void)state;
	FOR_ROWS(i, states, states[i].label) {
		struct pst_arena *arena = pst_arena_new();
		struct lab lab = {.clock = pst_clock_manual(LAB_NOW)};
		struct pst_config *now = config_of(arena, states[i].now);

		lab.service =
		    pst_service_start_with(own_config_of(arena, states[i].then),
			lab_zone(zone), &lab.clock);
		play(arena, &lab, &states[i], now);
		pst_arena_free(arena);
		pst_config_unref(now);
		lab_close(&lab);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
