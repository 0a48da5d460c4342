/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/lesson.h"

#include "core/session.h"

#define PREFIX "_dmarc."

/* A message passes by few domains; more of them teach nothing. */
#define MAX_AUTHENTICATED 16
#define MAX_AUTHORS 4

/* What was recalled for a name. */
struct recollection {
	struct recollection *next;
	const char *domain;
	bool found;
	struct pst_recalled what;
};

/*
 * The recollections of one message. A name is looked up once: checks start over
 * and must find the same again, although other messages teach the memory
 * meanwhile.
 */
struct recaller {
	struct pst_recall recall;
	/* Separate: rewinding the message's arena must keep them. NULL until a
	   look-up fails, as in few messages. */
	struct pst_arena *arena;
	struct pst_memory *memory;
	int64_t now_epoch, max_age_s;
	struct recollection *first;
};

static struct recollection *
recollect(struct recaller *recaller, const char *domain)
{
	struct recollection *one;

	if (recaller->arena == NULL)
		recaller->arena = pst_arena_new();
	one = pst_arena_alloc(recaller->arena, sizeof(*one));
	one->next = recaller->first;
	one->domain = pst_arena_strdup(recaller->arena, domain);
	one->what.arena = recaller->arena;
	one->found = pst_memory_recall(recaller->memory, domain,
	    recaller->now_epoch, recaller->max_age_s, &one->what);
	recaller->first = one;
	return one;
}

static bool
recall(void *arg, const char *domain, struct pst_recalled *out)
{
	struct recaller *recaller = arg;
	const struct recollection *one = recaller->first;

	while (one != NULL && strcmp(one->domain, domain) != 0)
		one = one->next;
	if (one == NULL)
		one = recollect(recaller, domain);
	out->record = one->what.record;
	out->age_s = one->what.age_s;
	return one->found;
}

static void
forget(void *arg)
{
	struct recaller *recaller = arg;

	if (recaller->arena != NULL)
		pst_arena_free(recaller->arena);
}

const struct pst_recall *
pst_lesson_recall(struct pst_arena *arena, struct pst_memory *memory,
    int64_t now_epoch, int64_t max_age_s)
{
	struct recaller *recaller;

	if (max_age_s == 0)
		return NULL;
	recaller = pst_arena_alloc(arena, sizeof(*recaller));
	*recaller = (struct recaller){.recall = {recall, recaller},
	    .memory = memory,
	    .now_epoch = now_epoch,
	    .max_age_s = max_age_s};
	pst_arena_defer(arena, forget, recaller);
	return &recaller->recall;
}

/* What is being made of a message. */
struct making {
	struct pst_arena *arena;
	const struct pst_message *message;
	const char *authenticated[MAX_AUTHENTICATED];
	struct pst_memory_answer answers[MAX_AUTHORS * PST_WALK_MAX];
	struct pst_memory_lesson lesson;
};

/* Returns the answer that the message has to that policy question, or NULL. */
static const struct pst_dns_answer *
find_answer(const struct pst_dns *dns, const char *domain)
{
	const struct pst_str prefix = PST_STR(PREFIX);

	/* The last one: a question that was refused may have been asked again. */
	for (size_t i = pst_dns_count(dns); i > 0; i--) {
		const struct pst_dns_entry *entry = pst_dns_at(dns, i - 1);
		struct pst_str name = {entry->name, entry->name_len};

		if (entry->type == PST_DNS_TXT &&
		    pst_str_starts(name, prefix) &&
		    pst_str_eq(pst_str_from(name, prefix.len), pst_str(domain)))
			return entry->answer;
	}
	return NULL;
}

/*
 * Returns the text of the only DMARC record. Several count as none, and so does
 * one that is unusable as a whole, as auth/orgdomain has it.
 */
static struct pst_str
pick_record(const struct making *making, const char *domain,
    const struct pst_dns_answer *answer)
{
	const struct pst_dmarc *dmarc = &making->message->findings.dmarc;
	struct pst_dmarc_record record;
	struct pst_str text = PST_STR("");
	size_t count = 0;

	/* The check has found it there, which is most of the time. */
	if (dmarc->policy_domain != NULL &&
	    strcmp(dmarc->policy_domain, domain) == 0)
		return dmarc->record.text;
	for (size_t i = 0; i < answer->count; i++) {
		if (!pst_dmarc_record_parse(
			making->arena, answer->records[i].data, &record))
			continue;
		text = answer->records[i].data;
		count += record.repeated_tag ? 2 : 1;
	}
	return count == 1 ? text : PST_STR("");
}

static void
add_answer(struct making *making, const char *domain)
{
	const struct pst_dns_answer *answer =
	    find_answer(making->message->dns, domain);
	struct pst_memory_lesson *lesson = &making->lesson;

	if (answer == NULL)
		return;
	switch (answer->status) {
	case PST_DNS_OK:
	case PST_DNS_NODATA:
	case PST_DNS_NXDOMAIN:
		making->answers[lesson->answer_count++] =
		    (struct pst_memory_answer){
			domain, pick_record(making, domain, answer)};
		break;
	/* No answer of the domain's own servers. */
	case PST_DNS_SERVFAIL:
	case PST_DNS_BOGUS:
	case PST_DNS_TIMEOUT:
	case PST_DNS_BUDGET:
	case PST_DNS_BADNAME:
	case PST_DNS_CROWDED:
	case PST_DNS_PAUSED:
		break;
	}
}

static void
add_answers(struct making *making)
{
	const struct pst_from *from = &making->message->findings.from;

	if (from->domain_count > MAX_AUTHORS)
		return;
	making->lesson.answers = making->answers;
	for (size_t i = 0; i < from->domain_count; i++) {
		const char *names[PST_WALK_MAX];
		size_t count = pst_walk_names(from->domains[i], names);

		for (size_t j = 0; j < count; j++)
			add_answer(making, names[j]);
	}
}

static void
add_authenticated(struct making *making, const char *domain)
{
	struct pst_memory_lesson *lesson = &making->lesson;

	if (domain != NULL && lesson->authenticated_count < MAX_AUTHENTICATED)
		making->authenticated[lesson->authenticated_count++] = domain;
}

static void
add_passes(struct making *making)
{
	const struct pst_findings *findings = &making->message->findings;
	const struct pst_dkim *dkim = &findings->dkim;

	making->lesson.authenticated = making->authenticated;
	if (findings->spf.result == PST_RESULT_PASS)
		add_authenticated(making, findings->spf.domain);
	for (size_t i = 0; i < dkim->count; i++) {
		if (dkim->sigs[i].result == PST_RESULT_PASS)
			add_authenticated(making, dkim->sigs[i].domain);
	}
	if (findings->dmarc.result == PST_RESULT_PASS)
		making->lesson.aligned = findings->dmarc.author_domain;
}

void
pst_lesson_learn(struct pst_memory *memory, struct pst_arena *arena,
    const struct pst_message *message, int64_t now_epoch)
{
	struct making *making = pst_arena_alloc(arena, sizeof(*making));

	making->arena = arena;
	making->message = message;
	making->lesson.client = message->client;
	making->lesson.now_epoch = now_epoch;
	if (message->config->dmarc.remember_s > 0)
		add_answers(making);
	add_passes(making);
	pst_memory_learn(memory, &making->lesson);
}
