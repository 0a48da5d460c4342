/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_JOB_H
#define PST_DNS_JOB_H

/*
 * How an answer gets from a resolver's thread to a message's DNS handle; for
 * dns.c, job.c and the resolver only.
 *
 * A desk is where the jobs of one handle arrive when they end. The handle and
 * each of its jobs hold a reference to the desk, because a resolver may end a
 * job after the message is gone. The resolver owns a job until it ends it. The
 * job then waits at the desk and belongs to the handle; if the desk is closed
 * or the job was abandoned, it is freed at once instead.
 */

#include "dns/dns.h"

struct pst_desk;

struct pst_dns_job {
	struct pst_desk *desk;
	struct pst_dns_entry *entry;         /* for the handle's thread only */
	struct pst_dns_job *next;            /* at the desk */
	const struct pst_dns_answer *answer; /* NULL if the job was lost */
	unsigned after_ms;
	bool abandoned; /* under the desk's lock */
	bool held;      /* handle's thread: arrived, kept until ready_ms */
	struct pst_dns_job *next_mate; /* the resolver's: in the same flight */
	void *flight;                  /* the resolver's, under its lock */
	enum pst_dns_class class;      /* the resolver's, once it was asked */
	struct pst_ip network;
	enum pst_dns_type type;
	unsigned max_txt_bytes;
	size_t name_len;
	char name[];
};

struct pst_desk *pst_desk_new(void);

/* Frees the jobs that wait there and gives the handle's reference back. */
void pst_desk_close(struct pst_desk *desk);

/* Takes all jobs that arrived, linked by next; NULL if there are none. */
struct pst_dns_job *pst_desk_take(struct pst_desk *desk);

/*
 * Sleeps until a job arrives or the desk is interrupted, at most ms of real
 * time; false if no job arrived.
 */
bool pst_desk_wait(struct pst_desk *desk, int64_t ms);

/* From now on pst_desk_wait() does not sleep. For any thread. */
void pst_desk_interrupt(struct pst_desk *desk);
bool pst_desk_is_interrupted(struct pst_desk *desk);

/* Copies the question and its class from the entry, and the network. */
struct pst_dns_job *
pst_dns_job_new(struct pst_desk *desk, struct pst_dns_entry *entry,
    unsigned max_txt_bytes, const struct pst_ip *network);

/* The resolver may free an abandoned job at any time after this. */
void pst_dns_job_abandon(struct pst_dns_job *job);

/* Takes the answer, with its reference, out of the job. */
const struct pst_dns_answer *pst_dns_job_take(struct pst_dns_job *job);

/* Frees a job that belongs to the handle, and the answer it still has. */
void pst_dns_job_free(struct pst_dns_job *job);

#endif
