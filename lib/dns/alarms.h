/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_ALARMS_H
#define PST_DNS_ALARMS_H

/*
 * The alarms of a resolver: which are raised, and which have been told. The
 * caller locks them and passes the time.
 */

#include "dns/resolver.h"

/* Of two times to sleep, of which -1 is for ever. */
static inline int
pst_sooner_ms(int a_ms, int b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

struct pst_alarms { /* zero-initialise it */
	struct {
		bool raised;
		bool told;
		int64_t last_ms;
	} each[PST_RESOLVER_ALARMS];
};

/* The cause has occurred. Returns true if the alarm begins. */
bool pst_alarms_raise(
    struct pst_alarms *alarms, enum pst_resolver_alarm which, int64_t now_ms);

/* For DEAD, which the caller ends itself. */
void pst_alarms_set(
    struct pst_alarms *alarms, enum pst_resolver_alarm which, bool raised);

struct pst_alarm_news {
	bool changed; /* the alarm has begun or ended, which is to be told */
	bool raised;
	int left_ms; /* until it may end; -1: it is not raised */
};

/* Takes what has changed since the last call; an alarm ends when it is quiet. */
struct pst_alarm_news pst_alarms_take(
    struct pst_alarms *alarms, enum pst_resolver_alarm which, int64_t now_ms);

#endif
