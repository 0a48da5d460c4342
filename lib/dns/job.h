/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_JOB_H
#define PST_DNS_JOB_H

/*
 * How an answer comes from a resolver's thread to a message's door; between
 * dns.c and job.c only.
 *
 * A desk is where a door's jobs come back to. The door and each of its jobs
 * hold a reference, because a resolver may end a job after the message is
 * gone. A job is the resolver's until it ends; then it lies at the desk and is
 * the door's, unless the desk is closed or the job was abandoned, when it is
 * freed at once.
 */

#include "dns/dns.h"

struct pst_desk;

struct pst_dns_job {
	struct pst_desk *desk;
	struct pst_dns_entry *entry;         /* for the door's thread only */
	struct pst_dns_job *next;            /* at the desk */
	const struct pst_dns_answer *answer; /* NULL when it was lost */
	unsigned after_ms;
	bool abandoned; /* under the desk's lock */
	bool held;      /* door's thread: arrived, but not before ready_ms */
	enum pst_dns_type type;
	unsigned max_txt_bytes;
	size_t name_len;
	char name[];
};

struct pst_desk *pst_desk_new(void);

/* Drops what lies there and gives the door's reference back. */
void pst_desk_close(struct pst_desk *desk);

/* All jobs that came back, linked by next; NULL when there are none. */
struct pst_dns_job *pst_desk_take(struct pst_desk *desk);

/* Sleeps until a job lies there, at most ms of real time; false if none. */
bool pst_desk_wait(struct pst_desk *desk, int64_t ms);

struct pst_dns_job *pst_dns_job_new(
    struct pst_desk *desk, struct pst_dns_entry *entry, unsigned max_txt_bytes);

/* The resolver may free an abandoned job at any time after this. */
void pst_dns_job_abandon(struct pst_dns_job *job);

/* The answer with its reference; the job has none afterwards. */
const struct pst_dns_answer *pst_dns_job_take(struct pst_dns_job *job);

/* Frees a job that is the door's, and the answer it still has. */
void pst_dns_job_free(struct pst_dns_job *job);

#endif
