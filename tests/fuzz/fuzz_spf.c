/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * SPF: the record parser, the expanders, and whole evaluations. The fuzzer
 * supplies every TXT answer, and most names have addresses and MX names.
 *
 * Input: one octet of switches, then HELO, local part, record and explanation,
 * separated by line feeds.
 */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "auth/spf.h"
#include "auth/spf_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A resolver that answers from the input. */
struct oracle {
	struct pst_resolver resolver;
	struct pst_str record;
	struct pst_str explanation;
	uint8_t switches;
};

static void
add_text(struct pst_dns_answer *answer, struct pst_str text)
{
	struct pst_dns_record record = {.preference = 1, .data = text};

	pst_dns_answer_add(answer, &record);
}

static void
add_address(struct pst_dns_answer *answer, enum pst_dns_type type, uint8_t last)
{
	uint8_t v4[4] = {192, 0, 2, last};
	uint8_t v6[16] = {0x20, 1, 0x0d, 0xb8, [15] = last};
	struct pst_dns_record record = {
	    .ip = type == PST_DNS_A ? pst_ip_v4(v4) : pst_ip_v6(v6)};

	pst_dns_answer_add(answer, &record);
}

/* The first octet of a name selects its records. */
static const struct pst_dns_answer *
oracle_answer(
    const struct oracle *oracle, struct pst_str name, enum pst_dns_type type)
{
	unsigned last = name.len == 0 ? 0 : (unsigned char)name.ptr[0];
	struct pst_dns_answer *answer;

	if (last % 8 == 0)
		return pst_dns_answer_new(PST_DNS_NXDOMAIN, 0, 0, 0);
	if (last % 32 == 1)
		return pst_dns_answer_new(PST_DNS_SERVFAIL, 0, 0, 0);

	answer = pst_dns_answer_new(PST_DNS_OK, 60, 24,
	    oracle->record.len + oracle->explanation.len + 4096);
	switch (type) {
	case PST_DNS_A:
	case PST_DNS_AAAA:
		add_address(answer, type, (uint8_t)last);
		add_address(answer, type, 1);
		break;
	case PST_DNS_TXT:
		add_text(answer,
		    pst_str_starts(name, PST_STR("e")) ? oracle->explanation :
							 oracle->record);
		break;
	case PST_DNS_MX:
	case PST_DNS_PTR:
	case PST_DNS_CNAME:
		for (unsigned i = 0; i < last % 16; i++)
			add_text(answer,
			    i % 2 == 0 ? name : PST_STR("mail.d.example"));
		add_text(answer, oracle->explanation);
		break;
	}
	return answer;
}

static void
oracle_ask(struct pst_resolver *resolver, struct pst_dns_job *job)
{
	const struct oracle *oracle = (const struct oracle *)(void *)resolver;

	pst_dns_job_complete(job,
	    oracle_answer(oracle, pst_dns_job_name(job), pst_dns_job_type(job)),
	    (oracle->switches & 4) != 0 ? 5 : 0);
}

static void
evaluate(struct oracle *oracle, struct pst_str helo, struct pst_str local)
{
	static const uint8_t v4[4] = {192, 0, 2, 99};
	static const uint8_t v6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 99};
	struct pst_arena *arena = pst_arena_new();
	struct pst_clock clock = pst_clock_manual(1700000000);
	struct pst_world world = {
	    .arena = arena, .eager = (oracle->switches & 1) != 0};
	struct pst_spf_input input = {.helo = helo,
	    .max_voids = 2,
	    .want_explanation = true,
	    .want_trace = true};
	struct pst_spf spf;
	unsigned rounds = 0;

	oracle->resolver.ask = oracle_ask;
	input.client =
	    (oracle->switches & 2) != 0 ? pst_ip_v6(v6) : pst_ip_v4(v4);
	input.mail_from = (struct pst_path){
	    .valid = true, .local = local, .domain = "d.example"};
	input.mail_from.null = (oracle->switches & 8) != 0;
	world.dns = pst_dns_open(arena, &oracle->resolver, &clock,
	    (struct pst_dns_limits){
		.max_queries = 150, .query_ms = 5000, .max_txt_bytes = 65535});
	while (!pst_spf_check(&world, &input, &spf)) {
		assert(++rounds < 400);
		(void)pst_dns_wait(world.dns, pst_clock_ms(&clock) + 60000);
	}
	assert(spf.lookups <= PST_SPF_MAX_LOOKUPS + 1);
	assert(spf.trace_count == 0 || spf.trace[0].result == spf.result);
	pst_arena_free(arena);
}

static void
parse_and_expand(struct pst_str record, struct pst_str explanation,
    struct pst_str helo, struct pst_str local)
{
	static const uint8_t v6[16] = {0x20, 1, 0x0d, 0xb8};
	struct pst_arena *arena = pst_arena_new();
	struct pst_spf_macros macros = {.local = local,
	    .sender_domain = "d.example",
	    .domain = "d.example",
	    .validated = "unknown",
	    .receiver = "unknown"};
	struct pst_spf_record parsed;
	struct pst_str out;
	const char *why;

	macros.ip = pst_ip_v6(v6);
	macros.helo = pst_arena_memdup(arena, helo.ptr, helo.len);
	(void)pst_spf_expand_exp(arena, explanation, &macros, &out);
	if (pst_spf_record_parse(arena, record, &parsed, &why)) {
		for (size_t i = 0; i < parsed.term_count; i++)
			(void)pst_spf_expand(
			    arena, parsed.terms[i].domain, &macros);
		if (parsed.has_exp)
			(void)pst_spf_expand(arena, parsed.exp, &macros);
	}
	pst_arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oracle oracle = {0};
	struct pst_str rest;
	struct pst_str helo;
	struct pst_str local;
	bool more = true;

	if (size == 0)
		return 0;
	pst_spf_init();
	oracle.switches = data[0];
	rest = (struct pst_str){(const char *)data + 1, size - 1};
	helo = local = PST_STR("");
	(void)pst_str_split(&rest, '\n', &helo, &more);
	(void)pst_str_split(&rest, '\n', &local, &more);
	(void)pst_str_split(&rest, '\n', &oracle.record, &more);
	oracle.explanation = rest;

	parse_and_expand(oracle.record, oracle.explanation, helo, local);
	evaluate(&oracle, helo, local);
	return 0;
}
