/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/session.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/world.h"
#include "base/buf.h"
#include "base/domain.h"
#include "core/edits.h"
#include "core/recipients.h"
#include "core/indirect.h"
#include "core/relay.h"
#include "core/temperror.h"

/*
 * The life of one message:
 *
 *	MAIL       header       EOH          body        end
 *	 |           |           |            |           |
 *	NEW ------> HEADERS --> BODY ------> BODY -----> DECIDED
 *
 * MAIL starts the look-ups of the envelope (iprev, SPF), unless the client is a
 * relay of ours: the client to check is then named in the header, so these
 * look-ups start at EOH. EOH starts the look-ups of the header (the From
 * domain's DMARC policy, DKIM keys). All of them run in parallel while the body
 * is hashed. At each later event, the checks of the envelope use the answers
 * that have arrived so far. Only the end of the message waits.
 *
 * Invariants: the findings are complete before the policy sees them; every
 * message gets exactly one decision, which never changes.
 */
enum state {
	STATE_HEADERS,
	STATE_BODY,
	STATE_DECIDED,
};

/*
 * Readers of the transcript. A check runs again only after an answer it was
 * missing has arrived.
 */
enum turn {
	TURN_IPREV = 1,
	TURN_SPF,
	TURN_DKIM,
	TURN_ARC,
	TURN_DMARC,
};

/* RFC 5321 s. 4.5.3.1 allows a command 512 octets; MTAs accept some more. */
#define MAX_ARGUMENT 2048

struct msg {
	struct pst_arena *arena;
	struct pst_config *config;
	enum state state;
	struct pst_world world;
	struct pst_header header;
	struct pst_spf_input spf_input;
	struct pst_dkim_msg *dkim;
	struct pst_arc_msg *arc; /* NULL: arc.verify is off, or before EOH */
	bool behind_relay;       /* the client to check is not known yet */
	bool wants_body;
	bool iprev_done;
	bool spf_done;
	bool dkim_done;
	bool arc_done;
	bool dmarc_done;
	struct pst_message out;
};

struct pst_session {
	struct pst_service *service;
	struct pst_ip ip;
	struct pst_mta mta;
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
    struct pst_str name, struct pst_mta mta)
{
	struct pst_session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		abort();
	session->service = service;
	session->ip = *ip;
	session->mta = mta;
	keep_text(session->name, sizeof(session->name), name);
	return session;
}

void
pst_session_close(struct pst_session *session)
{
	if (session == NULL)
		return;
	pst_session_abort(session);
	free(session);
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

static bool
is_trusted(const struct pst_config *config, const struct pst_ip *ip)
{
	return pst_net_set_has(&config->trusted_networks.set, ip);
}

static enum pst_exempt
exempt(const struct pst_session *session, const struct pst_config *config,
    bool authenticated)
{
	bool relay = pst_relay_is_own(config, &session->ip);

	/* This comes first: mail from there is never edited (R-AR-12). */
	if (!relay && is_trusted(config, &session->ip))
		return PST_EXEMPT_TRUSTED;
	if (config->submission)
		return PST_EXEMPT_SUBMISSION;
	/* What counts is the relay's client, even if the relay logged in. */
	if (relay)
		return PST_EXEMPT_NO;
	if (authenticated && !config->evaluate_authenticated)
		return PST_EXEMPT_AUTHENTICATED;
	if (session->ip.family == PST_IP_NONE)
		return PST_EXEMPT_NO_ADDRESS;
	return PST_EXEMPT_NO;
}

static void
release_config(void *handle)
{
	pst_config_unref(handle);
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
	msg->world.dns =
	    pst_dns_open(arena, pst_service_resolver(session->service), clock,
		msg->config->dns_limits);
	msg->world.now_epoch = pst_clock_epoch(clock);
	msg->world.eager = true;
	msg->out.dns = msg->world.dns;
	msg->out.header = &msg->header;
	pst_header_init(&msg->header, arena, msg->config->header_limits);
	pst_header_watch(&msg->header, PST_AUTHRES_NAME);
	pst_header_watch(&msg->header, msg->config->tag_header);
	return msg;
}

static struct pst_str
dup_slice(struct pst_arena *arena, struct pst_str s)
{
	return (struct pst_str){pst_arena_memdup(arena, s.ptr, s.len), s.len};
}

/* Begins a turn of a check; false if it would get no further. */
static bool
begin(struct msg *msg, enum turn turn)
{
	msg->world.reader = turn;
	return pst_dns_turn(msg->world.dns, turn);
}

/* Runs the checks of the envelope if they can go on; true if both are done. */
static bool
step_envelope(struct msg *msg)
{
	struct pst_findings *findings = &msg->out.findings;

	if (!msg->iprev_done && begin(msg, TURN_IPREV)) {
		msg->iprev_done = pst_iprev_check(
		    &msg->world, &msg->out.client, &findings->iprev);
	}
	if (!msg->spf_done && begin(msg, TURN_SPF)) {
		msg->spf_done =
		    pst_spf_check(&msg->world, &msg->spf_input, &findings->spf);
	}
	return msg->iprev_done && msg->spf_done;
}

static void
poll_envelope(struct msg *msg)
{
	if (msg->out.findings.exempt == PST_EXEMPT_NO && !msg->behind_relay &&
	    pst_dns_poll(msg->world.dns))
		(void)step_envelope(msg);
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
	out->findings.exempt = exempt(session, msg->config, authenticated);
	if (out->findings.exempt != PST_EXEMPT_NO)
		return;
	out->findings.has_iprev = msg->config->iprev.enabled;
	msg->iprev_done = !out->findings.has_iprev;
	msg->spf_input.client = session->ip;
	msg->spf_input.helo = out->helo;
	if (mail_from.len <= MAX_ARGUMENT)
		pst_reverse_path_parse(
		    msg->arena, out->mail_from, &msg->spf_input.mail_from);
	compare_paths(msg, mta_address);
	msg->spf_input.max_voids = msg->config->spf.void_lookups;
	msg->spf_input.receiver = out->authserv_id;
	msg->behind_relay = pst_relay_is_own(msg->config, &session->ip);
	if (!msg->behind_relay)
		(void)step_envelope(msg);
}

void
pst_session_rcpt(struct pst_session *session, struct pst_str rcpt)
{
	struct msg *msg = session->msg;

	if (msg == NULL || msg->state == STATE_DECIDED)
		return;
	if (msg->out.rcpt_count++ == 0) {
		msg->out.rcpt =
		    dup_slice(msg->arena, pst_str_first(rcpt, MAX_ARGUMENT));
	}
	rcpt = pst_str_first(rcpt, MAX_ARGUMENT);
	if (msg->config->rules.count > 0 ||
	    msg->config->reports.recipient_domains)
		pst_recipients_add(msg->arena, &msg->out.findings.rcpts, rcpt);
	if (msg->config->reports.from[0] != '\0' &&
	    pst_recipients_takes_reports(msg->arena, msg->config, rcpt))
		msg->out.findings.to_reports = true;
	poll_envelope(msg);
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

/* Finds the relay's client, and starts the checks that MAIL could not start. */
static void
look_behind_relay(struct msg *msg)
{
	struct pst_message *out = &msg->out;
	struct pst_received from;

	msg->behind_relay = false;
	/* A header field is not enough to treat a client as trusted. */
	if (!pst_relay_find_client(
		msg->arena, msg->config, &msg->header, &from) ||
	    is_trusted(msg->config, &from.ip)) {
		out->findings.exempt = PST_EXEMPT_RELAY;
		out->findings.has_iprev = false;
		return;
	}
	out->via = out->client;
	out->client = from.ip;
	out->client_name = pst_escaped(msg->arena, pst_str(from.name));
	out->helo = pst_str(from.helo);
	msg->spf_input.client = out->client;
	msg->spf_input.helo = out->helo;
	(void)step_envelope(msg);
}

static void
parse_from(struct msg *msg)
{
	const struct pst_header_field *field =
	    pst_header_find(&msg->header, "From", 1);
	struct pst_str value = PST_STR("");

	/* A From field beyond a limit is counted, but its value is unknown. */
	if (field != NULL)
		value = field->value;
	pst_from_parse(msg->arena, &value, msg->header.from_count,
	    &msg->out.findings.from);
}

/* Asks for the policies of the domains that pst_dmarc_check() will evaluate. */
static void
prefetch_policies(struct msg *msg)
{
	const struct pst_from *from = &msg->out.findings.from;
	const struct pst_dmarc_config *config = &msg->config->dmarc_config;

	if (from->domain_count > 1 &&
	    (!config->evaluate_all ||
		from->domain_count > config->max_author_domains))
		return;
	for (size_t i = 0; i < from->domain_count; i++)
		pst_dmarc_prefetch(&msg->world, config, from->domains[i]);
}

static bool
is_public_suffix(const void *arg, const char *domain)
{
	return pst_psl_is_suffix(arg, domain);
}

void
pst_session_eoh(struct pst_session *session)
{
	struct msg *msg = session->msg;
	struct pst_findings *findings;
	const char *author = NULL;

	if (msg == NULL || msg->state != STATE_HEADERS)
		return;
	msg->state = STATE_BODY;
	findings = &msg->out.findings;
	parse_from(msg);
	if (msg->behind_relay)
		look_behind_relay(msg);
	if (findings->exempt != PST_EXEMPT_NO)
		return;
	if (findings->from.domain_count > 0)
		author = findings->from.domains[0];
	msg->world.reader = PST_DNS_NOBODY;
	prefetch_policies(msg);
	msg->dkim = pst_dkim_begin(&msg->world, msg->config->dkim_lib,
	    &msg->config->dkim, &msg->header, author, is_public_suffix,
	    msg->config->psl);
	findings->has_arc = msg->config->arc.verify;
	msg->arc_done = !findings->has_arc;
	if (findings->has_arc)
		msg->arc = pst_arc_begin(
		    &msg->world, &msg->config->arc_config, &msg->header);
	msg->wants_body = true;
	poll_envelope(msg);
}

bool
pst_session_body(struct pst_session *session, const void *ptr, size_t len)
{
	struct msg *msg = session->msg;
	bool dkim, arc;

	if (msg == NULL || msg->state != STATE_BODY || !msg->wants_body)
		return false;
	dkim = pst_dkim_body(msg->dkim, ptr, len);
	arc = msg->arc != NULL && pst_arc_body(msg->arc, ptr, len);
	msg->wants_body = dkim || arc;
	poll_envelope(msg);
	return msg->wants_body;
}

/* Runs the checks that can go on; true if the findings are complete. */
static bool
step_all(struct msg *msg)
{
	struct pst_findings *findings = &msg->out.findings;
	bool envelope = step_envelope(msg);

	if (!msg->dkim_done && begin(msg, TURN_DKIM)) {
		msg->dkim_done =
		    pst_dkim_check(&msg->world, msg->dkim, &findings->dkim);
	}
	if (!msg->arc_done && begin(msg, TURN_ARC))
		msg->arc_done =
		    pst_arc_check(&msg->world, msg->arc, &findings->arc);
	if (!msg->spf_done || !msg->dkim_done)
		return false;
	if (!msg->dmarc_done && begin(msg, TURN_DMARC)) {
		msg->dmarc_done = pst_dmarc_check(&msg->world,
		    &msg->config->dmarc_config, &findings->from, &findings->spf,
		    &findings->dkim, &findings->dmarc);
	}
	return envelope && msg->arc_done && msg->dmarc_done;
}

static void
wait_for_all(struct msg *msg, struct pst_clock *clock,
    const struct pst_progress *progress)
{
	int64_t now = pst_clock_ms(clock);
	int64_t until = now + msg->config->deadline_ms;
	int64_t report = now + PST_PROGRESS_MS;

	(void)pst_dns_poll(msg->world.dns);
	while (!step_all(msg)) {
		now = pst_clock_ms(clock);
		if (now >= until) {
			pst_dns_expire(msg->world.dns);
			continue;
		}
		if (now >= report) {
			if (progress != NULL)
				progress->call(progress->arg);
			report = now + PST_PROGRESS_MS;
		}
		(void)pst_dns_wait(
		    msg->world.dns, report < until ? report : until);
	}
}

/* Returns a remark for the log that is not part of the decision, or NULL. */
static const char *
note(const struct msg *msg)
{
	const struct pst_dmarc *dmarc = &msg->out.findings.dmarc;

	if (dmarc->psl_differs && dmarc->author_domain != NULL)
		return pst_arena_printf(msg->arena,
		    "discovery differs for %s: treewalk finds %s, psl finds %s",
		    dmarc->author_domain,
		    dmarc->org_domain == NULL ? "nothing" : dmarc->org_domain,
		    dmarc->psl_org_domain == NULL ? "nothing" :
						    dmarc->psl_org_domain);
	if (dmarc->psl_guarded)
		return pst_arena_printf(msg->arena,
		    "a record at a public suffix was not used for alignment "
		    "with %s",
		    dmarc->author_domain);
	if (dmarc->policy_domain != NULL && dmarc->record.limited)
		return pst_arena_printf(msg->arena,
		    "the DMARC record of %s exceeds a limit; the rest of it is "
		    "ignored",
		    dmarc->policy_domain);
	return NULL;
}

static void
note_dns(struct pst_service *service, struct msg *msg)
{
	struct pst_findings *findings = &msg->out.findings;
	bool felt = pst_temperror_is_felt(msg->config, findings);

	msg->out.dns_change = pst_service_note_dns(service, msg->config,
	    pst_dns_health_observe(msg->world.dns, felt),
	    &findings->temperror_capped);
}

/* Completes the findings with what the operator's rules may look at. */
static void
describe(struct msg *msg)
{
	struct pst_findings *findings = &msg->out.findings;

	findings->client = msg->out.client;
	findings->mail_from = msg->spf_input.mail_from.domain;
	findings->mail_from_local = msg->spf_input.mail_from.local;
	if (findings->has_arc)
		pst_policy_chain(msg->arena, msg->config, findings);
	findings->indirect =
	    pst_indirect_signs(msg->arena, msg->config, &msg->header, findings);
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
		wait_for_all(msg, clock, progress);
		msg->out.note = note(msg);
		note_dns(session->service, msg);
		describe(msg);
	}
	pst_policy_decide(msg->arena, msg->config, &session->mta,
	    msg->out.authserv_id, &msg->header, &msg->out.findings,
	    &msg->out.decision);
	msg->out.elapsed_ms = (unsigned)(pst_clock_ms(clock) - begun);
	msg->state = STATE_DECIDED;
	return &msg->out;
}

void
pst_session_abort(struct pst_session *session)
{
	if (session->msg == NULL)
		return;
	pst_arena_free(session->msg->arena);
	session->msg = NULL;
}
