/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_TESTS_MEMORY_FIXTURE_H
#define PST_TESTS_MEMORY_FIXTURE_H

/* Lessons for a memory of domains, and what it then knows. */

#include "base/day.h"
#include "core/memory.h"

/* 2026-11-23, 12:00 UTC. */
#define NOON INT64_C(1795435200)
#define HOUR 3600
#define DAY PST_DAY_SECONDS

#define REJECT "v=DMARC1; p=reject"
#define NONE "v=DMARC1; p=none"

/* Begins a lesson of a client; NULL: it has no address. */
struct pst_memory_lesson lesson_from(const char *client, int64_t now_epoch);

/* Teach one thing of a domain; the clients are all of one network. */
void see_record(struct pst_memory *memory, const char *domain,
    const char *record, int64_t now_epoch);
void
see_no_record(struct pst_memory *memory, const char *domain, int64_t now_epoch);
void see_authenticated(
    struct pst_memory *memory, const char *domain, int64_t now_epoch);
void
see_aligned(struct pst_memory *memory, const char *domain, int64_t now_epoch);

/* Returns whether a record is remembered, however old it is. */
bool recalls_record(struct pst_memory *memory, const char *domain);
void assert_recalls(struct pst_memory *memory, const char *domain,
    int64_t now_epoch, const char *want, int64_t want_age_s);
size_t count_domains(struct pst_memory *memory);

#endif
