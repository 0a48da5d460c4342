/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/job.h"

#include <assert.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/thread.h"

struct pst_desk {
	pthread_mutex_t lock; /* for all members below */
	pthread_cond_t arrival;
	size_t refs;
	bool closed;
	bool interrupted;
	struct pst_dns_job *arrived;
	bool has_bell; /* in a list of bells, which holds a reference */
	struct pst_desk *next_bell;
};

static void
desk_release(struct pst_desk *desk)
{
	size_t refs;

	pst_mutex_lock(&desk->lock);
	refs = --desk->refs;
	pst_mutex_unlock(&desk->lock);
	if (refs > 0)
		return;
	pst_cond_destroy(&desk->arrival);
	pst_mutex_destroy(&desk->lock);
	free(desk);
}

struct pst_desk *
pst_desk_new(void)
{
	struct pst_desk *desk = calloc(1, sizeof(*desk));

	if (desk == NULL)
		abort();
	pst_mutex_init(&desk->lock);
	pst_cond_init(&desk->arrival);
	desk->refs = 1;
	return desk;
}

void
pst_desk_close(struct pst_desk *desk)
{
	struct pst_dns_job *job;

	pst_mutex_lock(&desk->lock);
	desk->closed = true;
	job = desk->arrived;
	desk->arrived = NULL;
	pst_mutex_unlock(&desk->lock);
	while (job != NULL) {
		struct pst_dns_job *next = job->next;

		pst_dns_job_free(job);
		job = next;
	}
	desk_release(desk);
}

struct pst_dns_job *
pst_desk_take(struct pst_desk *desk)
{
	struct pst_dns_job *jobs;

	pst_mutex_lock(&desk->lock);
	jobs = desk->arrived;
	desk->arrived = NULL;
	pst_mutex_unlock(&desk->lock);
	return jobs;
}

bool
pst_desk_wait(struct pst_desk *desk, int64_t ms)
{
	int64_t until_ms = pst_clock_ms(&pst_clock_system) + ms;
	bool arrived;

	pst_mutex_lock(&desk->lock);
	while (desk->arrived == NULL && !desk->interrupted &&
	    pst_cond_wait_until(&desk->arrival, &desk->lock, until_ms))
		continue;
	arrived = desk->arrived != NULL;
	pst_mutex_unlock(&desk->lock);
	return arrived;
}

void
pst_desk_interrupt(struct pst_desk *desk)
{
	pst_mutex_lock(&desk->lock);
	desk->interrupted = true;
	pst_cond_signal(&desk->arrival);
	pst_mutex_unlock(&desk->lock);
}

bool
pst_desk_is_interrupted(struct pst_desk *desk)
{
	bool interrupted;

	pst_mutex_lock(&desk->lock);
	interrupted = desk->interrupted;
	pst_mutex_unlock(&desk->lock);
	return interrupted;
}

struct pst_dns_job *
pst_dns_job_new(struct pst_desk *desk, struct pst_dns_entry *entry,
    unsigned max_txt_bytes, const struct pst_ip *network)
{
	struct pst_dns_job *job;

	job = calloc(1, sizeof(*job) + entry->name_len + 1);
	if (job == NULL)
		abort();
	job->desk = desk;
	job->entry = entry;
	job->class = entry->class;
	job->network = *network;
	job->type = entry->type;
	job->max_txt_bytes = max_txt_bytes;
	job->name_len = entry->name_len;
	memcpy(job->name, entry->name, entry->name_len);
	pst_mutex_lock(&desk->lock);
	desk->refs++;
	pst_mutex_unlock(&desk->lock);
	return job;
}

void
pst_dns_job_abandon(struct pst_dns_job *job)
{
	/* Once the desk is unlocked, the job itself may be gone. */
	struct pst_desk *desk = job->desk;

	pst_mutex_lock(&desk->lock);
	job->abandoned = true;
	pst_mutex_unlock(&desk->lock);
}

const struct pst_dns_answer *
pst_dns_job_take(struct pst_dns_job *job)
{
	const struct pst_dns_answer *answer = job->answer;

	job->answer = NULL;
	return answer;
}

void
pst_dns_job_free(struct pst_dns_job *job)
{
	pst_dns_answer_unref(job->answer);
	desk_release(job->desk);
	free(job);
}

struct pst_str
pst_dns_job_name(const struct pst_dns_job *job)
{
	return (struct pst_str){job->name, job->name_len};
}

enum pst_dns_type
pst_dns_job_type(const struct pst_dns_job *job)
{
	return job->type;
}

unsigned
pst_dns_job_max_txt(const struct pst_dns_job *job)
{
	return job->max_txt_bytes;
}

enum pst_dns_class
pst_dns_job_class(const struct pst_dns_job *job)
{
	return job->class;
}

const struct pst_ip *
pst_dns_job_network(const struct pst_dns_job *job)
{
	return &job->network;
}

bool
pst_dns_job_abandoned(struct pst_dns_job *job)
{
	bool abandoned;

	pst_mutex_lock(&job->desk->lock);
	abandoned = job->abandoned || job->desk->closed;
	pst_mutex_unlock(&job->desk->lock);
	return abandoned;
}

/* Adds the desk to the bells instead of waking its thread. Locked. */
static void
add_bell(struct pst_desk *desk, struct pst_dns_bells *bells)
{
	if (desk->has_bell)
		return;
	desk->has_bell = true;
	desk->refs++;
	desk->next_bell = bells->first;
	bells->first = desk;
}

void
pst_dns_ring(struct pst_dns_bells *bells)
{
	struct pst_desk *desk = bells->first;

	bells->first = NULL;
	while (desk != NULL) {
		struct pst_desk *next = desk->next_bell;

		pst_mutex_lock(&desk->lock);
		desk->has_bell = false;
		pst_mutex_unlock(&desk->lock);
		/* Not under the lock, which the woken thread needs at once. */
		pst_cond_signal(&desk->arrival);
		desk_release(desk);
		desk = next;
	}
}

/* If bells is NULL, the waiting thread is woken at once. */
static void
hand_back(struct pst_dns_job *job, const struct pst_dns_answer *answer,
    unsigned after_ms, struct pst_dns_bells *bells)
{
	struct pst_desk *desk = job->desk;
	bool wanted;

	pst_mutex_lock(&desk->lock);
	job->answer = answer;
	job->after_ms = after_ms;
	wanted = !job->abandoned && !desk->closed;
	if (wanted) {
		job->next = desk->arrived;
		desk->arrived = job;
		if (bells != NULL)
			add_bell(desk, bells);
		else
			pst_cond_signal(&desk->arrival);
	}
	pst_mutex_unlock(&desk->lock);
	/* A wanted job belongs to the handle and may be freed by now. */
	if (!wanted)
		pst_dns_job_free(job);
}

void
pst_dns_job_complete(struct pst_dns_job *job,
    const struct pst_dns_answer *answer, unsigned after_ms)
{
	assert(answer != NULL);
	hand_back(job, answer, after_ms, NULL);
}

void
pst_dns_job_complete_unheard(struct pst_dns_job *job,
    const struct pst_dns_answer *answer, struct pst_dns_bells *bells)
{
	assert(answer != NULL);
	hand_back(job, answer, 0, bells);
}

void
pst_dns_job_lose(struct pst_dns_job *job)
{
	hand_back(job, NULL, 0, NULL);
}

void
pst_resolver_free(struct pst_resolver *resolver)
{
	if (resolver != NULL)
		resolver->free(resolver);
}
