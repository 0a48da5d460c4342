/* SPDX-License-Identifier: BSD-2-Clause */
#include "tools/top_history.h"

#include <stdlib.h>
#include <string.h>

static const enum pst_counter kept[] = {PST_COUNTER_MESSAGES, PST_COUNTER_SPF,
    PST_COUNTER_DKIM, PST_COUNTER_DMARC, PST_COUNTER_MESSAGE_MS,
    PST_COUNTER_DNS_ANSWERS, PST_COUNTER_DNS_CACHED, PST_COUNTER_DNS_QUERIES,
    PST_COUNTER_DNS_MS};

#define KEPT PST_COUNT(kept)

/* Five minutes at one answer a second, and some more. */
#define SAMPLES 400

struct sample {
	int64_t ms;
	uint64_t of[KEPT][PST_COUNTER_PLACES];
};

struct pst_top_history {
	uint64_t process, started; /* of the daemon */
	struct sample samples[SAMPLES];
	size_t next, count;
};

struct pst_top_history *
pst_top_history_new(void)
{
	struct pst_top_history *history = calloc(1, sizeof(*history));

	if (history == NULL)
		abort();
	return history;
}

void
pst_top_history_free(struct pst_top_history *history)
{
	free(history);
}

void
pst_top_history_add(struct pst_top_history *history,
    const struct pst_status *status, int64_t now_ms)
{
	const struct pst_counters_sum *sum = &status->counters;
	struct sample *sample;

	if (status->process != history->process ||
	    sum->of[PST_COUNTER_STARTED][0] != history->started)
		history->count = 0;
	history->process = status->process;
	history->started = sum->of[PST_COUNTER_STARTED][0];
	sample = &history->samples[history->next];
	sample->ms = now_ms;
	for (size_t i = 0; i < KEPT; i++)
		memcpy(sample->of[i], sum->of[kept[i]], sizeof(sample->of[i]));
	history->next = (history->next + 1) % SAMPLES;
	if (history->count < SAMPLES)
		history->count++;
}

/* 0 is the newest one. */
static const struct sample *
before(const struct pst_top_history *history, size_t n)
{
	return &history->samples[(history->next + SAMPLES - 1 - n) % SAMPLES];
}

struct pst_top_span
pst_top_history_span(struct pst_arena *arena,
    const struct pst_top_history *history, unsigned seconds)
{
	struct pst_counters_sum *sum = pst_arena_alloc(arena, sizeof(*sum));
	struct pst_top_span span = {.sum = sum};
	const struct sample *newest, *first;
	size_t n = 1;

	if (history->count < 2)
		return span;
	newest = before(history, 0);
	while (n + 1 < history->count &&
	    newest->ms - before(history, n)->ms < (int64_t)seconds * 1000)
		n++;
	first = before(history, n);
	span.seconds = (double)(newest->ms - first->ms) / 1000;
	for (size_t i = 0; i < KEPT; i++)
		for (size_t k = 0; k < PST_COUNTER_PLACES; k++)
			if (newest->of[i][k] > first->of[i][k])
				sum->of[kept[i]][k] =
				    newest->of[i][k] - first->of[i][k];
	return span;
}

double
pst_top_span_rate(const struct pst_top_span *span, uint64_t n)
{
	return span->seconds > 0 ? (double)n / span->seconds : 0;
}
