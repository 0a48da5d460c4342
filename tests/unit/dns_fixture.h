/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DNS_FIXTURE_H
#define DNS_FIXTURE_H

/* A struct pst_dns with a manual clock and a scripted resolver. */

#include "dns/dns.h"

#define MAX_JOBS 1000

enum stub_mode { STUB_ANSWER, STUB_DELAY, STUB_LOSE, STUB_KEEP };

/* A resolver that answers as the test says, at once or later. */
struct stub {
	struct pst_resolver resolver;
	enum stub_mode mode;
	unsigned after_ms;
	struct pst_dns_job *kept[MAX_JOBS];
	size_t kept_count;
	size_t asked;
};

struct fixture {
	struct stub stub;
	struct pst_clock clock;
	struct pst_arena *arena;
	struct pst_dns *dns;
};

extern const struct pst_dns_limits limits; /* five questions, one second */

/* Returns a fixture with these limits. The next call resets it. */
struct fixture *setup(enum stub_mode mode);

/* Returns an answer of one record that holds the text. */
const struct pst_dns_answer *make_answer(const char *text);

/* Ask for the TXT records of name: for a reader, and for nobody. */
const struct pst_dns_entry *
ask_as(struct fixture *f, unsigned reader, const char *name);
const struct pst_dns_entry *ask(struct fixture *f, const char *name);

#endif
