/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "store/forecast_facts.h"

/* With fewer days of tallies, nothing tells a short visit from a beginning. */
#define ENOUGH_DAYS 7
#define SHORT_VISIT_DAYS 3
#define MIN_CARRIED 3
/* Of the octets of a sketch: strange networks then seldom fall together. */
#define MAX_HOME_BITS 8
#define HOME_DAYS 3
/* A few days are enough for one of many customers of a steady mail service. */
#define STEADY_CUSTOMERS 3
#define CUSTOMER_DAYS 2
/* Of so many networks none is believed that does not stand out. */
#define LARGE_CROWD 20
#define STEADY_CROWD 4

struct verdict {
	struct pst_forecast_evidence *evidence;
	const struct pst_forecast_sender *sender;
	struct pst_forecast_row *row;
	bool steady; /* the sender */
	bool via_steady;
	bool crowded;
	unsigned crowd; /* networks */
};

static bool conclude(const struct verdict *v, enum pst_forecast_kind kind,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

static bool
conclude(const struct verdict *v, enum pst_forecast_kind kind,
    const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	v->row->kind = kind;
	v->row->why = pst_arena_strdup(v->evidence->arena, text);
	return true;
}

/* Returns the span of those days. */
static unsigned
span_of(const struct pst_forecast_days *days)
{
	return (unsigned)(days->last - days->first + 1);
}

static const char *
plural(unsigned count)
{
	return count == 1 ? "" : "s";
}

bool
pst_forecast_carries(const struct pst_forecast_via *via)
{
	return via->carried >= MIN_CARRIED;
}

/* What cannot be told from the sender. */
static bool
judge_odd(const struct verdict *v)
{
	const struct pst_forecast_sender *sender = v->sender;

	if (sender->aligned > 0)
		return conclude(v, PST_FORECAST_UNCLEAR,
		    "its mail passes DMARC; something else is the cause, see "
		    "--by rule");
	if (sender->via->name[0] != '\0')
		return false;
	if (v->row->networks >= PST_FORECAST_CROWD)
		return conclude(v, PST_FORECAST_FORGED,
		    "about %u networks, each with little of it; none of it "
		    "aligned",
		    v->row->networks);
	return conclude(v, PST_FORECAST_UNCLEAR,
	    "senders of the domain that are too many to be told apart");
}

static bool
judge_forwarded(const struct verdict *v)
{
	const struct pst_forecast_via *via = v->sender->via;
	const bool indirect = via->indirect > via->messages / 5 * 4;

	if (!v->via_steady)
		return false;
	if (pst_forecast_carries(via) && (via->domains > 1 || indirect) &&
	    (indirect || !pst_str_starts(pst_str(via->name), PST_STR("dkim:"))))
		return conclude(v, PST_FORECAST_FORWARDED,
		    "fails for %u From domain%s on %u days, and delivers "
		    "aligned mail of %u others%s",
		    via->domains, plural(via->domains), via->days.count,
		    via->carried, indirect ? "; most is indirect" : "");
	if (indirect)
		return conclude(v, PST_FORECAST_FORWARDED,
		    "%" PRIu64 " of its %" PRIu64 " messages are indirect, for "
		    "%u From domain%s on %u days%s",
		    via->indirect, via->messages, via->domains,
		    plural(via->domains), via->days.count,
		    pst_forecast_fans(v->evidence, via) ?
			"; if you know it, accept instead of tag" :
			"");
	return false;
}

/*
 * True if it came on more than twice as many days as the others of the crowd on
 * average. If several are steady, these are the crowd, so it does not help them
 * to be among many others that are not.
 */
static bool
stands_out(const struct verdict *v)
{
	const struct pst_forecast_pool *pool =
	    &v->sender->domain->pools[v->sender->via->authenticates];
	const unsigned own = v->sender->days.count;
	/* A name that authenticates is the same for all From domains. */
	const unsigned days =
	    v->sender->via->authenticates ? v->sender->via->days.count : own;
	const unsigned steady = pool->steady - v->steady;

	if (!v->crowded)
		return true;
	if (steady >= STEADY_CROWD)
		return days * steady >
		    2 * (pool->steady_days - (v->steady ? own : 0));
	return (days - 1) * (pool->senders - 1) > 2 * (pool->days - own);
}

/* True if the domain's aligned mail comes from the same networks. */
static bool
is_at_home(const struct verdict *v)
{
	const struct pst_forecast_domain *domain = v->sender->domain;
	const struct pst_forecast_via *via = v->sender->via;

	if (!pst_forecast_is_established(domain) ||
	    !pst_forecast_may_carry(via) ||
	    pst_forecast_bits(&v->sender->networks) == 0 ||
	    (pst_forecast_fans(v->evidence, via) &&
		!pst_forecast_carries(via)) ||
	    domain->home_bits > MAX_HOME_BITS)
		return false;
	for (size_t i = 0; i < PST_SKETCH_WORDS; i++) {
		if ((v->sender->networks.words[i] & ~domain->home.words[i]) !=
		    0)
			return false;
	}
	return true;
}

static bool
judge_genuine(const struct verdict *v)
{
	const struct pst_forecast_sender *sender = v->sender;
	const struct pst_forecast_via *via = sender->via;
	const unsigned days = sender->days.count;
	const unsigned span = span_of(&sender->days);

	if (is_at_home(v) && (v->crowded ? v->steady : days >= HOME_DAYS))
		return conclude(v, PST_FORECAST_GENUINE,
		    "%" PRIu64 " messages of the domain passed, from the same "
		    "network too; this failed on %u days",
		    sender->domain->aligned, days);
	if (via->authenticates && pst_forecast_carries(via) &&
	    (v->steady || days >= CUSTOMER_DAYS))
		return conclude(v, PST_FORECAST_GENUINE,
		    "steady mail service: on %u days, and aligned mail of %u "
		    "others comes from its networks",
		    via->days.count, via->carried);
	if (pst_forecast_fans(v->evidence, via) || !stands_out(v))
		return false;
	if (v->steady)
		return conclude(v, PST_FORECAST_GENUINE,
		    "steady: on %u of %u days, from %u network%s%s", days, span,
		    v->row->networks, plural(v->row->networks),
		    via->authenticates ? ", as the same domain" : "");
	if (via->authenticates && v->via_steady && days >= CUSTOMER_DAYS &&
	    via->steady >= STEADY_CUSTOMERS)
		return conclude(v, PST_FORECAST_GENUINE,
		    "on %u of %u days, by a sender that is steady for %u other "
		    "From domains",
		    days, span, via->steady);
	return false;
}

static bool
judge_forged(const struct verdict *v)
{
	const struct pst_forecast_evidence *evidence = v->evidence;
	const struct pst_forecast_sender *sender = v->sender;
	const struct pst_forecast_via *via = sender->via;
	const unsigned strangers =
	    pst_forecast_networks(&evidence->strangers.networks);

	if (pst_forecast_fans(evidence, via))
		return conclude(v, PST_FORECAST_FORGED,
		    "the same system fails for %u From domains of the %u that "
		    "pass here",
		    via->established, evidence->established);
	if (v->crowded && !is_at_home(v) &&
	    (!v->steady || v->crowd >= LARGE_CROWD))
		return conclude(v, PST_FORECAST_FORGED,
		    "one of about %u networks with such mail, on %u day%s; "
		    "none of it aligned",
		    v->crowd, sender->days.count, plural(sender->days.count));
	if (evidence->days.count >= ENOUGH_DAYS && via->domains >= 3 &&
	    via->days.count <= SHORT_VISIT_DAYS)
		return conclude(v, PST_FORECAST_FORGED,
		    "the same system fails for %u From domains, on %u day%s "
		    "only",
		    via->domains, via->days.count, plural(via->days.count));
	if (sender->domain->aligned == 0 && sender->days.count == 1 &&
	    evidence->strangers.senders >= LARGE_CROWD &&
	    strangers >= PST_FORECAST_CROWD)
		return conclude(v, PST_FORECAST_FORGED,
		    "one of %u senders, from about %u networks, of domains "
		    "that were seen once and never passed",
		    evidence->strangers.senders, strangers);
	return false;
}

void
pst_forecast_judge(struct pst_forecast_evidence *evidence,
    struct pst_forecast_sender *sender, struct pst_forecast_row *row)
{
	const struct pst_forecast_via *via = sender->via;
	const struct pst_forecast_pool *pool =
	    &sender->domain->pools[via->authenticates];
	const unsigned crowd = pst_forecast_networks(&pool->networks);
	const struct verdict v = {.evidence = evidence,
	    .sender = sender,
	    .row = row,
	    .steady = pst_forecast_is_steady(
		&sender->days, sender->peak, sender->failing),
	    .via_steady =
		pst_forecast_is_steady(&via->days, via->peak, via->failing),
	    .crowd = crowd,
	    .crowded = crowd >= PST_FORECAST_CROWD &&
		pool->senders >= PST_FORECAST_CROWD};

	if (judge_odd(&v) || judge_forwarded(&v) || judge_genuine(&v) ||
	    judge_forged(&v))
		return;
	if (v.steady) {
		(void)conclude(&v, PST_FORECAST_UNCLEAR,
		    "on %u days, but so are others of the %u networks that "
		    "fail for the domain",
		    sender->days.count, v.crowd);
		return;
	}
	(void)conclude(&v, PST_FORECAST_UNCLEAR,
	    "%" PRIu64 " message%s on %u day%s from %u network%s say too "
	    "little",
	    sender->failing, sender->failing == 1 ? "" : "s",
	    sender->days.count, plural(sender->days.count), row->networks,
	    plural(row->networks));
}
