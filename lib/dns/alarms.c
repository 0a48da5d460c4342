/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/alarms.h"

bool
pst_alarms_raise(
    struct pst_alarms *alarms, enum pst_resolver_alarm which, int64_t now_ms)
{
	bool begins = !alarms->each[which].raised;

	alarms->each[which].last_ms = now_ms;
	alarms->each[which].raised = true;
	return begins;
}

void
pst_alarms_set(
    struct pst_alarms *alarms, enum pst_resolver_alarm which, bool raised)
{
	alarms->each[which].raised = raised;
}

struct pst_alarm_news
pst_alarms_take(
    struct pst_alarms *alarms, enum pst_resolver_alarm which, int64_t now_ms)
{
	bool told = alarms->each[which].told;
	int64_t left_ms =
	    alarms->each[which].last_ms + PST_RESOLVER_QUIET_MS - now_ms;
	bool ends_itself = which != PST_RESOLVER_DEAD;
	struct pst_alarm_news news = {.left_ms = -1};

	if (ends_itself && told && left_ms <= 0)
		alarms->each[which].raised = false;
	news.raised = alarms->each[which].raised;
	news.changed = news.raised != told;
	alarms->each[which].told = news.raised;
	if (news.raised && ends_itself)
		news.left_ms = left_ms < 1 ? 1 : (int)left_ms;
	return news;
}
