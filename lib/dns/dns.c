/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/dns.h"

#include <assert.h>

#include "dns/job.h"

/* Longer than any legal name, so a bad name that is cut never equals one. */
#define MAX_KEPT_NAME 255

const struct pst_dns_asker pst_dns_nobody = {PST_DNS_NOBODY, PST_DNS_OTHER};

struct pst_dns {
	/* Separate: rewinding the message's arena must keep the entries. */
	struct pst_arena *arena;
	struct pst_resolver *resolver;
	struct pst_clock *clock;
	struct pst_dns_limits limits;
	struct pst_ip network; /* of the client */
	struct pst_desk *desk; /* NULL until a resolver is given a job */
	struct pst_dns_entry **entries;
	size_t count;
	size_t capacity;
	size_t open;           /* entries without an answer */
	size_t in_flight;      /* jobs that a resolver still has */
	unsigned spent;        /* of the budget */
	unsigned spent_freely; /* of that, by questions that are not reserved */
	uint32_t lacking; /* readers that met an open entry in their turn */
	uint32_t told;    /* those of them that got an answer since */
	bool fresh;       /* an entry was answered since the last poll */
	enum pst_dns_status ended; /* of later questions; OK: not yet */
};

void
pst_dns_set_client(struct pst_dns *dns, const struct pst_ip *client)
{
	dns->network = pst_ip_network(client);
}

static void
set_answer(struct pst_dns *dns, struct pst_dns_entry *entry,
    const struct pst_dns_answer *answer)
{
	entry->answer = answer;
	entry->job = NULL;
	dns->told |= entry->missed_by;
	dns->open--;
	dns->fresh = true;
}

static void
set_failure(struct pst_dns *dns, struct pst_dns_entry *entry,
    enum pst_dns_status status)
{
	set_answer(dns, entry, pst_dns_answer_new(status, 0, 0, 0));
}

/* Takes in one job. It may have been abandoned after it reached the desk. */
static void
take_job(struct pst_dns *dns, struct pst_dns_job *job)
{
	struct pst_dns_entry *entry = job->entry;

	if (job->abandoned) {
		pst_dns_job_free(job);
		return;
	}
	dns->in_flight--;
	if (job->answer != NULL && job->after_ms > 0) {
		entry->ready_ms = pst_clock_ms(dns->clock) + job->after_ms;
		job->held = true;
		return;
	}
	if (job->answer != NULL)
		set_answer(dns, entry, pst_dns_job_take(job));
	entry->job = NULL;
	pst_dns_job_free(job);
}

bool
pst_dns_is_crowded(const struct pst_dns *dns)
{
	for (size_t i = 0; i < dns->count; i++) {
		const struct pst_dns_entry *entry = dns->entries[i];

		if (entry->answer != NULL && entry->class <= PST_DNS_SENDER &&
		    entry->answer->status == PST_DNS_CROWDED)
			return true;
	}
	return false;
}

static void
take_arrived(struct pst_dns *dns)
{
	struct pst_dns_job *job =
	    dns->desk == NULL ? NULL : pst_desk_take(dns->desk);

	while (job != NULL) {
		struct pst_dns_job *next = job->next;

		take_job(dns, job);
		job = next;
	}
}

/* Drops the job of an open entry, wherever it is. */
static void
drop_job(struct pst_dns *dns, struct pst_dns_entry *entry)
{
	struct pst_resolver *resolver = dns->resolver;
	struct pst_dns_job *job = entry->job;

	entry->job = NULL;
	if (job == NULL)
		return;
	if (job->held) {
		pst_dns_job_free(job);
		return;
	}
	dns->in_flight--;
	/* It is not abandoned yet, so it exists while the resolver looks. */
	if (resolver->give_up != NULL && resolver->give_up(resolver, job))
		pst_dns_job_free(job);
	else
		pst_dns_job_abandon(job);
}

static void
end_open(struct pst_dns *dns, struct pst_dns_entry *entry,
    enum pst_dns_status status)
{
	drop_job(dns, entry);
	set_failure(dns, entry, status);
}

static void
close_door(void *handle)
{
	struct pst_dns *dns = handle;

	/* Before the desk closes: after that a resolver may free its jobs. */
	take_arrived(dns);
	for (size_t i = 0; i < dns->count; i++) {
		drop_job(dns, dns->entries[i]);
		pst_dns_answer_unref(dns->entries[i]->answer);
	}
	if (dns->desk != NULL)
		pst_desk_close(dns->desk);
	pst_arena_free(dns->arena);
}

struct pst_dns *
pst_dns_open(struct pst_arena *arena, struct pst_resolver *resolver,
    struct pst_clock *clock, struct pst_dns_limits limits)
{
	struct pst_dns *dns = pst_arena_alloc(arena, sizeof(*dns));

	dns->arena = pst_arena_new();
	dns->resolver = resolver;
	dns->clock = clock;
	dns->limits = limits;
	pst_arena_defer(arena, close_door, dns);
	return dns;
}

/* When the wait for an open entry ends: at its delayed answer or time-out. */
static int64_t
end_of_wait(const struct pst_dns *dns, const struct pst_dns_entry *entry)
{
	int64_t deadline = entry->asked_ms + (int64_t)dns->limits.query_ms;

	if (entry->job != NULL && entry->job->held &&
	    entry->ready_ms <= deadline)
		return entry->ready_ms;
	return deadline;
}

static void
settle_entry(struct pst_dns *dns, struct pst_dns_entry *entry, int64_t now_ms)
{
	struct pst_dns_job *job = entry->job;

	if (now_ms < end_of_wait(dns, entry))
		return;
	if (job == NULL || !job->held ||
	    entry->ready_ms > end_of_wait(dns, entry)) {
		end_open(dns, entry, PST_DNS_TIMEOUT);
		return;
	}
	set_answer(dns, entry, pst_dns_job_take(job));
	pst_dns_job_free(job);
}

static void
settle(struct pst_dns *dns)
{
	int64_t now_ms;

	if (dns->open == 0)
		return;
	take_arrived(dns);
	now_ms = pst_clock_ms(dns->clock);
	for (size_t i = 0; i < dns->count; i++) {
		if (dns->entries[i]->answer == NULL)
			settle_entry(dns, dns->entries[i], now_ms);
	}
}

static bool
take_fresh(struct pst_dns *dns)
{
	bool fresh = dns->fresh;

	dns->fresh = false;
	return fresh;
}

/* The bit of a reader; nobody has none. */
static uint32_t
bit_of(unsigned reader)
{
	assert(reader <= PST_DNS_MAX_READERS);
	return (UINT32_C(1) << reader) & ~UINT32_C(1);
}

bool
pst_dns_turn(struct pst_dns *dns, unsigned reader)
{
	uint32_t bit = bit_of(reader);

	if ((dns->lacking & ~dns->told & bit) != 0)
		return false;
	dns->lacking &= ~bit;
	dns->told &= ~bit;
	return true;
}

bool
pst_dns_poll(struct pst_dns *dns)
{
	settle(dns);
	return take_fresh(dns);
}

static void
pass_time(struct pst_dns *dns, int64_t ms)
{
	/*
	 * A resolver needs real time for the jobs that it still has. Once all
	 * jobs are back, only the clock can end the wait, so a manual clock is
	 * advanced without sleeping.
	 */
	if (dns->clock->manual && dns->in_flight == 0) {
		pst_clock_advance(dns->clock, ms);
		return;
	}
	if (!pst_desk_wait(dns->desk, ms) && dns->clock->manual)
		pst_clock_advance(dns->clock, ms);
}

static bool
is_interrupted(const struct pst_dns *dns)
{
	return dns->desk != NULL && pst_desk_is_interrupted(dns->desk);
}

bool
pst_dns_wait(struct pst_dns *dns, int64_t until_ms)
{
	for (;;) {
		int64_t now_ms;
		int64_t wake_ms = until_ms;

		settle(dns);
		if (take_fresh(dns))
			return true;
		now_ms = pst_clock_ms(dns->clock);
		if (dns->open == 0 || now_ms >= until_ms || is_interrupted(dns))
			return false;
		for (size_t i = 0; i < dns->count; i++) {
			const struct pst_dns_entry *entry = dns->entries[i];

			if (entry->answer == NULL &&
			    end_of_wait(dns, entry) < wake_ms)
				wake_ms = end_of_wait(dns, entry);
		}
		if (wake_ms > now_ms)
			pass_time(dns, wake_ms - now_ms);
	}
}

static void
need_desk(struct pst_dns *dns)
{
	if (dns->desk == NULL)
		dns->desk = pst_desk_new();
}

void
pst_dns_allow_interrupt(struct pst_dns *dns)
{
	need_desk(dns);
}

void
pst_dns_interrupt(struct pst_dns *dns)
{
	pst_desk_interrupt(dns->desk);
}

void
pst_dns_expire(struct pst_dns *dns, enum pst_dns_status status)
{
	dns->ended = status;
	settle(dns);
	for (size_t i = 0; i < dns->count; i++) {
		if (dns->entries[i]->answer == NULL)
			end_open(dns, dns->entries[i], status);
	}
}

bool
pst_dns_trusts_ad(const struct pst_dns *dns)
{
	return dns->resolver != NULL && dns->resolver->trusts_ad;
}

size_t
pst_dns_count(const struct pst_dns *dns)
{
	return dns->count;
}

const struct pst_dns_entry *
pst_dns_at(const struct pst_dns *dns, size_t i)
{
	assert(i < dns->count);
	return dns->entries[i];
}

static bool
is_legal_name(struct pst_str name)
{
	size_t label_len = 0;

	if (name.len == 0 || name.len > 253)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] != '.') {
			if (++label_len > 63)
				return false;
			continue;
		}
		if (label_len == 0)
			return false;
		label_len = 0;
	}
	return label_len > 0;
}

static bool is_reserved(enum pst_dns_class class)
{
	return class == PST_DNS_POLICY || class == PST_DNS_KEY;
}

/*
 * A reserved question skips an entry that a limit of ours refused when it was
 * asked in another class.
 */
static bool
is_skipped(const struct pst_dns_entry *entry, enum pst_dns_class class)
{
	return entry->answer != NULL &&
	    pst_dns_is_ours(entry->answer->status) && is_reserved(class) &&
	    !is_reserved(entry->class);
}

static struct pst_dns_entry *
find_entry(const struct pst_dns *dns, struct pst_str name,
    enum pst_dns_type type, enum pst_dns_class class)
{
	for (size_t i = 0; i < dns->count; i++) {
		struct pst_dns_entry *entry = dns->entries[i];

		if (entry->type == type && entry->name_len == name.len &&
		    memcmp(entry->name, name.ptr, name.len) == 0 &&
		    !is_skipped(entry, class))
			return entry;
	}
	return NULL;
}

static struct pst_dns_entry *
add_entry(struct pst_dns *dns, struct pst_str name, enum pst_dns_type type,
    enum pst_dns_class class)
{
	struct pst_dns_entry *entry;

	if (dns->count == dns->capacity) {
		struct pst_dns_entry **old = dns->entries;

		dns->capacity = old == NULL ? 32 : dns->capacity * 2;
		dns->entries = pst_arena_array(
		    dns->arena, dns->capacity, sizeof(struct pst_dns_entry *));
		if (old != NULL)
			memcpy(dns->entries, old,
			    dns->count * sizeof(struct pst_dns_entry *));
	}
	entry = pst_arena_alloc(dns->arena, sizeof(*entry));
	entry->name = pst_arena_memdup(dns->arena, name.ptr, name.len);
	entry->name_len = name.len;
	entry->type = type;
	entry->class = class;
	entry->asked_ms = pst_clock_ms(dns->clock);
	dns->entries[dns->count++] = entry;
	dns->open++;
	return entry;
}

static bool
is_affordable(const struct pst_dns *dns, enum pst_dns_class class)
{
	unsigned limit = dns->limits.max_queries;

	if (!is_reserved(class) &&
	    dns->spent_freely + dns->limits.reserved >= limit)
		return false;
	return dns->spent < limit;
}

/* Takes the answer if the resolver knows it, else gives the resolver a job. */
static void
start(struct pst_dns *dns, struct pst_dns_entry *entry)
{
	struct pst_resolver *resolver = dns->resolver;
	const struct pst_dns_answer *known = NULL;

	if (resolver->peek != NULL)
		known = resolver->peek(resolver,
		    (struct pst_str){entry->name, entry->name_len}, entry->type,
		    dns->limits.max_txt_bytes);
	if (known != NULL) {
		set_answer(dns, entry, known);
		return;
	}
	need_desk(dns);
	dns->in_flight++;
	entry->job = pst_dns_job_new(
	    dns->desk, entry, dns->limits.max_txt_bytes, &dns->network);
	resolver->ask(resolver, entry->job);
	take_arrived(dns);
}

/* Tells the resolver about a job that it may still have. */
static void
set_class(
    struct pst_dns *dns, struct pst_dns_entry *entry, enum pst_dns_class class)
{
	struct pst_resolver *resolver = dns->resolver;

	if (entry->class == class)
		return;
	entry->class = class;
	if (entry->answer == NULL && entry->job != NULL && !entry->job->held &&
	    resolver->reclass != NULL)
		resolver->reclass(resolver, entry->job, class);
}

static struct pst_dns_entry *
find_or_start(struct pst_dns *dns, struct pst_str name, enum pst_dns_type type,
    enum pst_dns_class class)
{
	char lower[MAX_KEPT_NAME];
	struct pst_str key = {lower, 0};
	struct pst_dns_entry *entry;

	if (name.len > 0 && name.ptr[name.len - 1] == '.')
		name.len--;
	key.len = name.len < sizeof(lower) ? name.len : sizeof(lower);
	for (size_t i = 0; i < key.len; i++)
		lower[i] = pst_lower(name.ptr[i]);
	entry = find_entry(dns, key, type, class);
	if (entry != NULL) {
		if (class < entry->class)
			set_class(dns, entry, class);
		return entry;
	}
	entry = add_entry(dns, key, type, class);
	if (!is_legal_name(key)) {
		set_failure(dns, entry, PST_DNS_BADNAME);
	} else if (dns->ended != PST_DNS_OK) {
		set_failure(dns, entry, dns->ended);
	} else if (!is_affordable(dns, class)) {
		set_failure(dns, entry, PST_DNS_BUDGET);
	} else {
		dns->spent++;
		dns->spent_freely += is_reserved(class) ? 0 : 1;
		start(dns, entry);
	}
	return entry;
}

const struct pst_dns_entry *
pst_dns_ask(struct pst_dns *dns, struct pst_dns_asker asker,
    struct pst_str name, enum pst_dns_type type)
{
	uint32_t bit = bit_of(asker.reader);
	struct pst_dns_entry *entry =
	    find_or_start(dns, name, type, asker.class);

	entry->asked_by |= bit;
	if (entry->answer == NULL) {
		entry->missed_by |= bit;
		dns->lacking |= bit;
	}
	return entry;
}

void
pst_dns_add_recorded(struct pst_dns *dns, struct pst_str name,
    enum pst_dns_type type, enum pst_dns_class class,
    const struct pst_dns_answer *answer)
{
	struct pst_dns_entry *entry = add_entry(dns, name, type, class);

	if (answer != NULL)
		set_answer(dns, entry, answer);
}

void
pst_dns_reclass(struct pst_dns *dns, unsigned reader, enum pst_dns_class class)
{
	uint32_t bit = bit_of(reader);

	for (size_t i = 0; i < dns->count; i++) {
		struct pst_dns_entry *entry = dns->entries[i];

		if (bit != 0 && entry->asked_by == bit)
			set_class(dns, entry, class);
	}
}
