/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_SUBJECTS_H
#define PST_DNS_SUBJECTS_H

/*
 * What is known about the servers of names, for dns/gate.c: a bounded table of
 * subjects, the domains that questions are about.
 *
 * A subject whose questions were not answered three times in a row is paused,
 * with what is below it, for 10 s; the pause doubles, up to 60 s, each time
 * that its servers are silent again. During a pause one probe at a time is let
 * through, for each of four kinds of questions: of the class POLICY or another
 * one, for the subject itself or for a name below it. So nobody can keep the
 * probe for a policy away by asking for other names. An answer ends the pause.
 *
 * Nothing is concluded upwards: a name below that is silent says nothing about
 * its ancestors, because anybody can delegate a name of his own, or make one up
 * below a lame delegation of somebody else. A subject that answered lately is
 * not paused by its ancestors, and neither is what is below it.
 *
 * If nothing at all was answered for five seconds, the fault is probably our
 * own resolver's. All pauses end as soon as it answers again.
 */

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PST_SUBJECT_STRIKES 3 /* silences in a row before a pause */
#define PST_SUBJECT_STRIKE_MS                                                  \
	1000 /* between the questions of two of them, and
                                      the least time of a silence */
#define PST_SUBJECT_PAUSE_MS 10000
#define PST_SUBJECT_MAX_PAUSE_MS 60000
#define PST_SUBJECT_ANSWER_MS 300000 /* how long an answer exempts */
#define PST_SUBJECTS_DEAD_MS 5000    /* without any answer */
#define PST_SUBJECTS_IDLE 8192       /* remembered without an open question */

#define PST_SUBJECT_STAGES 2 /* of age, as in struct pst_gate_flight */
#define PST_SUBJECT_PROBES 4

struct pst_subject {
	struct pst_subject *next;           /* in its bucket */
	struct pst_subject *before, *after; /* by last use, while it is idle */
	unsigned users;                     /* open flights and probes */
	unsigned aged[PST_SUBJECT_STAGES]; /* for the gate: its older flights */
	unsigned strikes;
	bool probing[PST_SUBJECT_PROBES];
	uint32_t reign;    /* pauses of an earlier one are over */
	int64_t struck_ms; /* when the last silent question was asked */
	int64_t paused_until_ms;
	int64_t pause_ms;
	int64_t answered_ms; /* 0: never */
	uint32_t hash;
	size_t name_len;
	char name[];
};

struct pst_subjects;

struct pst_subjects *pst_subjects_new(uint64_t seed);
/* No subject may be in use. */
void pst_subjects_free(struct pst_subjects *subjects);

/* Returns the part of a name that names its subject; never empty. */
struct pst_str pst_subject_of(struct pst_str name);

/* Finds or adds a subject and uses it, until pst_subject_release(). */
struct pst_subject *
pst_subject_use(struct pst_subjects *subjects, struct pst_str subject);
void
pst_subject_release(struct pst_subjects *subjects, struct pst_subject *subject);

/*
 * Returns false if a question for this subject must not be asked now. If it is
 * a probe during a pause, *probed is the paused subject, in use, and *probe the
 * kind; pass both to pst_subject_probe_over() when the flight ends. Otherwise
 * *probed is NULL.
 */
bool pst_subject_may_ask(struct pst_subjects *subjects, struct pst_str subject,
    bool is_policy, int64_t now_ms, struct pst_subject **probed,
    unsigned *probe);
void pst_subject_probe_over(
    struct pst_subjects *subjects, struct pst_subject *probed, unsigned probe);

/* A question for the subject was answered; or was not, asked at asked_ms. */
void pst_subject_answered(
    struct pst_subjects *subjects, struct pst_subject *subject, int64_t now_ms);
void pst_subject_silent(struct pst_subjects *subjects,
    struct pst_subject *subject, int64_t asked_ms, int64_t now_ms);

/* The number of subjects without a user; for tests. */
size_t pst_subjects_idle(const struct pst_subjects *subjects);

#endif
