/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_SURVEY_ANOMALY_H
#define PST_SURVEY_ANOMALY_H

/*
 * What is different in the latest reports: for a run each day. The last two
 * whole days, as reports come late, are compared with the days before them.
 * Only what known receivers report counts (survey/advise.h), so a made-up
 * report raises no alarm unless its author has taken the trouble to be known;
 * then he gains that a person looks at a line.
 *
 * Addresses are compared by network, as large senders change them all the time.
 */

#include "survey/advise.h"

#define PST_ANOMALY_MAX 100      /* further ones are counted only */
#define PST_ANOMALY_RECENT 2     /* days */
#define PST_ANOMALY_BASELINE 7   /* days with reports before these, at least */
#define PST_ANOMALY_MIN_NEW 10   /* messages of a new source, */
#define PST_ANOMALY_MIN_NOISE 50 /* and of one that looks forged */
#define PST_ANOMALY_TIMES 3      /* the busiest day before */
#define PST_ANOMALY_MORE 100     /* messages more than on that day */
#define PST_ANOMALY_FALL 20      /* percent of the mail that passed */
#define PST_ANOMALY_MIN_RATE 20  /* messages that make a rate */

struct pst_anomaly {
	const char *name;   /* "new-source", "jump", "fall" */
	const char *source; /* a network or an address; "" for forged mail */
	const char *text;   /* one sentence */
};

struct pst_anomalies {
	struct pst_anomaly items[PST_ANOMALY_MAX];
	size_t count, more;
	bool enough; /* false: too few days of reports to compare with */
};

/* After pst_advise_end(). Texts are in the arena of the evidence. */
void pst_anomaly_find(struct pst_advise *advise, struct pst_anomalies *out);

#endif
