/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_ZONE_DATA_H
#define PST_DNS_ZONE_DATA_H

/* What a text zone is made of; between zone_load.c and zone.c only. */

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "dns/dns.h"

#define PST_ZONE_TYPES 5 /* that can be asked for, see pst_zone_type_index() */

/* A name that exists: an owner, or something above one. */
struct pst_zone_node {
	struct pst_str name; /* first, for the comparison */
	const struct pst_dns_answer *answers[PST_ZONE_TYPES]; /* or NULL */
	struct pst_str cname;
	bool has_cname;
	uint32_t cname_ttl;
};

enum pst_zone_fault_kind {
	PST_ZONE_TIMEOUT,
	PST_ZONE_SERVFAIL,
	PST_ZONE_DELAY,
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
};

/* Orders nodes, faults and pointers to a bare struct pst_str by name. */
int pst_zone_compare(const void *left, const void *right);

/* Of a node's answers; PST_ZONE_TYPES for a type nobody asks for. */
size_t pst_zone_type_index(unsigned type);

/* The name without its first label; "" at the end. */
struct pst_str pst_zone_parent(struct pst_str name);

/*
 * Fills data, whose arena is set, from the file. False with a sentence in err;
 * data then holds what pst_zone_release() can free.
 */
bool pst_zone_fill(struct pst_zone_data *data, FILE *file,
    const char *file_name, struct pst_err *err);

void pst_zone_release(struct pst_zone_data *data);

#endif
