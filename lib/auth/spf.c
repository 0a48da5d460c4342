/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The only file that uses libspf2.
 *
 * libspf2 does the evaluation: order, qualifiers, prefix matching, recursion.
 * But its parser and its macro expander accept invalid records, lose terms of
 * long ones and write past the end of buffers on hostile ones; its limits start
 * afresh in each include; and its result is not set after a DNS error. So no
 * text from outside ever reaches it. auth/spf_record.c parses each record, and
 * auth/spf_rewrite.c rewrites it to qualifiers, addresses, prefix lengths and
 * made-up names, which the hooks below translate back:
 *	root.x	the sender's domain
 *	tN.x	the domain of term N % 256 of record N / 256
 *	hN.x	name N of the mx term that is being evaluated
 * When the hooks know the result, or have to wait for an answer, they make a
 * note of it and give libspf2 a DNS error, which makes it return at once.
 */

#include "auth/spf.h"

#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <spf2/spf.h>

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/spf_run.h"
#include "base/domain.h"

#define TOKEN_SIZE 32

/*
 * How many terms are compiled at a time. libspf2 drops terms of a record that
 * compiles to more than 511 octets; this many of our rewritten terms never do.
 */
#define TERMS_AT_ONCE 8

/* Octets of HELO and local part that macros see; legal ones are shorter. */
#define MAX_MACRO_VALUE 320

/* libspf2 counts the terms of a record in one octet. */
static_assert(PST_SPF_MAX_TERMS + 1 <= UCHAR_MAX, "libspf2's num_mech");

struct hooks {
	SPF_dns_server_t dns;
	struct pst_spf_run *run;
};

void
pst_spf_init(void)
{
	SPF_warning_handler = NULL;
	SPF_info_handler = NULL;
	SPF_debug_handler = NULL;
}

static const struct pst_guard *
guard_of(const struct pst_spf_run *run)
{
	return run->world->guard;
}

static const struct pst_guard *
server_guard(const SPF_server_t *server)
{
	return guard_of(((struct hooks *)server->resolver->hook)->run);
}

/* It is not the fault of the message that there is no memory. */
static _Noreturn void
out_of_memory(const struct pst_guard *guard)
{
	pst_guard_move(guard, PST_GUARD_OURS);
	abort();
}

/* Reads the number in a token. Returns false if the letter is another one. */
static bool
read_token(const char *token, char letter, size_t *number)
{
	struct pst_str text = pst_str(token);
	uint64_t value;

	if (text.len == 0 || text.ptr[0] != letter)
		return false;
	text = pst_str_from(text, 1);
	text = pst_str_first(text, pst_str_find(text, '.'));
	if (!pst_str_to_u64(text, SIZE_MAX, &value))
		return false;
	*number = (size_t)value;
	return true;
}

static struct pst_spf_level *
token_level(const struct pst_spf_run *run, size_t number)
{
	assert(number / PST_SPF_LEVEL_TOKENS < run->level_count);
	return run->levels[number / PST_SPF_LEVEL_TOKENS];
}

static void
add_data(const struct pst_guard *guard, SPF_dns_rr_t *rr, const void *data,
    size_t len)
{
	if (SPF_dns_rr_buf_realloc(rr, rr->num_rr, len) != SPF_E_SUCCESS)
		out_of_memory(guard);
	memcpy(rr->rr[rr->num_rr], data, len);
	rr->num_rr++;
}

/* libspf2 expects the octets of an A or AAAA record as in the packet. */
static void
add_reply(const struct pst_guard *guard, SPF_dns_rr_t *rr,
    const struct pst_spf_reply *reply)
{
	for (size_t i = 0; i < reply->ip_count; i++)
		add_data(guard, rr, reply->ips[i].octets,
		    rr->rr_type == ns_t_aaaa ? 16 : 4);
	for (size_t i = 0; i < reply->mx_count; i++) {
		char token[TOKEN_SIZE];

		(void)snprintf(token, sizeof(token), "h%zu.x", i);
		add_data(guard, rr, token, strlen(token) + 1);
	}
}

/* libspf2's look-up hook; it must never return NULL. */
static SPF_dns_rr_t *
look_up(SPF_dns_server_t *dns, const char *name, ns_type type, int should_cache)
{
	struct pst_spf_run *run = ((struct hooks *)dns->hook)->run;
	struct pst_spf_reply reply = {0};
	SPF_dns_rr_t *rr;
	size_t number = 0;
	bool done = false;

	(void)should_cache;
	pst_guard_move(guard_of(run), PST_GUARD_OURS);
	if (run->pending || run->forced)
		done = false;
	else if (read_token(name, 'h', &number))
		done = pst_spf_run_mx_host(run, number, &reply);
	else if (read_token(name, 't', &number))
		done = pst_spf_run_term(run, token_level(run, number),
		    number % PST_SPF_LEVEL_TOKENS, &reply);

	pst_guard_move(guard_of(run), PST_GUARD_INSIDE);
	rr = SPF_dns_rr_new_init(dns, name, type, 0, NETDB_SUCCESS);
	if (rr == NULL)
		out_of_memory(guard_of(run));
	add_reply(guard_of(run), rr, &reply);
	if (!done)
		rr->herrno = TRY_AGAIN;
	else if (rr->num_rr == 0)
		rr->herrno = NO_DATA;
	return rr;
}

/*
 * Compiles a few terms and appends them to record. Returns false if libspf2
 * rejects them.
 */
static bool
append_compiled(SPF_server_t *server, SPF_record_t *record, const char *text,
    size_t term_count)
{
	SPF_response_t *response = SPF_response_new(NULL);
	SPF_record_t *part = NULL;
	char *grown;
	bool valid;

	if (response == NULL)
		out_of_memory(server_guard(server));
	valid = SPF_record_compile(server, response, &part, text) ==
		SPF_E_SUCCESS &&
	    part->num_mech == term_count;
	if (valid) {
		grown = realloc(
		    record->mech_first, record->mech_len + part->mech_len);
		if (grown == NULL)
			out_of_memory(server_guard(server));
		memcpy(
		    grown + record->mech_len, part->mech_first, part->mech_len);
		record->mech_first = (SPF_mech_t *)(void *)grown;
		record->mech_len += part->mech_len;
		record->mech_size = record->mech_len;
		record->num_mech =
		    (unsigned char)(record->num_mech + term_count);
	}
	if (part != NULL)
		SPF_record_free(part);
	SPF_response_free(response);
	return valid;
}

static bool
append(SPF_server_t *server, SPF_record_t *record, const char *text,
    size_t term_count)
{
	bool valid;

	pst_guard_move(server_guard(server), PST_GUARD_INSIDE);
	valid = append_compiled(server, record, text, term_count);
	pst_guard_move(server_guard(server), PST_GUARD_OURS);
	return valid;
}

/*
 * Rewrites and compiles the newest level's record. Returns false if libspf2
 * rejects it.
 */
static bool
compile(SPF_server_t *server, struct pst_spf_run *run, SPF_record_t *record)
{
	const size_t level = run->level_count - 1;
	const struct pst_spf_record *parsed = &run->levels[level]->record;
	size_t numbers[PST_SPF_MAX_TERMS + 1];
	const size_t count = pst_spf_rewrite_order(parsed, numbers);
	struct pst_buf text;
	char term[PST_SPF_REWRITTEN_SIZE];
	size_t written = 0;

	pst_buf_init(&text, run->world->arena,
	    (size_t)(TERMS_AT_ONCE + 1) * PST_SPF_REWRITTEN_SIZE);
	for (size_t i = 0; i < count; i++) {
		pst_spf_rewrite_term(run,
		    level * PST_SPF_LEVEL_TOKENS + numbers[i],
		    numbers[i] == PST_SPF_REDIRECT_INDEX ?
			&parsed->redirect :
			&parsed->terms[numbers[i]],
		    term);
		if (term[0] != '\0') {
			pst_buf_printf(
			    &text, "%s %s", written == 0 ? "v=spf1" : "", term);
			written++;
		}
		if (written == 0 || (written < TERMS_AT_ONCE && i + 1 < count))
			continue;
		if (!append(server, record, pst_buf_str(&text), written))
			return false;
		pst_buf_reset(&text);
		written = 0;
	}
	return true;
}

static SPF_errcode_t
make_record(SPF_server_t *server, struct pst_spf_run *run,
    const SPF_request_t *request, SPF_record_t **record)
{
	struct pst_spf_level *level;
	size_t number;

	*record = NULL;
	if (run->pending || run->forced)
		return SPF_E_DNS_ERROR;
	if (read_token(request->cur_dom, 't', &number))
		level = pst_spf_run_fetch(run, token_level(run, number),
		    number % PST_SPF_LEVEL_TOKENS, NULL);
	else
		level =
		    pst_spf_run_fetch(run, NULL, 0, run->macros.sender_domain);
	if (level == NULL)
		return SPF_E_DNS_ERROR;

	*record = SPF_record_new(server, "v=spf1");
	if (*record == NULL)
		out_of_memory(guard_of(run));
	(*record)->version = 1;
	if (compile(server, run, *record))
		return SPF_E_SUCCESS;
	SPF_record_free(*record);
	*record = NULL;
	level->stopped = true;
	level->result = PST_RESULT_TEMPERROR;
	run->forced = true;
	run->result = PST_RESULT_TEMPERROR;
	run->why = "libspf2 refused a rewritten record";
	return SPF_E_DNS_ERROR;
}

/* libspf2's hook that gets the record of a domain. */
static SPF_errcode_t
get_record(SPF_server_t *server, SPF_request_t *request,
    SPF_response_t *response, SPF_record_t **record)
{
	struct pst_spf_run *run = ((struct hooks *)server->resolver->hook)->run;
	SPF_errcode_t made;

	(void)response;
	pst_guard_move(guard_of(run), PST_GUARD_OURS);
	made = make_record(server, run, request, record);
	pst_guard_move(guard_of(run), PST_GUARD_INSIDE);
	return made;
}

static void
set_client(SPF_request_t *request, const struct pst_ip *client)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (client->family == PST_IP_V6) {
		memcpy(&v6, client->octets, sizeof(v6));
		(void)SPF_request_set_ipv6(request, v6);
	} else {
		memcpy(&v4, client->octets, sizeof(v4));
		(void)SPF_request_set_ipv4(request, v4);
	}
}

static enum pst_result
from_libspf2(SPF_result_t result)
{
	switch (result) {
	case SPF_RESULT_NEUTRAL:
		return PST_RESULT_NEUTRAL;
	case SPF_RESULT_PASS:
		return PST_RESULT_PASS;
	case SPF_RESULT_FAIL:
		return PST_RESULT_FAIL;
	case SPF_RESULT_SOFTFAIL:
		return PST_RESULT_SOFTFAIL;
	case SPF_RESULT_NONE:
		return PST_RESULT_NONE;
	case SPF_RESULT_PERMERROR:
		return PST_RESULT_PERMERROR;
	case SPF_RESULT_INVALID:
	case SPF_RESULT_TEMPERROR:
		break;
	}
	return PST_RESULT_TEMPERROR;
}

/* Like SPF_request_query_mailfrom(), which would pass all loopback clients. */
static SPF_result_t
query(SPF_server_t *server, const struct pst_ip *client)
{
	SPF_request_t *request = SPF_request_new(server);
	SPF_response_t *response;
	SPF_record_t *record = NULL;
	SPF_result_t result = SPF_RESULT_INVALID;

	if (request == NULL)
		out_of_memory(server_guard(server));
	set_client(request, client);
	request->use_local_policy = 0;
	request->cur_dom = "root.x";
	response = SPF_response_new(request);
	if (response == NULL)
		out_of_memory(server_guard(server));
	if (SPF_server_get_record(server, request, response, &record) ==
	    SPF_E_SUCCESS) {
		response->spf_record_exp = record;
		(void)SPF_record_interpret(record, request, response, 0);
		result = SPF_response_result(response);
	}
	if (record != NULL)
		SPF_record_free(record);
	SPF_response_free(response);
	SPF_request_free(request);
	return result;
}

/* Runs libspf2 and stores its result, unless the run is pending or forced. */
static void
run_libspf2(struct pst_spf_run *run)
{
	struct hooks hooks = {.run = run};
	SPF_response_t *response = NULL;
	SPF_server_t *server;
	SPF_result_t result;

	hooks.dns.lookup = look_up;
	hooks.dns.get_spf = get_record;
	hooks.dns.name = "postern";
	hooks.dns.hook = &hooks;
	server = SPF_server_new_dns(&hooks.dns, 0);
	if (server == NULL)
		out_of_memory(guard_of(run));
	/* The default one would expand the sender and the host's name. */
	(void)SPF_server_set_explanation(server, "x", &response);
	SPF_response_free(response);
	(void)SPF_server_set_max_dns_mech(server, INT_MAX);
	(void)SPF_server_set_max_dns_mx(server, PST_SPF_MAX_MX);
	result = query(server, &run->input->client);
	SPF_server_free(server);

	if (run->pending || run->forced)
		return;
	run->result = from_libspf2(result);
	if (run->result == PST_RESULT_PERMERROR)
		run->why = "more than 10 names in an MX answer";
}

/*
 * The same inside the guard; false if libspf2 is not to be used. All that
 * libspf2 sees of the message is the client, and the records that the sender's
 * domain leads to. Of these, only the domain is in the digest: whoever owns the
 * domain could give each query another record. HELO and the local part are not
 * in it either, so other ones do not help a sender.
 */
static bool
run_guarded(struct pst_spf_run *run)
{
	const struct pst_ip *client = &run->input->client;
	struct pst_guarded what = {
	    .library = PST_LIBRARY_SPF2, .domain = run->macros.sender_domain};
	struct pst_siphash hash;
	char ip[PST_IP_TEXT_SIZE];

	if (guard_of(run) != NULL) {
		pst_guard_digest(guard_of(run), &hash);
		pst_siphash_add_whole(&hash, PST_STR("spf"));
		pst_siphash_add_whole(&hash, pst_str(pst_ip_text(client, ip)));
		pst_siphash_add_whole(&hash, pst_str(what.domain));
		what.digest = pst_siphash_digest(&hash);
	}
	if (!pst_guard_enter(guard_of(run), &what))
		return false;
	run_libspf2(run);
	pst_guard_leave(guard_of(run));
	return true;
}

static struct pst_str
bounded(struct pst_str text)
{
	return pst_str_first(text, MAX_MACRO_VALUE);
}

/*
 * Returns the domain to check (s. 2.4, 4.3). If there is none, it returns NULL
 * with the reason in out->why.
 */
static const char *
identity(struct pst_arena *arena, const struct pst_spf_input *input,
    struct pst_spf *out)
{
	const struct pst_path *path = &input->mail_from;
	const char *domain;

	out->identity = PST_SPF_MAILFROM;
	out->why = "MAIL FROM is not a valid mailbox";
	if (!path->valid && !input->of_helo)
		return NULL;
	if (input->of_helo) {
		out->identity = PST_SPF_HELO;
		domain = pst_domain_normalize(arena, input->helo);
		out->why = "HELO is not a domain name";
	} else if (path->null) {
		out->identity = PST_SPF_HELO;
		domain = pst_domain_normalize(arena, input->helo);
		out->why = "null sender, and HELO is not a domain name";
	} else {
		domain = path->domain;
		out->why = "MAIL FROM has no domain name";
	}
	if (domain == NULL || pst_domain_labels(domain) < 2)
		return NULL;
	out->why = NULL;
	return domain;
}

static void
set_macros(struct pst_world *world, const struct pst_spf_input *input,
    const struct pst_spf *spf, struct pst_spf_macros *macros)
{
	struct pst_str helo = bounded(input->helo);

	macros->local = PST_STR("postmaster");
	if (spf->identity == PST_SPF_MAILFROM && input->mail_from.local.len > 0)
		macros->local = bounded(input->mail_from.local);
	macros->sender_domain = spf->domain;
	macros->helo = pst_arena_memdup(world->arena, helo.ptr, helo.len);
	macros->receiver =
	    input->receiver == NULL ? "unknown" : input->receiver;
	macros->ip = input->client;
	macros->now_epoch = world->now_epoch;
}

static bool
evaluate(struct pst_world *world, const struct pst_spf_input *input,
    struct pst_spf *spf)
{
	struct pst_spf_run *run;

	run = pst_arena_alloc(world->arena, sizeof(*run));
	run->world = world;
	run->input = input;
	set_macros(world, input, spf, &run->macros);
	if (!run_guarded(run)) {
		spf->result = PST_RESULT_TEMPERROR;
		spf->why = "libspf2 is not used, because it has crashed";
		return true;
	}
	if (run->pending)
		return false;

	spf->result = run->result;
	spf->why = run->why;
	spf->lookups = run->lookups;
	spf->voids = run->voids;
	if (input->want_explanation && spf->result == PST_RESULT_FAIL) {
		if (!pst_spf_run_explain(run, &spf->explanation))
			return false;
		if (spf->explanation == NULL)
			spf->explanation = input->default_explanation;
	}
	pst_spf_run_results(run, spf);
	spf->weak = pst_spf_run_weak(run);
	if (input->want_trace)
		pst_spf_run_trace(run, spf);
	return true;
}

bool
pst_spf_check(struct pst_world *world, const struct pst_spf_input *input,
    struct pst_spf *out)
{
	struct pst_arena_mark mark = pst_arena_mark(world->arena);
	struct pst_spf spf = {.result = PST_RESULT_NONE};

	assert(input->client.family != PST_IP_NONE);
	spf.domain = identity(world->arena, input, &spf);
	if (spf.domain != NULL && !evaluate(world, input, &spf)) {
		pst_arena_rewind(world->arena, mark);
		return false;
	}
	*out = spf;
	return true;
}
