/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/zone.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "dns/wire.h"
#include "dns/zone_data.h"

/* The most CNAMEs that are followed for one question. */
#define MAX_CHAIN 20

struct zone {
	struct pst_resolver resolver; /* first: callers hold a pointer to it */
	struct pst_zone_data data;
};

static const struct pst_zone_node *
find_node(const struct pst_zone_data *zone, struct pst_str name)
{
	if (zone->node_count == 0)
		return NULL;
	return bsearch(&name, zone->nodes, zone->node_count,
	    sizeof(zone->nodes[0]), pst_zone_compare);
}

static const struct pst_zone_fault *
find_fault(const struct pst_zone_data *zone, struct pst_str name)
{
	if (zone->fault_count == 0)
		return NULL;
	return bsearch(&name, zone->faults, zone->fault_count,
	    sizeof(zone->faults[0]), pst_zone_compare);
}

/* Finds name's node, or the wildcard of its closest encloser (RFC 4592). */
static const struct pst_zone_node *
match(const struct pst_zone_data *zone, struct pst_str name)
{
	char wildcard[PST_WIRE_NAME_SIZE];
	const struct pst_zone_node *node = find_node(zone, name);
	struct pst_str encloser = name;

	if (node != NULL)
		return node;
	do {
		encloser = pst_zone_parent(encloser);
		node = find_node(zone, encloser);
	} while (node == NULL && encloser.len > 0);
	if (node == NULL)
		return NULL;
	assert(encloser.len + 2 < sizeof(wildcard));
	memcpy(wildcard, "*.", 2);
	memcpy(wildcard + 2, node->name.ptr, node->name.len);
	return find_node(zone,
	    (struct pst_str){
		wildcard, node->name.len == 0 ? 1 : node->name.len + 2});
}

static const struct pst_dns_answer *
failure(enum pst_dns_status status)
{
	return pst_dns_answer_new(status, 0, 0, 0);
}

static const struct pst_dns_answer *
negative(enum pst_dns_status status, bool secure)
{
	const struct pst_dns_answer *answer = failure(status);

	return secure ? pst_dns_answer_authentic(answer) : answer;
}

/* True if a line says that name, or a name above it, is secure. */
static bool
is_secure(const struct pst_zone_data *zone, struct pst_str name)
{
	for (; zone->has_secure; name = pst_zone_parent(name)) {
		const struct pst_zone_fault *fault = find_fault(zone, name);

		if (fault != NULL && fault->kind == PST_ZONE_SECURE)
			return true;
		if (name.len == 0)
			break;
	}
	return false;
}

/* Returns a reference to answer, or to a copy if that has to differ. */
static const struct pst_dns_answer *
adapted(const struct pst_dns_answer *answer, uint32_t ttl, bool secure)
{
	struct pst_dns_answer *copy;
	size_t data_bytes = 0;

	if (answer->ttl <= ttl && !secure)
		return pst_dns_answer_ref(answer);
	ttl = answer->ttl < ttl ? answer->ttl : ttl;
	for (size_t i = 0; i < answer->count; i++)
		data_bytes += answer->records[i].data.len;
	copy =
	    pst_dns_answer_new(answer->status, ttl, answer->count, data_bytes);
	for (size_t i = 0; i < answer->count; i++)
		pst_dns_answer_add(copy, &answer->records[i]);
	return secure ? pst_dns_answer_authentic(copy) : copy;
}

static bool
has_long_record(const struct pst_dns_answer *answer, size_t max_bytes)
{
	for (size_t i = 0; i < answer->count; i++) {
		if (answer->records[i].data.len > max_bytes)
			return true;
	}
	return false;
}

/* Returns the answer to a question for the CNAME record itself. */
static const struct pst_dns_answer *
cname_answer(const struct pst_zone_node *node, bool secure)
{
	const struct pst_dns_record record = {.data = node->cname};
	struct pst_dns_answer *answer;

	if (!node->has_cname)
		return negative(PST_DNS_NODATA, secure);
	answer =
	    pst_dns_answer_new(PST_DNS_OK, node->cname_ttl, 1, node->cname.len);
	pst_dns_answer_add(answer, &record);
	return secure ? pst_dns_answer_authentic(answer) : answer;
}

/* Returns NULL if the question must stay without an answer. */
static const struct pst_dns_answer *
answer_to(const struct pst_zone_data *zone, struct pst_str name,
    enum pst_dns_type type, size_t max_txt_bytes, unsigned *delay_ms)
{
	uint32_t ttl = UINT32_MAX;
	bool secure = true; /* as the whole chain is */

	for (unsigned hops = 0; hops <= MAX_CHAIN; hops++) {
		const struct pst_zone_fault *fault = find_fault(zone, name);
		const struct pst_dns_answer *answer;
		const struct pst_zone_node *node;

		if (fault != NULL && fault->kind == PST_ZONE_TIMEOUT)
			return NULL;
		if (fault != NULL && fault->kind == PST_ZONE_SERVFAIL)
			return failure(PST_DNS_SERVFAIL);
		if (fault != NULL && fault->kind == PST_ZONE_BOGUS)
			return failure(PST_DNS_BOGUS);
		if (fault != NULL)
			*delay_ms += fault->delay_ms;
		secure = secure && is_secure(zone, name);
		node = match(zone, name);
		if (node == NULL)
			return negative(PST_DNS_NXDOMAIN, secure);
		if (type == PST_DNS_CNAME)
			return cname_answer(node, secure);
		if (node->has_cname) {
			ttl = node->cname_ttl < ttl ? node->cname_ttl : ttl;
			name = node->cname;
			continue;
		}
		answer = node->answers[pst_zone_type_index((unsigned)type)];
		if (answer == NULL)
			return negative(PST_DNS_NODATA, secure);
		if (type == PST_DNS_TXT &&
		    has_long_record(answer, max_txt_bytes))
			return failure(PST_DNS_SERVFAIL);
		return adapted(answer, ttl, secure);
	}
	return failure(PST_DNS_SERVFAIL);
}

static void
zone_ask(struct pst_resolver *resolver, struct pst_dns_job *job)
{
	const struct zone *zone = (const struct zone *)(void *)resolver;
	const struct pst_dns_answer *answer;
	unsigned delay_ms = 0;

	answer = answer_to(&zone->data, pst_dns_job_name(job),
	    pst_dns_job_type(job), pst_dns_job_max_txt(job), &delay_ms);
	if (answer == NULL)
		pst_dns_job_lose(job);
	else
		pst_dns_job_complete(job, answer, delay_ms);
}

static void
zone_free(struct pst_resolver *resolver)
{
	struct zone *zone = (struct zone *)(void *)resolver;

	pst_zone_release(&zone->data);
	free(zone);
}

static struct pst_resolver *
load(FILE *file, const char *file_name, struct pst_err *err)
{
	struct zone *zone = calloc(1, sizeof(*zone));

	if (zone == NULL)
		abort();
	zone->resolver.ask = zone_ask;
	zone->resolver.free = zone_free;
	zone->data.arena = pst_arena_new();
	if (pst_zone_fill(&zone->data, file, file_name, err)) {
		zone->resolver.trusts_ad = zone->data.has_secure;
		return &zone->resolver;
	}
	zone_free(&zone->resolver);
	return NULL;
}

struct pst_resolver *
pst_zone_load(const char *file_name, struct pst_err *err)
{
	struct pst_resolver *resolver;
	FILE *file = fopen(file_name, "re");

	if (file == NULL) {
		pst_err_set_at(err, file_name, 0,
		    "the zone file cannot be opened: %s", strerror(errno));
		return NULL;
	}
	resolver = load(file, file_name, err);
	fclose(file);
	return resolver;
}

struct pst_resolver *
pst_zone_parse(
    const char *text, size_t len, const char *file_name, struct pst_err *err)
{
	struct pst_resolver *resolver;
	struct pst_arena *arena = pst_arena_new();
	/* The copy's NUL becomes a line end, so the stream is never empty. */
	char *copy = pst_arena_memdup(arena, text, len);
	FILE *file;

	copy[len] = '\n';
	file = fmemopen(copy, len + 1, "r");
	if (file == NULL)
		abort();
	resolver = load(file, file_name, err);
	fclose(file);
	pst_arena_free(arena);
	return resolver;
}
