/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Whole SMTP sessions, in any order of events. The client may send for
 * attack.example, but cannot speak for victim.example. Whatever it does, DMARC
 * must never pass for victim.example, not even through a relay of ours that
 * victim.example authorizes.
 *
 * Input: one octet of switches, then events that end in RS (0x1e): a letter
 * and its argument. H helo, O host, M mail, A mail of an authenticated client,
 * R rcpt, N name:value, E end of header, B body, D end, X abort, C a new
 * connection (Cr through the relay, C and any other text: without an address),
 * T time passes.
 */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/domain.h"
#include "core/edits.h"
#include "core/explain.h"
#include "core/outcome.h"
#include "core/recorded.h"
#include "tests/fuzz/rsa_record.h"
#include "tests/unit/core_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EVENT_END '\x1e'
#define MAX_MESSAGES 20
#define MAX_LOG 65536

/* Switches of the first octet; each set has its own service. */
#define EVALUATE_ALL 1
#define MONITOR 2
#define SMALL_LIMITS 4
#define SITE 8
#define SETS 16

#define CLIENT "192.0.2.66"
#define RELAY "198.51.100.1"

static const char zone[] =
    "attack.example. 60 IN TXT \"v=spf1 +all\"\n"
    "_dmarc.attack.example. 60 IN TXT \"v=DMARC1; p=none\"\n"
    "*.mail.attack.example. 60 IN TXT \"v=spf1 +all\"\n"
    "victim.example. 60 IN TXT \"v=spf1 ip4:" RELAY " -all\"\n"
    "_dmarc.victim.example. 60 IN TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc.soft.example. 60 IN TXT \"v=DMARC1; p=quarantine; t=y\"\n"
    "_dmarc.odd.example. 60 IN TXT \"v=DMARC1; p=maybe\"\n"
    "slow.example. 60 IN TXT \"v=spf1 mx ?all\"\n"
    ";! delay slow.example 20ms\n"
    ";! timeout dead.example\n;! timeout _dmarc.dead.example\n"
    "66.2.0.192.in-addr.arpa. 60 IN PTR attack.example.\n"
    "attack.example. 60 IN A 192.0.2.66\n"
    "k._domainkey.attack.example. 60 IN TXT \"v=DKIM1; k=ed25519; "
    "p=uwSbcF8l6+qRwVjVStWWKhwHBp5tXG8t5i09LAqyMMs=\"\n"
    "_dmarc.signed.example. 60 IN TXT \"v=DMARC1; p=reject\"\n"
    "rsa._domainkey.signed.example. 60 IN TXT " RSA_RECORD "\n"
    "rsa._domainkey.first.example. 60 IN TXT " RSA_RECORD "\n"
    "rsa._domainkey.lists.example. 60 IN TXT " RSA_RECORD "\n";

/* What a site may configure in addition to the defaults. */
static const char site[] =
    "relays = {\"" RELAY "\"}\n"
    "on-spf-fail = tag\non-iprev-fail = quarantine\n"
    "dkim-required = {\"soft.example\"}\n"
    "arc { verify = yes\n"
    "trusted-sealers = {\"first.example\", \"lists.example\"} }\n"
    "rule \"sealed\" { arc-sealer = {\"lists.example\"}\ndmarc = {fail}\n"
    "action = accept\nreason = mailing_list }\n"
    "rule \"list\" { list-id = {\".victim.example\"}\n"
    "indirect = yes\naction = tag }\n"
    "rule \"signed\" { dkim-domain = {\"attack.example\"}\n"
    "from-domain = {\".victim.example\"}\naction = quarantine }\n"
    "rule \"dead\" { mail-from = {\"dead.example\"}\nspf = {temperror}\n"
    "action = tempfail\nreply = \"{domain} later\" }\n"
    "rule \"named\" { client-name = {\"attack.example\"}\n"
    "rcpt-domain = {\"skip.example\"}\naction = skip }\n";

/* One run over an input. */
struct play {
	struct pst_arena *arena;
	struct lab *lab;
	struct pst_session *session;
	unsigned switches;
	bool by_relay;
	const char *helo; /* as the relay writes it */
	struct pst_buf log;
};

static struct lab set_labs[SETS];

static void
open_labs(void)
{
	for (unsigned i = 0; i < SETS && set_labs[i].service == NULL; i++) {
		struct pst_arena *arena = pst_arena_new();
		const char *config = pst_arena_printf(arena,
		    LAB_TOP "mode = %s\n%s%sdmarc { " LAB_NO_LIST
			    "evaluate-all = %s }\n",
		    (i & MONITOR) != 0 ? "monitor" : "enforce",
		    (i & SMALL_LIMITS) != 0 ?
			"header { max-fields = 50\nmax-field-size = 1024\n"
			"max-size = 8192 }\n" :
			"",
		    (i & SITE) != 0 ? site : "",
		    (i & EVALUATE_ALL) != 0 ? "yes" : "no");

		lab_open(&set_labs[i], config, zone);
		pst_arena_free(arena);
	}
}

static bool
has_aligned_pass(const struct pst_findings *findings)
{
	if (findings->dmarc.spf_aligned)
		return findings->spf.result == PST_RESULT_PASS;
	for (size_t i = 0; i < findings->dkim.count; i++) {
		const struct pst_dkim_sig *sig = &findings->dkim.sigs[i];

		if (sig->result == PST_RESULT_PASS && sig->aligned)
			return true;
	}
	return false;
}

static void
check_verdict(const struct pst_message *m, unsigned switches)
{
	const struct pst_findings *findings = &m->findings;
	const struct pst_from *from = &findings->from;

	if (findings->exempt != PST_EXEMPT_NO) {
		assert(m->decision.action == PST_ACTION_ACCEPT);
		return;
	}
	if (findings->dmarc.result != PST_RESULT_PASS)
		return;
	assert(m->header->from_count == 1);
	assert(from->verdict == PST_FROM_SINGLE ||
	    ((switches & EVALUATE_ALL) != 0 &&
		from->verdict == PST_FROM_MULTI));
	assert(has_aligned_pass(findings));
	for (size_t i = 0; i < from->domain_count; i++)
		assert(
		    !pst_domain_is_below(from->domains[i], "victim.example"));
}

static void
check_inserted(const char *value)
{
	struct pst_str rest = pst_str(value);
	struct pst_str line;
	bool more = true;
	bool first = true;

	assert(value[0] == ' ' && strchr(value, '\r') == NULL);
	while (pst_str_split(&rest, '\n', &line, &more)) {
		assert(line.len > 0 && line.len < 998);
		assert(first || pst_is_wsp(line.ptr[0]));
		first = false;
	}
}

static void
check_edits(const struct pst_decision *d)
{
	const struct pst_edit *before = NULL;

	for (size_t i = 0; i < d->edit_count; i++) {
		const struct pst_edit *edit = &d->edits[i];

		if (edit->op == PST_EDIT_INSERT) {
			assert(edit->index == 0);
			check_inserted(edit->value);
		} else {
			assert(edit->index > 0);
			assert(before == NULL ||
			    (before->op == PST_EDIT_DELETE &&
				(strcmp(before->name, edit->name) != 0 ||
				    before->index > edit->index)));
		}
		before = edit;
	}
}

static void
check_decision(const struct pst_decision *d, unsigned switches)
{
	assert(d->rule != NULL);
	assert(
	    (switches & MONITOR) == 0 ? d->action == d->would : d->code == 0);
	assert((d->code == 550) == (d->action == PST_ACTION_REJECT));
	assert((d->code == 451) == (d->action == PST_ACTION_TEMPFAIL));
	assert(d->code == 0 || d->edit_count == 0);
	assert(d->code == 0 || pst_str_is_printable(pst_str(d->text)));
	assert((d->quarantine_reason != NULL) ==
	    (d->action == PST_ACTION_QUARANTINE));
	check_edits(d);
}

/* Checks the three forms of the explanation; adds the log line to log. */
static void
check_explanations(const struct pst_message *m, struct pst_buf *log)
{
	struct pst_arena *arena = pst_arena_new();
	const char *line = pst_explain_line(arena, m);
	const char *text = pst_explain_text(arena, m);
	json_t *json =
	    json_loads(pst_explain_json(arena, m, NULL, NULL), 0, NULL);

	assert(pst_str_is_printable(pst_str(line)) && strlen(line) <= 1900);
	assert(
	    strstr(line, " action=") != NULL && strstr(line, " rule=") != NULL);
	for (; *text != '\0'; text++)
		assert(*text == '\n' || *text == '\t' ||
		    (*text >= ' ' && *text <= '~'));
	assert(json != NULL);
	json_decref(json);
	pst_buf_printf(log, "%s\n", line);
	pst_arena_free(arena);
}

static bool
quotes_all(const struct pst_config *config, struct pst_str name)
{
	(void)name;
	return config != NULL;
}

/* The copy for reports says what the message says, and is bounded. */
static void
check_copy(const struct pst_message *m)
{
	static const struct pst_outcome_use use = {
	    .rows = true, .incident = true, .quotes = quotes_all};
	struct pst_outcome *outcome = pst_outcome_copy(m, &use, LAB_NOW);
	const struct pst_message *copy = &outcome->message;
	size_t total = 0;

	assert(copy->done.action == m->done.action);
	assert(strcmp(copy->queue_id, m->queue_id) == 0);
	assert(strcmp(copy->decision.rule, m->decision.rule) == 0);
	assert(copy->findings.dkim.count <= m->findings.dkim.count);
	assert(copy->header->count <= m->header->count);
	for (size_t i = 0; i < copy->header->count; i++)
		total += copy->header->fields[i].name.len +
		    copy->header->fields[i].value.len;
	assert(total <= PST_OUTCOME_MAX_HEADER);
	assert(outcome->spf_count <= PST_OUTCOME_MAX_SPF);
	for (size_t i = 0; i < outcome->spf_count; i++)
		assert(pst_str_is_printable(outcome->spf[i].text));
	pst_outcome_free(outcome);
}

/*
 * Each message can be recorded, and what is read prints the same and is decided
 * in the same way, if nothing had to be left out.
 */
static void
check_recorded(const struct pst_message *m)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_str octets =
	    pst_recorded_write(arena, m, PST_RECORDED_RCPTS_FULL);
	struct pst_recorded read;
	struct pst_message again;
	struct pst_err err;

	assert(octets.len <= PST_RECORDED_MAX);
	if (!pst_recorded_read(arena, octets, m->config, &read, &err))
		abort();
	again = read.message;
	pst_policy_decide(arena, m->config, &again.mta, again.authserv_id,
	    again.header, &again.findings, &again.decision);
	assert(again.decision.action == m->decision.action);
	assert(strcmp(again.decision.rule, m->decision.rule) == 0);
	if (!read.cut && !read.dns_cut) {
		assert(strcmp(pst_explain_line(arena, &read.message),
			   pst_explain_line(arena, m)) == 0);
		assert(strcmp(pst_explain_text(arena, &again),
			   pst_explain_text(arena, m)) == 0);
	}
	pst_arena_free(arena);
}

/* With or without the relay, the client's address is the same. */
static void
check_client(const struct pst_message *m, bool by_relay)
{
	char client[PST_IP_TEXT_SIZE], via[PST_IP_TEXT_SIZE];

	(void)pst_ip_text(&m->client, client);
	(void)pst_ip_text(&m->via, via);
	assert(strcmp(via, by_relay ? RELAY : "") == 0);
	assert(strcmp(client, CLIENT) == 0 || (client[0] == '\0' && !by_relay));
}

/* A rule that relies on a sealer or a name applies only if that passed. */
static void
check_rule(const struct pst_message *m)
{
	const struct pst_findings *findings = &m->findings;
	const struct pst_decision *d = &m->decision;

	assert(!d->skip || (d->titled && strcmp(d->rule, "named") == 0));
	assert(!d->titled || findings->exempt == PST_EXEMPT_NO);
	if (d->titled && strcmp(d->rule, "sealed") == 0) {
		assert(findings->arc.result == PST_RESULT_PASS);
		assert(strcmp(findings->arc.sealer, "lists.example") == 0);
		assert(findings->dmarc.result == PST_RESULT_FAIL);
	}
	if (d->titled && strcmp(d->rule, "named") == 0)
		assert(findings->iprev.result == PST_RESULT_PASS);
}

static void
end_message(struct play *play)
{
	const struct pst_message *m =
	    pst_session_end(play->session, PST_STR("Q"), NULL);
	struct pst_decision decision;

	if (m == NULL)
		return;
	decision = m->decision;
	check_client(m, play->by_relay);
	check_verdict(m, play->switches);
	check_decision(&m->decision, play->switches);
	check_rule(m);
	check_copy(m);
	check_recorded(m);
	check_explanations(m, &play->log);
	assert(pst_session_end(play->session, PST_STR("R"), NULL) == m);
	assert(memcmp(&decision, &m->decision, sizeof(decision)) == 0);
}

/* how: "" from the client, "r" through the relay, else without an address. */
static void
connect_again(struct play *play, struct pst_str how)
{
	const char *from = how.len == 0 ? CLIENT : NULL;

	pst_session_close(play->session);
	play->by_relay =
	    (play->switches & SITE) != 0 && pst_str_eq(how, PST_STR("r"));
	play->helo = "unknown";
	play->session = lab_connect(play->lab, play->by_relay ? RELAY : from);
}

static void
say_helo(struct play *play, struct pst_str arg)
{
	const char *name = pst_domain_normalize(play->arena, arg);

	if (name != NULL)
		play->helo = name;
	pst_session_helo(play->session, arg);
}

/* The relay adds its own field above all that the client sends. */
static void
begin_message(struct play *play, struct pst_str arg, bool authenticated)
{
	pst_session_mail(play->session, arg, PST_STR(""), authenticated);
	if (play->by_relay)
		pst_session_header(play->session, PST_STR("Received"),
		    pst_str(pst_arena_printf(play->arena,
			" from %s (unknown [" CLIENT "])\n\tby mx2.example "
			"(Postfix)",
			play->helo)));
}

static void
send_header(struct play *play, struct pst_str arg)
{
	size_t colon = pst_str_find(arg, ':');

	pst_session_header(play->session, pst_str_first(arg, colon),
	    pst_str_from(arg, colon + 1));
}

static void
take_event(struct play *play, char event, struct pst_str arg)
{
	switch (event) {
	case 'C':
		connect_again(play, arg);
		break;
	case 'D':
		end_message(play);
		break;
	case 'H':
		say_helo(play, arg);
		break;
	case 'O':
		pst_session_host(play->session, arg);
		break;
	case 'M':
	case 'A':
		begin_message(play, arg, event == 'A');
		break;
	case 'R':
		pst_session_rcpt(play->session, arg);
		break;
	case 'N':
		send_header(play, arg);
		break;
	case 'E':
		pst_session_eoh(play->session);
		break;
	case 'B':
		(void)pst_session_body(play->session, arg.ptr, arg.len);
		break;
	case 'X':
		pst_session_abort(play->session);
		break;
	case 'T':
		pst_clock_advance(&play->lab->clock, (int64_t)arg.len * 10);
		break;
	default:
		break;
	}
}

static struct pst_str
run(struct pst_arena *arena, struct pst_str rest, unsigned switches)
{
	struct play play = {
	    .arena = arena, .lab = &set_labs[switches], .switches = switches};
	struct pst_str event;
	unsigned messages = 0;
	bool more = true;

	play.lab->clock = pst_clock_manual(LAB_NOW);
	pst_buf_init(&play.log, arena, MAX_LOG);
	connect_again(&play, PST_STR(""));
	while (messages < MAX_MESSAGES &&
	    pst_str_split(&rest, EVENT_END, &event, &more)) {
		char letter = event.len == 0 ? 'X' : event.ptr[0];

		take_event(&play, letter, pst_str_from(event, 1));
		messages += letter == 'D';
	}
	pst_session_close(play.session);
	return pst_buf_slice(&play.log);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pst_arena *arena;
	struct pst_str rest, first, again;

	if (size == 0)
		return 0;
	open_labs();
	arena = pst_arena_new();
	rest = (struct pst_str){(const char *)data + 1, size - 1};
	first = run(arena, rest, data[0] % SETS);
	again = run(arena, rest, data[0] % SETS);
	assert(pst_str_eq(first, again));
	pst_arena_free(arena);
	return 0;
}
