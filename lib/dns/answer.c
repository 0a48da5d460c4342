/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/dns.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/macros.h"

/* An answer, its records and their data, in one allocation. */
struct block {
	atomic_size_t refs;
	bool is_static;
	size_t max_records;
	size_t data_size;
	size_t data_used;
	struct pst_dns_record *records;
	char *data;
	struct pst_dns_answer answer;
};

#define FAILURE(word) [word] = {.is_static = true, .answer = {.status = word}}

/* Failures carry nothing but their status, so all messages share them. */
static struct block failures[] = {
    FAILURE(PST_DNS_SERVFAIL),
    FAILURE(PST_DNS_BOGUS),
    FAILURE(PST_DNS_TIMEOUT),
    FAILURE(PST_DNS_BUDGET),
    FAILURE(PST_DNS_BADNAME),
    FAILURE(PST_DNS_CROWDED),
    FAILURE(PST_DNS_PAUSED),
};

const char *
pst_dns_type_word(enum pst_dns_type type)
{
	switch (type) {
	case PST_DNS_A:
		return "A";
	case PST_DNS_CNAME:
		return "CNAME";
	case PST_DNS_PTR:
		return "PTR";
	case PST_DNS_MX:
		return "MX";
	case PST_DNS_TXT:
		return "TXT";
	case PST_DNS_AAAA:
		return "AAAA";
	}
	return "?";
}

const char *
pst_dns_status_word(enum pst_dns_status status)
{
	static const char *const words[] = {
	    [PST_DNS_OK] = "NOERROR",
	    [PST_DNS_NODATA] = "NODATA",
	    [PST_DNS_NXDOMAIN] = "NXDOMAIN",
	    [PST_DNS_SERVFAIL] = "SERVFAIL",
	    [PST_DNS_BOGUS] = "BOGUS",
	    [PST_DNS_TIMEOUT] = "TIMEOUT",
	    [PST_DNS_BUDGET] = "BUDGET",
	    [PST_DNS_BADNAME] = "BADNAME",
	    [PST_DNS_CROWDED] = "CROWDED",
	    [PST_DNS_PAUSED] = "PAUSED",
	};

	assert((size_t)status < PST_COUNT(words));
	return words[status];
}

bool
pst_dns_is_temporary(enum pst_dns_status status)
{
	switch (status) {
	case PST_DNS_SERVFAIL:
	case PST_DNS_BOGUS:
	case PST_DNS_TIMEOUT:
	case PST_DNS_BUDGET:
	case PST_DNS_CROWDED:
	case PST_DNS_PAUSED:
		return true;
	case PST_DNS_OK:
	case PST_DNS_NODATA:
	case PST_DNS_NXDOMAIN:
	case PST_DNS_BADNAME:
		return false;
	}
	return false;
}

bool
pst_dns_is_ours(enum pst_dns_status status)
{
	return status == PST_DNS_BUDGET || status == PST_DNS_CROWDED ||
	    status == PST_DNS_PAUSED;
}

static bool
is_failure(enum pst_dns_status status)
{
	return pst_dns_is_temporary(status) || status == PST_DNS_BADNAME;
}

/* Drops const by way of an integer: only the reference count may change. */
static struct block *
block_of(const struct pst_dns_answer *answer)
{
	return (
	    struct block *)((uintptr_t)answer - offsetof(struct block, answer));
}

struct pst_dns_answer *
pst_dns_answer_new(enum pst_dns_status status, uint32_t ttl, size_t max_records,
    size_t data_bytes)
{
	struct block *block;
	size_t records_bytes = max_records * sizeof(struct pst_dns_record);

	if (is_failure(status) && max_records == 0)
		return &failures[status].answer;
	/* A NUL follows the data of every record. */
	assert(max_records <= 65536 && data_bytes <= (size_t)1 << 30);
	block = calloc(
	    1, sizeof(*block) + records_bytes + data_bytes + max_records);
	if (block == NULL)
		abort();
	atomic_init(&block->refs, 1);
	block->max_records = max_records;
	block->data_size = data_bytes + max_records;
	block->records = (struct pst_dns_record *)(void *)(block + 1);
	block->data = (char *)(block + 1) + records_bytes;
	block->answer.status = status;
	block->answer.ttl = ttl;
	block->answer.records = block->records;
	return &block->answer;
}

void
pst_dns_answer_add(
    struct pst_dns_answer *answer, const struct pst_dns_record *record)
{
	struct block *block = block_of(answer);
	struct pst_dns_record *copy;
	char *data = block->data + block->data_used;

	assert(answer->count < block->max_records);
	assert(record->data.len < block->data_size - block->data_used);
	copy = &block->records[answer->count++];
	*copy = *record;
	if (record->data.len > 0)
		memcpy(data, record->data.ptr, record->data.len);
	copy->data.ptr = data;
	block->data_used += record->data.len + 1;
}

const struct pst_dns_answer *
pst_dns_answer_authentic(const struct pst_dns_answer *answer)
{
	struct block *block = block_of(answer);

	/* The shared failures are static. */
	if (!block->is_static)
		block->answer.authentic = true;
	return answer;
}

const struct pst_dns_answer *
pst_dns_answer_ref(const struct pst_dns_answer *answer)
{
	struct block *block = block_of(answer);

	if (!block->is_static)
		atomic_fetch_add_explicit(
		    &block->refs, 1, memory_order_relaxed);
	return answer;
}

void
pst_dns_answer_unref(const struct pst_dns_answer *answer)
{
	struct block *block;

	if (answer == NULL)
		return;
	block = block_of(answer);
	if (block->is_static)
		return;
	if (atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) ==
	    1)
		free(block);
}
