/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/subjects.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"

#define BUCKETS 4096
#define BELOW 2 /* added to the kind of a probe for a name below the subject */

struct pst_subjects {
	uint64_t seed;
	struct pst_subject *buckets[BUCKETS];
	struct pst_subject *oldest, *newest; /* of the idle ones */
	size_t idle;
	uint32_t reign;      /* grows when all pauses end */
	int64_t answered_ms; /* the last answer of all */
	int64_t silent_ms;   /* the last silence of all */
	bool answered;       /* there was one */
};

struct pst_subjects *
pst_subjects_new(uint64_t seed)
{
	struct pst_subjects *subjects = calloc(1, sizeof(*subjects));

	if (subjects == NULL)
		abort();
	subjects->seed = seed;
	return subjects;
}

static uint32_t
hash_of(const struct pst_subjects *subjects, struct pst_str name)
{
	return pst_hash_fold(pst_hash(PST_HASH_START ^ subjects->seed, name));
}

static struct pst_subject *
find(const struct pst_subjects *subjects, struct pst_str name, uint32_t hash)
{
	struct pst_subject *at = subjects->buckets[hash % BUCKETS];

	while (at != NULL &&
	    (at->hash != hash ||
		!pst_str_eq((struct pst_str){at->name, at->name_len}, name)))
		at = at->next;
	return at;
}

static void
drop(struct pst_subjects *subjects, struct pst_subject *subject)
{
	struct pst_subject **at = &subjects->buckets[subject->hash % BUCKETS];

	while (*at != subject)
		at = &(*at)->next;
	*at = subject->next;
	free(subject);
}

static void
unlink_idle(struct pst_subjects *subjects, struct pst_subject *subject)
{
	if (subject->before != NULL)
		subject->before->after = subject->after;
	else
		subjects->oldest = subject->after;
	if (subject->after != NULL)
		subject->after->before = subject->before;
	else
		subjects->newest = subject->before;
	subjects->idle--;
}

static void
link_idle(struct pst_subjects *subjects, struct pst_subject *subject)
{
	subject->after = NULL;
	subject->before = subjects->newest;
	if (subjects->newest != NULL)
		subjects->newest->after = subject;
	else
		subjects->oldest = subject;
	subjects->newest = subject;
	subjects->idle++;
}

void
pst_subjects_free(struct pst_subjects *subjects)
{
	while (subjects->oldest != NULL) {
		struct pst_subject *subject = subjects->oldest;

		unlink_idle(subjects, subject);
		drop(subjects, subject);
	}
	for (size_t i = 0; i < BUCKETS; i++)
		assert(subjects->buckets[i] == NULL);
	free(subjects);
}

/* The last n labels of a name, or all of it. */
static struct pst_str
last_labels(struct pst_str name, unsigned n)
{
	size_t at = name.len;

	for (; at > 0; at--)
		if (name.ptr[at - 1] == '.' && --n == 0)
			break;
	return pst_str_from(name, at);
}

struct pst_str
pst_subject_of(struct pst_str name)
{
	if (pst_str_iends(name, PST_STR(".in-addr.arpa")))
		return last_labels(name, 5); /* the three octets of the /24 */
	if (pst_str_iends(name, PST_STR(".ip6.arpa")))
		return last_labels(name, 18); /* the 16 digits of the /64 */
	for (size_t i = name.len; i > 0; i--) {
		size_t end;

		if (name.ptr[i - 1] != '_' || (i > 1 && name.ptr[i - 2] != '.'))
			continue;
		end = i + pst_str_find(pst_str_from(name, i), '.');
		return end < name.len ? pst_str_from(name, end + 1) : name;
	}
	return name;
}

struct pst_subject *
pst_subject_use(struct pst_subjects *subjects, struct pst_str name)
{
	uint32_t hash = hash_of(subjects, name);
	struct pst_subject *subject = find(subjects, name, hash);

	if (subject != NULL) {
		if (subject->users++ == 0)
			unlink_idle(subjects, subject);
		return subject;
	}
	subject = calloc(1, sizeof(*subject) + name.len);
	if (subject == NULL)
		abort();
	memcpy(subject->name, name.ptr, name.len);
	subject->name_len = name.len;
	subject->hash = hash;
	subject->users = 1;
	subject->reign = subjects->reign;
	subject->next = subjects->buckets[hash % BUCKETS];
	subjects->buckets[hash % BUCKETS] = subject;
	return subject;
}

void
pst_subject_release(struct pst_subjects *subjects, struct pst_subject *subject)
{
	assert(subject->users > 0);
	if (--subject->users > 0)
		return;
	if (subject->answered_ms == 0 && subject->strikes == 0) {
		drop(subjects, subject);
		return;
	}
	link_idle(subjects, subject);
	if (subjects->idle > PST_SUBJECTS_IDLE) {
		struct pst_subject *oldest = subjects->oldest;

		unlink_idle(subjects, oldest);
		drop(subjects, oldest);
	}
}

/* What a subject's own record says about questions. */
enum say { SAY_NOTHING, SAY_ASK, SAY_PAUSE };

static enum say
ask_subject(const struct pst_subjects *subjects,
    const struct pst_subject *subject, int64_t now_ms)
{
	if (subject->strikes >= PST_SUBJECT_STRIKES &&
	    subject->reign == subjects->reign)
		return now_ms < subject->paused_until_ms ? SAY_PAUSE : SAY_ASK;
	if (subject->answered_ms != 0 &&
	    now_ms - subject->answered_ms < PST_SUBJECT_ANSWER_MS)
		return SAY_ASK;
	return SAY_NOTHING;
}

bool
pst_subject_may_ask(struct pst_subjects *subjects, struct pst_str name,
    bool is_policy, int64_t now_ms, struct pst_subject **probed,
    unsigned *probe)
{
	*probed = NULL;
	*probe = is_policy ? 1 : 0;
	/* Names of one label are never paused. */
	while (pst_str_find(name, '.') < name.len) {
		struct pst_subject *subject =
		    find(subjects, name, hash_of(subjects, name));

		switch (subject == NULL ?
			SAY_NOTHING :
			ask_subject(subjects, subject, now_ms)) {
		case SAY_ASK:
			return true;
		case SAY_PAUSE:
			if (subject->probing[*probe])
				return false;
			subject->probing[*probe] = true;
			*probed = pst_subject_use(subjects, name);
			return true;
		case SAY_NOTHING:
			break;
		}
		name = pst_str_from(name, pst_str_find(name, '.') + 1);
		*probe |= BELOW;
	}
	return true;
}

void
pst_subject_probe_over(
    struct pst_subjects *subjects, struct pst_subject *probed, unsigned probe)
{
	probed->probing[probe] = false;
	pst_subject_release(subjects, probed);
}

void
pst_subject_answered(
    struct pst_subjects *subjects, struct pst_subject *subject, int64_t now_ms)
{
	if (subjects->answered &&
	    now_ms - subjects->answered_ms >= PST_SUBJECTS_DEAD_MS &&
	    subjects->silent_ms > subjects->answered_ms)
		subjects->reign++;
	subjects->answered = true;
	subjects->answered_ms = now_ms;
	subject->strikes = 0;
	subject->pause_ms = 0;
	/* 0 means never. */
	subject->answered_ms = now_ms == 0 ? 1 : now_ms;
}

void
pst_subject_silent(struct pst_subjects *subjects, struct pst_subject *subject,
    int64_t asked_ms, int64_t now_ms)
{
	subjects->silent_ms = now_ms;
	if (!subjects->answered) {
		/* Counts from here, so that a dead start is noticed, too. */
		subjects->answered = true;
		subjects->answered_ms = asked_ms;
	}
	if (subject->reign != subjects->reign) {
		subject->reign = subjects->reign;
		subject->strikes = 0;
		subject->pause_ms = 0;
	}
	/* What a message asks at once is one silence. */
	if (subject->strikes > 0 &&
	    asked_ms < subject->struck_ms + PST_SUBJECT_STRIKE_MS)
		return;
	/* An answer that came after the question shows that servers live. */
	if (subject->answered_ms >= asked_ms && subject->answered_ms != 0)
		return;
	subject->struck_ms = asked_ms;
	if (subject->strikes < PST_SUBJECT_STRIKES)
		subject->strikes++;
	if (subject->strikes < PST_SUBJECT_STRIKES)
		return;
	subject->pause_ms = subject->pause_ms == 0 ? PST_SUBJECT_PAUSE_MS :
						     subject->pause_ms * 2;
	if (subject->pause_ms > PST_SUBJECT_MAX_PAUSE_MS)
		subject->pause_ms = PST_SUBJECT_MAX_PAUSE_MS;
	subject->paused_until_ms = now_ms + subject->pause_ms;
}

size_t
pst_subjects_idle(const struct pst_subjects *subjects)
{
	return subjects->idle;
}
