/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/clock_watch.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "core/counters.h"
#include "core/signed_times.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct pst_signed_times times;

/* One signature of a message is enough: its sender chose how many it has. */
static const struct pst_dkim_sig *
find_signed(const struct pst_dkim *dkim)
{
	for (size_t i = 0; i < dkim->count; i++) {
		const struct pst_dkim_sig *sig = &dkim->sigs[i];

		if (sig->signed_at != 0 && sig->domain != NULL)
			return sig;
	}
	return NULL;
}

static void
tell(enum pst_signed_times_change change)
{
	switch (change) {
	case PST_SIGNED_TIMES_SAME:
		return;
	case PST_SIGNED_TIMES_BEHIND:
		pst_counter_since(PST_COUNTER_CLOCK_SIGNATURES_SINCE, true);
		pst_log(PST_LOG_WARNING,
		    "the clock of this system seems to be behind: the DKIM "
		    "signatures of most of the last domains are from the "
		    "future and do not count, so genuine mail can be refused; "
		    "correct the clock");
		return;
	case PST_SIGNED_TIMES_RIGHT:
		pst_counter_since(PST_COUNTER_CLOCK_SIGNATURES_SINCE, false);
		pst_log(PST_LOG_NOTICE,
		    "most DKIM signatures are no longer from the future");
		return;
	}
}

void
pst_clock_watch_message(const struct pst_message *message)
{
	const struct pst_dkim_sig *sig = find_signed(&message->findings.dkim);
	enum pst_signed_times_change change;
	uint64_t limit;

	if (message->is_test || message->findings.exempt != PST_EXEMPT_NO ||
	    sig == NULL)
		return;
	limit = (uint64_t)pst_clock_epoch(&pst_clock_system) +
	    message->config->dkim.clock_skew_s;
	pst_mutex_lock(&mutex);
	change = pst_signed_times_note(
	    &times, pst_str(sig->domain), sig->signed_at > limit);
	pst_mutex_unlock(&mutex);
	tell(change);
}
