/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE /* memfd_create() */
#include "core/counters.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "core/slow_questions.h"

/* A lock in shared memory could be held by a process that was killed. */
static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_LONG_LOCK_FREE == 2,
    "counters need atomics of 64 bits without locks");

const unsigned pst_counter_bounds_ms[PST_COUNTER_BUCKETS - 1] = {
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 60000};

struct slot {
	_Atomic uint64_t of[PST_COUNTERS][PST_COUNTER_PLACES];
};

#define NAME_WORDS (PST_COUNTER_NAME_SIZE / sizeof(uint64_t))

/*
 * A name that was entered. Its place belongs to the hash from the moment when
 * that is set. Every process that needs the name before it is complete writes
 * the same octets again, so none waits for one that was killed while it wrote.
 */
struct name {
	_Atomic uint64_t hash; /* 0: free */
	_Atomic uint64_t text[NAME_WORDS];
	atomic_bool complete;
};

enum { RULE_NAMES, OPERATOR_RULE_NAMES, NAME_LISTS };

struct pst_counters {
	struct slot slots[PST_COUNTERS_SLOTS];
	struct name names[NAME_LISTS][PST_COUNTER_PLACES - 1];
	_Atomic uint64_t processes[PST_COUNTERS_SLOTS];
	struct pst_slow_table slow[PST_COUNTERS_SLOTS];
};

static struct pst_counters *block;
static struct slot *own;
static size_t own_slot;
static int block_fd = -1;

static void *
map(int fd)
{
	return mmap(NULL, sizeof(struct pst_counters), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
}

struct pst_counters *
pst_counters_map(struct pst_err *err)
{
	void *memory = MAP_FAILED;
	int fd = memfd_create("postern-counters", MFD_CLOEXEC);

	if (fd != -1 && ftruncate(fd, (off_t)sizeof(struct pst_counters)) == 0)
		memory = map(fd);
	if (memory != MAP_FAILED) {
		block_fd = fd;
		return memory;
	}
	(void)pst_err_set(err,
	    "cannot map %zu octets of memory for counters: %s; allow this user "
	    "more memory",
	    sizeof(struct pst_counters), strerror(errno));
	if (fd != -1)
		(void)close(fd);
	return NULL;
}

int
pst_counters_fd(void)
{
	return block_fd;
}

struct pst_counters *
pst_counters_attach(int fd, struct pst_err *err)
{
	struct stat st;
	void *memory = MAP_FAILED;

	if (fstat(fd, &st) == 0 &&
	    st.st_size == (off_t)sizeof(struct pst_counters))
		memory = map(fd);
	if (memory != MAP_FAILED)
		return memory;
	(void)pst_err_set(err,
	    "the counters of posternd cannot be mapped; restart posternd after "
	    "an upgrade");
	return NULL;
}

void
pst_counters_unmap(struct pst_counters *mapped)
{
	if (mapped == NULL)
		return;
	if (mapped == block)
		pst_counters_enter(NULL, 0);
	(void)munmap(mapped, sizeof(*mapped));
	if (block_fd != -1)
		(void)close(block_fd);
	block_fd = -1;
}

void
pst_counters_enter(struct pst_counters *mapped, size_t slot)
{
	assert(slot < PST_COUNTERS_SLOTS);
	block = mapped;
	own = mapped == NULL ? NULL : &mapped->slots[slot];
	own_slot = slot;
	if (mapped != NULL && slot != PST_COUNTERS_SUPERVISOR)
		atomic_store(&mapped->processes[slot], (uint64_t)getpid());
}

pid_t
pst_counters_process(const struct pst_counters *mapped, size_t slot)
{
	assert(slot < PST_COUNTERS_SLOTS);
	return (pid_t)atomic_load(&mapped->processes[slot]);
}

struct pst_slow_table *
pst_counters_own_slow(void)
{
	return own == NULL ? NULL : &block->slow[own_slot];
}

const struct pst_slow_table *
pst_counters_slow(const struct pst_counters *mapped)
{
	return mapped->slow;
}

static void
add(enum pst_counter counter, unsigned place, uint64_t n)
{
	assert(place < PST_COUNTER_PLACES);
	if (own != NULL)
		(void)atomic_fetch_add_explicit(
		    &own->of[counter][place], n, memory_order_relaxed);
}

void
pst_counter_add(enum pst_counter counter, unsigned place, uint64_t n)
{
	add(counter, place, n);
}

void
pst_counter_change(enum pst_counter counter, int difference)
{
	/* Unsigned arithmetic wraps, so a negative difference subtracts. */
	add(counter, 0, (uint64_t)(int64_t)difference);
}

void
pst_counter_set(enum pst_counter counter, uint64_t value)
{
	if (own != NULL)
		atomic_store_explicit(
		    &own->of[counter][0], value, memory_order_relaxed);
}

uint64_t
pst_counter_own(enum pst_counter counter)
{
	return own == NULL ?
	    0 :
	    atomic_load_explicit(&own->of[counter][0], memory_order_relaxed);
}

void
pst_counter_time(enum pst_counter counter, unsigned ms)
{
	unsigned bucket = 0;

	while (bucket < PST_COUNTER_BUCKETS - 1 &&
	    ms > pst_counter_bounds_ms[bucket])
		bucket++;
	add(counter, bucket, 1);
	add(counter, PST_COUNTER_SUM, ms);
}

void
pst_counter_since(enum pst_counter counter, bool now)
{
	uint64_t unset = 0;

	if (own == NULL)
		return;
	if (!now)
		pst_counter_set(counter, 0);
	else if (atomic_load_explicit(
		     &own->of[counter][0], memory_order_relaxed) == 0)
		(void)atomic_compare_exchange_strong(&own->of[counter][0],
		    &unset, (uint64_t)pst_clock_epoch(&pst_clock_system));
}

static size_t
name_list(enum pst_counter counter)
{
	assert(counter == PST_COUNTER_RULES ||
	    counter == PST_COUNTER_OPERATOR_RULES);
	return counter == PST_COUNTER_RULES ? RULE_NAMES : OPERATOR_RULE_NAMES;
}

static void
complete(struct name *place, const char *text)
{
	uint64_t words[NAME_WORDS] = {0};
	size_t len = strlen(text);

	if (atomic_load_explicit(&place->complete, memory_order_relaxed))
		return;
	if (len >= sizeof(words))
		len = sizeof(words) - 1;
	memcpy(words, text, len);
	for (size_t i = 0; i < NAME_WORDS; i++)
		atomic_store_explicit(
		    &place->text[i], words[i], memory_order_relaxed);
	atomic_store_explicit(&place->complete, true, memory_order_release);
}

unsigned
pst_counters_place(enum pst_counter counter, const char *name)
{
	uint64_t hash = pst_hash(PST_HASH_START, pst_str(name)) | 1;
	const unsigned last = PST_COUNTER_PLACES - 1;
	struct name *names;

	if (block == NULL || strcmp(name, "other") == 0)
		return last;
	names = block->names[name_list(counter)];
	for (unsigned i = 0; i < last; i++) {
		uint64_t found = 0;

		if (atomic_compare_exchange_strong(
			&names[i].hash, &found, hash) ||
		    found == hash) {
			complete(&names[i], name);
			return i;
		}
	}
	return last;
}

void
pst_counters_set_in(size_t slot, enum pst_counter counter, uint64_t value)
{
	assert(slot < PST_COUNTERS_SLOTS);
	if (block != NULL)
		atomic_store(&block->slots[slot].of[counter][0], value);
}

static bool
is_gauge(enum pst_counter counter)
{
	switch (pst_counter_info(counter)->kind) {
	case PST_COUNTER_GAUGE:
	case PST_COUNTER_LARGEST:
	case PST_COUNTER_SINCE:
		return true;
	case PST_COUNTER_TOTAL:
	case PST_COUNTER_LAST:
	case PST_COUNTER_HISTOGRAM:
		return false;
	}
	return false;
}

void
pst_counters_bury(size_t slot)
{
	for (unsigned i = 0; i < PST_COUNTERS; i++) {
		if (is_gauge((enum pst_counter)i))
			pst_counters_set_in(slot, (enum pst_counter)i, 0);
	}
	if (block != NULL)
		atomic_store(&block->processes[slot], 0);
}

/* ---- reading ---- */

/* Joins the numbers of two slots. */
static uint64_t
join(enum pst_counter_kind kind, uint64_t a, uint64_t b)
{
	switch (kind) {
	case PST_COUNTER_TOTAL:
	case PST_COUNTER_GAUGE:
	case PST_COUNTER_HISTOGRAM:
		return a + b;
	case PST_COUNTER_SINCE: /* the earlier one of those that are set */
		return a == 0 || (b != 0 && b < a) ? b : a;
	case PST_COUNTER_LARGEST:
	case PST_COUNTER_LAST:
		return a > b ? a : b;
	}
	return a;
}

static void
read_counter(const struct pst_counters *mapped, enum pst_counter counter,
    uint64_t out[PST_COUNTER_PLACES])
{
	const struct pst_counter_info *info = pst_counter_info(counter);

	for (size_t at = 0; at < PST_COUNTERS_SLOTS; at++) {
		for (size_t place = 0; place < info->places; place++)
			out[place] = join(info->kind, out[place],
			    atomic_load_explicit(
				&mapped->slots[at].of[counter][place],
				memory_order_relaxed));
	}
	/* A gauge may be read between the parts of a change. */
	if (info->kind == PST_COUNTER_GAUGE && out[0] > INT64_MAX)
		out[0] = 0;
}

static void
read_names(const struct name *names,
    char out[PST_COUNTER_PLACES][PST_COUNTER_NAME_SIZE])
{
	for (size_t i = 0; i < PST_COUNTER_PLACES - 1; i++) {
		uint64_t words[NAME_WORDS];

		if (!atomic_load_explicit(
			&names[i].complete, memory_order_acquire))
			continue;
		for (size_t w = 0; w < NAME_WORDS; w++)
			words[w] = atomic_load_explicit(
			    &names[i].text[w], memory_order_relaxed);
		memcpy(out[i], words, sizeof(words));
	}
}

void
pst_counters_read(
    const struct pst_counters *mapped, struct pst_counters_sum *out)
{
	memset(out, 0, sizeof(*out));
	if (mapped == NULL)
		return;
	for (unsigned i = 0; i < PST_COUNTERS; i++)
		read_counter(mapped, (enum pst_counter)i, out->of[i]);
	read_names(mapped->names[RULE_NAMES], out->rules);
	read_names(mapped->names[OPERATOR_RULE_NAMES], out->operator_rules);
}

const char *
pst_counters_name(const struct pst_counters_sum *sum, enum pst_counter counter,
    unsigned place)
{
	const struct pst_counter_info *info = pst_counter_info(counter);
	const char *text;

	assert(info->label != NULL && place < info->places);
	if (info->word != NULL)
		return info->word(place);
	if (place == PST_COUNTER_PLACES - 1)
		return "other";
	text = name_list(counter) == RULE_NAMES ? sum->rules[place] :
						  sum->operator_rules[place];
	return text[0] == '\0' ? NULL : text;
}

uint64_t
pst_counters_total(const struct pst_counters_sum *sum, enum pst_counter counter)
{
	const struct pst_counter_info *info = pst_counter_info(counter);
	size_t places = info->kind == PST_COUNTER_HISTOGRAM ?
	    PST_COUNTER_BUCKETS :
	    info->places;
	uint64_t total = 0;

	for (size_t i = 0; i < places; i++)
		total += sum->of[counter][i];
	return total;
}

unsigned
pst_counters_percentile(const struct pst_counters_sum *sum,
    enum pst_counter counter, unsigned percent)
{
	uint64_t total = pst_counters_total(sum, counter);
	uint64_t below = 0;

	if (total == 0)
		return 0;
	for (size_t i = 0; i < PST_COUNTER_BUCKETS - 1; i++) {
		below += sum->of[counter][i];
		/* In this form, large totals cannot overflow. */
		if ((double)below >= (double)total * percent / 100)
			return pst_counter_bounds_ms[i];
	}
	return UINT_MAX;
}
