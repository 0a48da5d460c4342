/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/session.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/world.h"
#include "base/buf.h"
#include "base/domain.h"
#include "core/check_runner.h"
#include "core/containment.h"
#include "core/counters.h"
#include "core/edits.h"
#include "core/enforcement.h"
#include "core/recipients.h"
#include "core/indirect.h"
#include "core/lesson.h"
#include "core/own_domains.h"
#include "core/parts.h"
#include "core/relay.h"
#include "core/strip.h"
#include "core/temperror.h"
#include "core/waiting_room.h"

/*
 * The life of one message:
 *
 *	MAIL       header       EOH          body        end
 *	 |           |           |            |           |
 *	NEW ------> HEADERS --> BODY ------> BODY -----> DECIDED
 *
 * The checks are the rows of core/check.h. The first RCPT starts those of the
 * envelope (iprev, SPF): MAIL alone costs a client nothing, so it asks nothing.
 * If the client is a relay of ours, the client to check is named in the header,
 * so they start at EOH. EOH starts those of the header (DKIM keys, the From
 * domain's DMARC policy). All look-ups run in parallel while the body is
 * hashed. At each later event, the checks of the envelope use the answers that
 * have arrived so far. Only the end of the message waits.
 *
 * Invariants: the findings are complete before the policy sees them; every
 * message gets exactly one decision, which never changes.
 */
enum state {
	STATE_HEADERS,
	STATE_BODY,
	STATE_DECIDED,
};

/* RFC 5321 s. 4.5.3.1 allows a command 512 octets; MTAs accept some more. */
#define MAX_ARGUMENT 2048

/*
 * How long a message waits for its other answers after one of the questions
 * that matter was refused. During a flood, messages that cannot be decided
 * would otherwise all wait for the deadline, each with a thread of its own.
 */
#define MAX_CROWDED_MS 1000

struct msg {
	struct pst_arena *arena;
	struct pst_config *config;
	enum state state;
	struct pst_world world;
	struct pst_header header;
	struct pst_spf_input spf_input;
	bool behind_relay; /* the client to check is not known yet */
	bool has_begun;    /* the checks of the envelope */
	bool wants_body;
	struct pst_parts parts;
	struct pst_check_runner checks;
	struct pst_message out;
};

struct pst_session {
	struct pst_service *service;
	struct pst_ip ip;
	struct pst_mta mta;
	bool is_test;
	bool can_defer_rcpts;
	char name[256];
	char host[PST_DOMAIN_MAX + 1];
	char helo[MAX_ARGUMENT];
	size_t helo_len;
	struct msg *msg; /* NULL between messages */
};

static size_t
keep(char *to, size_t size, struct pst_str from)
{
	size_t len = from.len < size ? from.len : size;

	if (len > 0)
		memcpy(to, from.ptr, len);
	return len;
}

static void
keep_text(char *to, size_t size, struct pst_str from)
{
	to[keep(to, size - 1, from)] = '\0';
}

struct pst_session *
pst_session_open(struct pst_service *service, const struct pst_ip *ip,
    struct pst_str name, struct pst_mta mta, bool is_test)
{
	struct pst_session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		abort();
	session->service = service;
	session->ip = *ip;
	session->mta = mta;
	session->is_test = is_test;
	keep_text(session->name, sizeof(session->name), name);
	if (!is_test)
		pst_counter_add(PST_COUNTER_SESSIONS, 0, 1);
	pst_counter_change(PST_COUNTER_SESSIONS_OPEN, 1);
	return session;
}

void
pst_session_close(struct pst_session *session)
{
	if (session == NULL)
		return;
	pst_session_abort(session);
	pst_counter_change(PST_COUNTER_SESSIONS_OPEN, -1);
	free(session);
}

void
pst_session_can_defer_rcpts(struct pst_session *session)
{
	session->can_defer_rcpts = true;
}

void
pst_session_helo(struct pst_session *session, struct pst_str helo)
{
	session->helo_len = keep(session->helo, sizeof(session->helo), helo);
}

void
pst_session_host(struct pst_session *session, struct pst_str host)
{
	/* A name that is cut off would be the name of another host. */
	if (host.len >= sizeof(session->host))
		host = PST_STR("");
	keep_text(session->host, sizeof(session->host), host);
}

/*
 * The names of the MTA and of this host come from outside, so they are used
 * only if they are valid domain names.
 */
static const char *
authserv_id(const struct pst_session *session, struct msg *msg)
{
	char own[PST_DOMAIN_MAX + 1];
	const char *id = msg->config->authserv_id;

	if (id[0] != '\0')
		return id;
	id = pst_domain_normalize(msg->arena, pst_str(session->host));
	if (id == NULL && gethostname(own, sizeof(own)) == 0) {
		own[sizeof(own) - 1] = '\0';
		id = pst_domain_normalize(msg->arena, pst_str(own));
	}
	return id == NULL ? "localhost" : id;
}

static void
release_config(void *handle)
{
	pst_config_unref(handle);
}

static struct pst_resolver *
resolver_of(const struct pst_session *session)
{
	return session->is_test ? pst_service_test_resolver(session->service) :
				  pst_service_resolver(session->service);
}

static struct msg *
new_message(struct pst_session *session)
{
	struct pst_arena *arena = pst_arena_new();
	struct msg *msg = pst_arena_alloc(arena, sizeof(*msg));
	struct pst_clock *clock = pst_service_clock(session->service);

	msg->arena = arena;
	msg->config = pst_service_config(session->service);
	pst_arena_defer(arena, release_config, msg->config);
	msg->world.arena = arena;
	msg->world.dns = pst_dns_open(
	    arena, resolver_of(session), clock, msg->config->dns_limits);
	msg->world.now_epoch = pst_clock_epoch(clock);
	msg->world.eager = true;
	msg->world.recall =
	    pst_lesson_recall(arena, pst_service_memory(session->service),
		msg->world.now_epoch, msg->config->dmarc.remember_s);
	msg->world.guard = pst_containment_guard(arena, &msg->out);
	msg->out.is_test = session->is_test;
	msg->out.began_s = msg->world.now_epoch;
	msg->out.mta = session->mta;
	msg->out.config = msg->config;
	msg->out.dns = msg->world.dns;
	msg->out.header = &msg->header;
	pst_check_runner_init(&msg->checks,
	    (struct pst_check_run){.world = &msg->world,
		.config = msg->config,
		.message = &msg->out,
		.spf_input = &msg->spf_input});
	pst_header_init(&msg->header, arena, msg->config->header_limits);
	pst_edits_watch(&msg->header, msg->config);
	return msg;
}

static struct pst_str
dup_slice(struct pst_arena *arena, struct pst_str s)
{
	return (struct pst_str){pst_arena_memdup(arena, s.ptr, s.len), s.len};
}

static void
poll_envelope(struct msg *msg)
{
	if (msg->has_begun && pst_dns_poll(msg->world.dns))
		(void)pst_check_runner_step(
		    &msg->checks, PST_CHECK_NEEDS_ENVELOPE);
}

/* Once, and as soon as the client to check is known. */
static void
begin_envelope(struct msg *msg)
{
	if (msg->has_begun || msg->behind_relay ||
	    msg->out.findings.exempt != PST_EXEMPT_NO)
		return;
	msg->has_begun = true;
	/* A test takes nothing of the share of that client's network. */
	if (!msg->out.is_test)
		pst_dns_set_client(msg->world.dns, &msg->out.client);
	pst_check_runner_start(&msg->checks, PST_CHECK_NEEDS_ENVELOPE);
	(void)pst_check_runner_step(&msg->checks, PST_CHECK_NEEDS_ENVELOPE);
}

/* Drops the reverse-path if the MTA reads another domain in it (R-SPF-4). */
static void
compare_paths(struct msg *msg, struct pst_str mta_address)
{
	struct pst_path *own = &msg->spf_input.mail_from;
	struct pst_path mta;

	if (mta_address.len == 0 || !own->valid)
		return;
	pst_reverse_path_parse(
	    msg->arena, pst_str_first(mta_address, MAX_ARGUMENT), &mta);
	if (!mta.valid || own->domain == NULL || mta.domain == NULL ||
	    !pst_domain_eq(own->domain, mta.domain))
		memset(own, 0, sizeof(*own));
}

void
pst_session_mail(struct pst_session *session, struct pst_str mail_from,
    struct pst_str mta_address, bool authenticated)
{
	struct pst_str helo = {session->helo, session->helo_len};
	struct pst_message *out;
	struct msg *msg;

	pst_session_abort(session);
	msg = new_message(session);
	session->msg = msg;
	out = &msg->out;
	out->client = session->ip;
	out->client_name = pst_escaped(msg->arena, pst_str(session->name));
	out->helo = dup_slice(msg->arena, helo);
	out->mail_from =
	    dup_slice(msg->arena, pst_str_first(mail_from, MAX_ARGUMENT));
	out->rcpt = PST_STR("");
	out->authserv_id = authserv_id(session, msg);
	out->authenticated = authenticated;
	out->findings.exempt =
	    pst_exempt_of(msg->config, &session->ip, authenticated);
	if (out->findings.exempt != PST_EXEMPT_NO)
		return;
	if (session->can_defer_rcpts)
		pst_parts_begin(&msg->parts, msg->arena, session->service, out);
	msg->spf_input.client = session->ip;
	msg->spf_input.helo = out->helo;
	if (mail_from.len <= MAX_ARGUMENT)
		pst_reverse_path_parse(
		    msg->arena, out->mail_from, &msg->spf_input.mail_from);
	compare_paths(msg, mta_address);
	msg->spf_input.max_voids = msg->config->spf.void_lookups;
	msg->spf_input.receiver = out->authserv_id;
	msg->spf_input.weak_range_bits = msg->config->spf.weak_range_bits;
	msg->behind_relay = pst_relay_is_own(msg->config, &session->ip);
}

static void
note_rcpt(struct msg *msg, struct pst_str rcpt, struct pst_str mta_address)
{
	struct pst_rcpts *rcpts = &msg->out.rcpts;

	pst_rcpts_note(msg->arena, rcpts, rcpt, mta_address);
	if (msg->out.rcpt_count++ == 0 && rcpts->count > 0)
		msg->out.rcpt = rcpts->items[0];
}

bool
pst_session_rcpt(struct pst_session *session, struct pst_str rcpt)
{
	return pst_session_rcpt_as(session, rcpt, PST_STR(""));
}

bool
pst_session_rcpt_as(struct pst_session *session, struct pst_str rcpt,
    struct pst_str mta_address)
{
	struct msg *msg = session->msg;
	enum pst_rcpt_kind kind;

	if (msg == NULL || msg->state == STATE_DECIDED)
		return true;
	rcpt = pst_str_first(rcpt, MAX_ARGUMENT);
	mta_address = pst_str_first(mta_address, MAX_ARGUMENT);
	kind = pst_enforcement_kind(msg->arena, msg->config, rcpt, mta_address);
	if (!pst_parts_rcpt(&msg->parts, rcpt, kind))
		return false;
	msg->out.findings.rcpt_kinds[kind] = true;
	note_rcpt(msg, rcpt, mta_address);
	if (msg->config->rules.count > 0 ||
	    msg->config->reports.recipient_domains)
		pst_recipients_add(msg->arena, &msg->out.findings.rcpts, rcpt);
	if (msg->config->reports.from[0] != '\0' &&
	    pst_recipients_takes_reports(msg->arena, msg->config, rcpt))
		msg->out.findings.to_reports = true;
	begin_envelope(msg);
	poll_envelope(msg);
	return true;
}

void
pst_session_header(
    struct pst_session *session, struct pst_str name, struct pst_str value)
{
	struct msg *msg = session->msg;

	if (msg == NULL || msg->state != STATE_HEADERS)
		return;
	(void)pst_header_add(&msg->header, name, value);
	poll_envelope(msg);
}

/* Finds the relay's client. */
static void
look_behind_relay(struct msg *msg)
{
	struct pst_message *out = &msg->out;
	struct pst_received from;

	msg->behind_relay = false;
	/* A header field is not enough to treat a client as trusted. */
	if (!pst_relay_find_client(
		msg->arena, msg->config, &msg->header, &from) ||
	    pst_net_set_has(&msg->config->trusted_networks.set, &from.ip)) {
		out->findings.exempt = PST_EXEMPT_RELAY;
		return;
	}
	out->via = out->client;
	out->client = from.ip;
	out->client_name = pst_escaped(msg->arena, pst_str(from.name));
	out->helo = pst_str(from.helo);
	msg->spf_input.client = out->client;
	msg->spf_input.helo = out->helo;
}

/* Now that the author is known, SPF may turn out to matter less (dns/gate). */
static void
set_classes(struct msg *msg)
{
	if (pst_check_spf_may_align(&msg->checks.run))
		return;
	msg->world.spf_is_aside = true;
	pst_dns_reclass(
	    msg->world.dns, pst_check_reader(&pst_check_spf), PST_DNS_OTHER);
}

static void
parse_from(struct msg *msg)
{
	struct pst_str values[PST_FROM_MAX_FIELDS] = {msg->header.first_from};

	/* A further field beyond a limit is counted; its value is unknown. */
	for (size_t i = 1;
	     i < msg->header.from_count && i < PST_FROM_MAX_FIELDS; i++) {
		const struct pst_header_field *field =
		    pst_header_find(&msg->header, "From", i + 1);

		if (field != NULL)
			values[i] = field->value;
	}
	pst_from_parse(msg->arena, values, msg->header.from_count,
	    &msg->out.findings.from);
}

void
pst_session_eoh(struct pst_session *session)
{
	struct msg *msg = session->msg;

	if (msg == NULL || msg->state != STATE_HEADERS)
		return;
	msg->state = STATE_BODY;
	parse_from(msg);
	if (msg->behind_relay)
		look_behind_relay(msg);
	if (msg->out.findings.exempt != PST_EXEMPT_NO)
		return;
	set_classes(msg);
	begin_envelope(msg);
	pst_check_runner_start(&msg->checks, PST_CHECK_NEEDS_HEADER);
	msg->wants_body = true;
	poll_envelope(msg);
}

bool
pst_session_body(struct pst_session *session, const void *ptr, size_t len)
{
	struct msg *msg = session->msg;

	if (msg == NULL || msg->state != STATE_BODY || !msg->wants_body)
		return false;
	msg->wants_body = pst_check_runner_body(&msg->checks, ptr, len);
	poll_envelope(msg);
	return msg->wants_body;
}

/* Waits until the checks are done or time is up; returns why it ended. */
static enum pst_dns_status
wait_for_answers(struct msg *msg, struct pst_clock *clock,
    const struct pst_waiting *waiting, const struct pst_progress *progress)
{
	int64_t now = pst_clock_ms(clock);
	int64_t until = now + msg->config->deadline_ms;
	int64_t report = now + PST_PROGRESS_MS;
	bool is_crowded = false;

	do {
		now = pst_clock_ms(clock);
		if (!is_crowded && pst_dns_is_crowded(msg->world.dns)) {
			is_crowded = true;
			if (now + MAX_CROWDED_MS < until)
				until = now + MAX_CROWDED_MS;
		}
		if (pst_waiting_must_leave(waiting))
			return PST_DNS_CROWDED;
		if (now >= until)
			return is_crowded ? PST_DNS_CROWDED : PST_DNS_TIMEOUT;
		if (now >= report) {
			if (progress != NULL)
				progress->call(progress->arg);
			report = now + PST_PROGRESS_MS;
		}
		(void)pst_dns_wait(
		    msg->world.dns, report < until ? report : until);
	} while (!pst_check_runner_step(&msg->checks, PST_CHECK_NEEDS_HEADER));
	return PST_DNS_OK;
}

/* Completes all checks. */
static void
finish_checks(struct pst_session *session, struct msg *msg,
    const struct pst_progress *progress)
{
	struct pst_waiting_room *room =
	    pst_service_waiting_room(session->service);
	struct pst_clock *clock = pst_service_clock(session->service);
	struct pst_waiting waiting;
	enum pst_dns_status ended;

	(void)pst_dns_poll(msg->world.dns);
	if (pst_check_runner_step(&msg->checks, PST_CHECK_NEEDS_HEADER))
		return;
	pst_waiting_room_enter(room, &waiting, msg->world.dns, &msg->out.client,
	    pst_clock_ms(clock));
	ended = wait_for_answers(msg, clock, &waiting, progress);
	pst_waiting_room_leave(room, &waiting, pst_clock_ms(clock));
	if (ended == PST_DNS_OK)
		return;
	pst_dns_expire(msg->world.dns, ended);
	while (!pst_check_runner_step(&msg->checks, PST_CHECK_NEEDS_HEADER))
		continue;
}

static void
note_dns(struct pst_service *service, struct msg *msg)
{
	struct pst_findings *findings = &msg->out.findings;
	bool felt = pst_temperror_is_felt(msg->config, findings);
	enum pst_dns_observation observed =
	    pst_dns_health_observe(msg->world.dns, felt);

	if (msg->out.is_test)
		findings->temperror_capped =
		    pst_service_foresee_dns(service, msg->config, observed);
	else
		msg->out.dns_change = pst_service_note_dns(service, msg->config,
		    observed, &findings->temperror_capped);
	findings->crowded = pst_dns_is_crowded(msg->world.dns);
	(msg->out.is_test ? pst_deferrals_foresee : pst_deferrals_judge)(
	    pst_service_deferrals(service),
	    pst_clock_ms(pst_service_clock(service)),
	    msg->config->temperror_domain_cap_ms,
	    findings->temperror_capped || observed == PST_DNS_OBSERVED_FAILURE,
	    findings);
}

/* Completes the findings with what the operator's rules may look at. */
static void
describe(struct pst_service *service, struct msg *msg)
{
	struct pst_findings *findings = &msg->out.findings;
	const struct pst_known_days *known = pst_known_days_of(
	    msg->arena, pst_service_memory(service), msg->world.now_epoch);
	const struct pst_indirect_input input = {.config = msg->config,
	    .header = &msg->header,
	    .now_epoch = msg->world.now_epoch,
	    .known = pst_known_days_noting(msg->arena, known, findings)};

	findings->client = msg->out.client;
	findings->client_nets =
	    pst_spf_lists_ask(pst_service_spf_lists(service), msg->arena,
		&msg->config->spf_names, &findings->client);
	findings->mail_from = msg->spf_input.mail_from.domain;
	findings->mail_from_local = msg->spf_input.mail_from.local;
	if (findings->has_arc)
		pst_policy_chain(msg->arena, msg->config, findings);
	pst_indirect_judge(msg->arena, &input, findings);
	pst_known_days_note(input.known, findings);
	findings->header_fault = pst_header_fault_of(&msg->header.counts);
	pst_strip_note_signed(&msg->header, findings);
	pst_own_domains_judge(msg->arena, msg->config, &msg->header, findings);
}

const struct pst_message *
pst_session_end(struct pst_session *session, struct pst_str queue_id,
    const struct pst_progress *progress)
{
	struct msg *msg = session->msg;
	struct pst_clock *clock = pst_service_clock(session->service);
	int64_t begun = pst_clock_ms(clock);

	if (msg == NULL)
		return NULL;
	if (msg->state == STATE_DECIDED)
		return &msg->out;
	pst_session_eoh(session);
	msg->out.queue_id =
	    pst_escaped(msg->arena, pst_str_first(queue_id, 64));
	if (msg->out.findings.exempt == PST_EXEMPT_NO) {
		finish_checks(session, msg, progress);
		note_dns(session->service, msg);
		describe(session->service, msg);
	}
	msg->out.findings.bucket = pst_enforcement_bucket_if_needed(
	    msg->config, &msg->header, pst_service_key(session->service));
	pst_policy_decide(msg->arena, msg->config, &session->mta,
	    msg->out.authserv_id, &msg->header, &msg->out.findings,
	    &msg->out.decision);
	pst_parts_settle(&msg->parts, &msg->out);
	msg->out.done = pst_done_as_decided(&msg->out.decision);
	if (msg->out.findings.exempt == PST_EXEMPT_NO && !msg->out.is_test)
		pst_lesson_learn(pst_service_memory(session->service),
		    msg->arena, &msg->out, msg->world.now_epoch);
	msg->out.elapsed_ms = (unsigned)(pst_clock_ms(clock) - begun);
	msg->state = STATE_DECIDED;
	return &msg->out;
}

void
pst_session_done(struct pst_session *session, const struct pst_done *done)
{
	if (session->msg != NULL && session->msg->state == STATE_DECIDED)
		session->msg->out.done = *done;
}

void
pst_session_abort(struct pst_session *session)
{
	if (session->msg == NULL)
		return;
	pst_arena_free(session->msg->arena);
	session->msg = NULL;
}
