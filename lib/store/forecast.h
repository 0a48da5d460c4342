/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_STORE_FORECAST_H
#define PST_STORE_FORECAST_H

/*
 * What enforcing would do: the senders whose mail would be refused, quarantined
 * or tagged, each with a judgement and the rule that lets it in. It is made of
 * the tallies of some days (store/tallies.h). Pure, except for
 * pst_forecast_make(), which reads these.
 *
 * A sender is a From domain with what identifies the sending system
 * (pst_summary.via). What is counted are messages of the days that are asked for;
 * what is judged are all days of PST_FORECAST_EVIDENCE up to the last one, as a
 * week says little of a weekly newsletter.
 *
 * How a sender is judged. The mail itself cannot prove that the domain's owner
 * agrees: if it could, it would pass. So each sign is weighed by what it costs a
 * forger, who reads this too.
 *
 * 1. Time. A sender is steady if it came on 4 days of at least 14, or on 5 of at
 *    least 6, and no day has more than half of its mail. Other forgers use an
 *    address or a name for a few days, until it is listed. Volume counts for
 *    nothing, since it is what a forger has most of; nor do the networks of one
 *    name that authenticates, since large mail services have hundreds.
 * 2. Crowds. If a From domain fails from many networks, it is being forged. Then
 *    a sender of that kind (one that authenticates, one that does not) has to
 *    have come on more than twice as many days as the others on average: a bot
 *    that returns does not become steady by being one of hundreds that return.
 * 3. Fan. One system that fails for a large part of all domains that pass here
 *    takes their names from a list. A name of its own with which it
 *    authenticates is not a sign of the opposite: that costs a domain. A mail
 *    service fails for some customers; PST_FORECAST_FAN says how many are
 *    believed.
 * 4. Home. The same network also delivers mail of this From domain that is
 *    aligned: a key is broken, or the SPF record lacks something. A forger needs
 *    an address in the network of his victim. Three days are enough, and
 *    steadiness if the domain is being forged by a crowd.
 * 5. Carrying. The network also delivers aligned mail of several other domains,
 *    each of which passes on several days and also from networks elsewhere: so do
 *    forwarders and mail services, as signatures survive them. Somebody who rents
 *    a server beside others gains nothing, as mail of his neighbours comes from
 *    there alone. A forger could send on old signed messages of others to look
 *    like this, for days; so nothing but a forwarder's mark depends on it (6).
 *    Networks are compared in sketches (with a secret, so nobody can choose one
 *    that falls together with another); what chance explains is taken off. Of a
 *    sender that is a network, 4 and 5 also need aligned mail from exactly there.
 * 6. Forwarded. A system that carries (5) and fails for several domains, or whose
 *    mail was recognised as indirect (core/indirect.h), and that is steady. The
 *    From domains that were seen are accepted from it; all others, which nobody
 *    has seen yet, are tagged instead of refused, if it carries. So a forger who
 *    made himself a forwarder gains the spam folder for other names.
 *
 * What remains: a forger with one name or network of his own, who forges few
 * domains, a little each day for two weeks, is not different from a mail service
 * that signs with its own name. Nothing that is counted tells them apart; the
 * rule for him admits the domains that he forged until then, and nobody else. A
 * row says which domain vouches, so a person who reads it can tell.
 *
 * A sender that is neither genuine nor forged by these is unclear. Its rule tags
 * instead of refusing, so nothing is lost until it is clear. Rules are never
 * wider than: this From domain, from this system, if DMARC fails (of a domain in
 * own-domains: if nothing aligned passes); with the exception in 6.
 *
 * What is beyond the limits of the tallies has no sender and is in the totals
 * only. Only the first two labels from the right tell whether domains belong
 * together, so those below co.uk count as one: it makes 3 and 5 milder than they
 * could be and stricter, respectively.
 */

#include "config/sets.h"
#include "store/tallies.h"

/* Days whose tallies are looked at, the last one included. */
#define PST_FORECAST_EVIDENCE 30
/* Networks that make a crowd. */
#define PST_FORECAST_CROWD 8
/* A system is believed to fail for that many domains that pass here, or for a
 * quarter of all that do, if that is more. */
#define PST_FORECAST_FAN 8
/* Domains that one rule of a forwarder names. */
#define PST_FORECAST_MAX_NAMED 200

enum pst_forecast_kind {
	PST_FORECAST_FORGED,    /* many clients, nothing aligned ever */
	PST_FORECAST_FORWARDED, /* it came through a list or forwarder */
	PST_FORECAST_GENUINE,   /* few steady clients, or the domain's mail is
	                           aligned at other times */
	PST_FORECAST_UNCLEAR,   /* too little to tell; look at examples */
};
#define PST_FORECAST_KINDS (PST_FORECAST_UNCLEAR + 1)

struct pst_forecast_row {
	const char *from_domain; /* "*.ORGDOMAIN", with via "": those of the
	                            domain that have no row of their own */
	const char *via;
	enum pst_forecast_kind kind;
	const char *why;   /* one short sentence with the numbers */
	uint64_t messages; /* that would not be accepted */
	uint64_t would[PST_TALLY_ACTIONS];
	unsigned networks;       /* different client networks, estimated */
	unsigned days;           /* with such mail, of all that are looked at */
	uint64_t domain_aligned; /* messages of that From domain that passed, of
	                            the same days */
	/*
	 * The lines to paste into the configuration. It accepts what looks
	 * genuine or forwarded and tags what is unclear. All rows of a
	 * forwarder have the same text. NULL if the sender is forged, or if a
	 * rule would not help: only a mark is at stake and it is unclear, or
	 * DMARC is not the cause.
	 */
	const char *rule;
};

struct pst_forecast {
	struct pst_forecast_row *rows; /* most messages first */
	size_t count;
	uint64_t would[PST_TALLY_ACTIONS]; /* of all, with those in "other" */
	uint64_t messages;                 /* of all mail in these days */
	unsigned days; /* of those asked for, how many have tallies */
};

/*
 * The days that are asked for. Everything is in the arena. Failures are those of pst_tallies_ask(): there is
 * no file, or it cannot be read.
 */
struct pst_forecast_span {
	int64_t first_day, last_day; /* both are included */
	/* own-domains; NULL: none. Mail of these is refused with any result of
	   DMARC, so their rules ask for `aligned` instead. */
	const struct pst_domain_set *own_domains;
};
bool pst_forecast_make(struct pst_arena *arena, const char *tallies_path,
    struct pst_forecast_span span, struct pst_forecast *out,
    struct pst_err *err) PST_MUST_CHECK;

/*
 * The same from rows, from PST_FORECAST_EVIDENCE days up to the last day on: take
 * those of PST_TALLY_HOUR and PST_TALLY_SENDER by day, an earlier day first, and
 * those of PST_TALLY_NETWORK of all days; others are ignored. Rows are copied as
 * far as needed.
 */
struct pst_forecast_evidence;
struct pst_forecast_evidence *
pst_forecast_begin(struct pst_arena *arena, struct pst_forecast_span span);
void pst_forecast_take(
    struct pst_forecast_evidence *evidence, const struct pst_tally_row *row);
void pst_forecast_end(
    struct pst_forecast_evidence *evidence, struct pst_forecast *out);

/* Returns "forged", "looks forwarded", "looks genuine", "unclear". */
const char *pst_forecast_word(enum pst_forecast_kind kind);

#endif
