/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/metrics.h"

#include <assert.h>
#include <inttypes.h>

#include "base/buf.h"
#include "core/counters_labels.h"

/* More than all series with the longest titles of rules. */
#define MAX_TEXT ((size_t)512 * 1024)
/* Of a text that the daemon says, such as a version. */
#define MAX_VALUE 100

struct page {
	struct pst_buf text;
	const struct pst_status *status;
};

/* ---- one line ---- */

static void
add_head(struct page *page, const char *name, const char *type,
    const char *help, const char *unit)
{
	pst_buf_printf(&page->text, "# HELP %s %s%s\n# TYPE %s %s\n", name,
	    help, unit, name, type);
}

/* A value of a label may have any printable character. */
static void
add_value(struct page *page, const char *text)
{
	struct pst_str value = pst_str_first(pst_str(text), MAX_VALUE);

	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (c == '"' || c == '\\')
			pst_buf_add_char(&page->text, '\\');
		pst_buf_add_char(&page->text, c < ' ' || c > '~' ? '?' : c);
	}
}

/* Begins a line with a name and labels; count may be 0. */
static void
add_series(struct page *page, const char *name,
    const struct pst_counter_labels *labels)
{
	pst_buf_add_text(&page->text, name);
	for (size_t i = 0; i < labels->count; i++) {
		pst_buf_printf(&page->text, "%s%s=\"", i == 0 ? "{" : ",",
		    labels->names[i]);
		add_value(page, labels->words[i]);
		pst_buf_add_char(&page->text, '"');
	}
	pst_buf_add_text(&page->text, labels->count == 0 ? " " : "} ");
}

static const struct pst_counter_labels no_labels = {.count = 0};

static void
add_number(struct page *page, const char *name, uint64_t number)
{
	add_series(page, name, &no_labels);
	pst_buf_printf(&page->text, "%" PRIu64 "\n", number);
}

static void
add_seconds(struct page *page, uint64_t ms)
{
	pst_buf_printf(
	    &page->text, "%" PRIu64 ".%03u", ms / 1000, (unsigned)(ms % 1000));
}

/* ---- counters ---- */

static const char *
type_of(enum pst_counter_kind kind)
{
	switch (kind) {
	case PST_COUNTER_TOTAL:
		return "counter";
	case PST_COUNTER_HISTOGRAM:
		return "histogram";
	case PST_COUNTER_GAUGE:
	case PST_COUNTER_LARGEST:
	case PST_COUNTER_SINCE:
	case PST_COUNTER_LAST:
		return "gauge";
	}
	return "untyped";
}

/* What HELP says in addition about a number that is a time. */
static const char *
unit_of(enum pst_counter_kind kind, enum pst_metric_form form)
{
	if (form != PST_METRIC_AS_IS)
		return "";
	switch (kind) {
	case PST_COUNTER_SINCE:
		return "; seconds since 1970, 0: not now";
	case PST_COUNTER_LAST:
		return "; seconds since 1970, 0: never";
	case PST_COUNTER_TOTAL:
	case PST_COUNTER_GAUGE:
	case PST_COUNTER_LARGEST:
	case PST_COUNTER_HISTOGRAM:
		return "";
	}
	return "";
}

/* Buckets are cumulative, unlike our own. */
static void
add_histogram(struct page *page, const char *name, const uint64_t *of)
{
	uint64_t count = 0;

	for (size_t i = 0; i < PST_COUNTER_BUCKETS; i++) {
		count += of[i];
		pst_buf_printf(&page->text, "%s_bucket{le=\"", name);
		if (i == PST_COUNTER_BUCKETS - 1)
			pst_buf_add_text(&page->text, "+Inf");
		else
			pst_buf_printf(&page->text, "%g",
			    pst_counter_bounds_ms[i] / 1000.0);
		pst_buf_printf(&page->text, "\"} %" PRIu64 "\n", count);
	}
	pst_buf_printf(&page->text, "%s_sum ", name);
	add_seconds(page, of[PST_COUNTER_SUM]);
	pst_buf_printf(&page->text, "\n%s_count %" PRIu64 "\n", name, count);
}

static void
add_labelled(struct page *page, enum pst_counter counter)
{
	const struct pst_counter_info *info = pst_counter_info(counter);
	const struct pst_counters_sum *sum = &page->status->counters;
	const char *metric = pst_metric_of(counter)->name;
	struct pst_counter_labels labels;

	for (unsigned i = 0; i < info->places; i++) {
		const char *name = pst_counters_name(sum, counter, i);

		if (name == NULL)
			continue;
		pst_counter_labels_split(
		    page->text.arena, info->label, name, &labels);
		add_series(page, metric, &labels);
		pst_buf_printf(
		    &page->text, "%" PRIu64 "\n", sum->of[counter][i]);
	}
}

static uint64_t
number_of(const struct pst_status *status, enum pst_counter counter)
{
	uint64_t value = status->counters.of[counter][0];

	switch (pst_metric_of(counter)->form) {
	case PST_METRIC_AS_IS:
		return value;
	case PST_METRIC_AGE:
		return value == 0 || value > status->now_epoch ?
		    0 :
		    status->now_epoch - value;
	case PST_METRIC_SUCCESS:
		return value == 0;
	}
	return value;
}

static void
add_counter(struct page *page, enum pst_counter counter)
{
	const struct pst_counter_info *info = pst_counter_info(counter);
	const struct pst_metric *metric = pst_metric_of(counter);

	add_head(page, metric->name, type_of(info->kind),
	    metric->help == NULL ? info->help : metric->help,
	    unit_of(info->kind, metric->form));
	if (info->kind == PST_COUNTER_HISTOGRAM)
		add_histogram(
		    page, metric->name, page->status->counters.of[counter]);
	else if (info->label != NULL)
		add_labelled(page, counter);
	else
		add_number(
		    page, metric->name, number_of(page->status, counter));
}

/* ---- what is not counted ---- */

static void
add_build(struct page *page)
{
	static const char name[] = "postern_build_info";
	const struct pst_counter_labels labels = {
	    .count = 3,
	    .names = {"version", "libmilter", "libopendkim"},
	    .words = {page->status->version, page->status->libmilter,
		page->status->libopendkim},
	};

	add_head(page, name, "gauge",
	    "1, with the versions of the daemon and its libraries", "");
	add_series(page, name, &labels);
	pst_buf_add_text(&page->text, "1\n");
}

static void
add_usage(struct page *page)
{
	const struct pst_process_usage *usage = &page->status->usage;

	add_head(page, "postern_processes", "gauge",
	    "processes of the daemon that run now", "");
	add_number(page, "postern_processes", usage->processes);
	add_head(page, "process_cpu_seconds_total", "counter",
	    "CPU time of all processes of the daemon", "");
	add_series(page, "process_cpu_seconds_total", &no_labels);
	add_seconds(page, usage->cpu_ms);
	pst_buf_add_char(&page->text, '\n');
	add_head(page, "process_resident_memory_bytes", "gauge",
	    "resident memory of all processes of the daemon; what they share "
	    "counts for each of them",
	    "");
	add_number(
	    page, "process_resident_memory_bytes", usage->resident_bytes);
	if (usage->fds_hidden)
		return;
	add_head(page, "process_open_fds", "gauge",
	    "open file descriptors of all processes of the daemon", "");
	add_number(page, "process_open_fds", usage->open_fds);
}

const char *
pst_metrics_text(struct pst_arena *arena, const struct pst_status *status)
{
	struct page page = {.status = status};
	const char *text;

	pst_buf_init(&page.text, arena, MAX_TEXT);
	for (unsigned i = 0; i < PST_COUNTERS; i++)
		add_counter(&page, (enum pst_counter)i);
	add_build(&page);
	add_usage(&page);
	text = pst_buf_str(&page.text);
	assert(text != NULL);
	return text;
}
