/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_WORLD_H
#define PST_AUTH_WORLD_H

/*
 * Everything that a check may use: memory, the DNS and the date. A check cannot
 * log, read the configuration or wait.
 *
 * Every check has the same shape,
 *	bool pst_X_check(struct pst_world *world, input, struct pst_X *out)
 * and is restartable. It reads answers from the message's transcript and asks
 * for everything that is missing, which starts the look-ups. While it cannot
 * finish it returns false and leaves *out untouched. When it is called again,
 * after answers have arrived, it starts over; that is cheap, because no
 * question is asked twice. It returns true when it is done: *out is then
 * complete and does not change any more. After pst_dns_expire() a check always
 * finishes, with temperror where an answer is missing.
 */

#include <stdbool.h>
#include <stdint.h>

#include "auth/guard.h"
#include "base/arena.h"
#include "base/macros.h"
#include "dns/dns.h"

/* A DMARC record that was seen at a name earlier. */
struct pst_recalled {
	struct pst_arena *arena; /* set by the caller: where record goes, if
	                            it does not live as long as the message */
	struct pst_str record;   /* the text of the TXT record */
	int64_t age_s;           /* seconds since it was last seen */
};

/*
 * The memory of DMARC records, for a name whose look-up has failed. Returns
 * false if no record of that name is remembered. Like an answer of the DNS, what
 * it returns for a name stays the same for the life of the message.
 */
struct pst_recall {
	bool (*call)(void *arg, const char *domain, struct pst_recalled *out);
	void *arg;
};

struct pst_world {
	struct pst_arena *arena;
	struct pst_dns *dns;
	unsigned reader;   /* who asks, as in pst_dns_turn(); the caller of a
	                      check sets it; PST_DNS_NOBODY: it has no turns */
	int64_t now_epoch; /* when the message arrived, seconds since 1970 */
	bool eager;        /* ask early for what will probably be needed */
	bool spf_is_aside; /* SPF cannot align: its questions are PST_DNS_OTHER
	                      instead of PST_DNS_SENDER */
	/* NULL: nothing is remembered */
	const struct pst_recall *recall;
	/* around the calls of libraries; NULL: none */
	struct pst_guard *guard;
};

/* pst_dns_ask() by the world's reader. */
static inline const struct pst_dns_entry *
pst_world_ask(const struct pst_world *world, enum pst_dns_class class,
    struct pst_str name, enum pst_dns_type type)
{
	struct pst_dns_asker asker = {world->reader, class};

	return pst_dns_ask(world->dns, asker, name, type);
}

#endif
