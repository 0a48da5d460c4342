/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_ZONE_DATA_H
#define PST_DNS_ZONE_DATA_H

/* The data of a zone file in memory; for zone_load.c and zone.c only. */

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "dns/dns.h"

#define PST_ZONE_TYPES 5 /* types that can be asked for, see below */

/* A name that exists: an owner, or a name above one. */
struct pst_zone_node {
	struct pst_str name; /* first, for the comparison */
	/* by pst_zone_type_index(); NULL: no record of the type */
	const struct pst_dns_answer *answers[PST_ZONE_TYPES];
	struct pst_str cname;
	bool has_cname;
	uint32_t cname_ttl;
};

enum pst_zone_fault_kind {
	PST_ZONE_TIMEOUT,
	PST_ZONE_SERVFAIL,
	PST_ZONE_BOGUS,
	PST_ZONE_DELAY,
	PST_ZONE_SECURE, /* and all names below */
};

struct pst_zone_fault {
	struct pst_str name; /* first, for the comparison */
	enum pst_zone_fault_kind kind;
	unsigned delay_ms;
};

/* Immutable once it is loaded. */
struct pst_zone_data {
	struct pst_arena *arena;     /* everything but the answers */
	struct pst_zone_node *nodes; /* sorted by pst_zone_compare() */
	size_t node_count;
	struct pst_zone_fault *faults; /* sorted too */
	size_t fault_count;
	bool has_secure; /* one of them is PST_ZONE_SECURE */
};

/* Orders by name; each side is a node, a fault or a bare struct pst_str. */
int pst_zone_compare(const void *left, const void *right);

/* The index of a type in answers; PST_ZONE_TYPES if it is never asked for. */
size_t pst_zone_type_index(unsigned type);

/* Returns name without its first label; "" for a single label. */
struct pst_str pst_zone_parent(struct pst_str name);

/*
 * Fills data from the file; the caller has set data->arena. On failure it
 * returns false with a sentence in err. In both cases pst_zone_release() frees
 * the contents of data.
 */
bool pst_zone_fill(struct pst_zone_data *data, FILE *file,
    const char *file_name, struct pst_err *err) PST_MUST_CHECK;

void pst_zone_release(struct pst_zone_data *data);

#endif
