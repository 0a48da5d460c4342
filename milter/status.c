/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/keeper.h"

#include <stdbool.h>
#include <unistd.h>

#include "auth/dkim.h"
#include "base/clock.h"
#include "core/counters.h"
#include "core/process_usage.h"
#include "core/slow_questions.h"
#include "milter/milter.h"

/* What is wrong with the networks of SPF records, if anything is. */
static const char *
networks_text(const struct pst_counters_sum *sum)
{
	if (sum->of[PST_COUNTER_SPF_LISTS_MISSING_SINCE][0] != 0)
		return "; networks of an entry spf: are not known";
	if (sum->of[PST_COUNTER_SPF_LISTS_FAILING_SINCE][0] != 0)
		return "; an SPF record of an entry spf: cannot be used";
	return "";
}

static void
say_status(struct pst_keeper *keeper)
{
	struct pst_supervisor *supervisor = keeper->supervisor;
	const char *file = pst_config_file(supervisor->config);
	struct pst_arena *arena = pst_arena_new();
	struct pst_counters_sum *sum = pst_arena_alloc(arena, sizeof(*sum));

	pst_counters_read(supervisor->counters, sum);
	pst_control_answer(keeper->control, PST_CONTROL_STATUS, 0,
	    pst_arena_printf(arena,
		"postern " PST_VERSION
		", process %ld, %llu of %llu workers ready, configuration "
		"%s%s%s",
		(long)getpid(),
		(unsigned long long)sum->of[PST_COUNTER_WORKERS_READY][0],
		(unsigned long long)sum->of[PST_COUNTER_WORKERS][0],
		file == NULL ? "built-in" : file,
		sum->of[PST_COUNTER_DNS_DEAD_SINCE][0] == 0 ?
		    "" :
		    "; the DNS servers do not answer",
		networks_text(sum)));
	pst_arena_free(arena);
}

static void
add_libraries(struct pst_json *json)
{
	struct pst_arena *arena = pst_json_arena(json);

	pst_json_text(json, "libmilter", pst_milter_version(arena));
	pst_json_text(json, "libopendkim", pst_dkim_lib_version(arena));
}

/* Of all processes of the daemon: this one, its children and their workers. */
static void
add_usage(struct pst_json *json, const struct pst_keeper *keeper)
{
	const struct pst_counters *counters = keeper->supervisor->counters;
	struct pst_process_usage usage = {.processes = 0};

	pst_process_usage_add(&usage, getpid());
	pst_process_usage_add(&usage, keeper->upload.pid);
	for (size_t i = 0; i < keeper->count; i++) {
		pid_t child = keeper->children[i].pid;
		pid_t worker =
		    pst_counters_process(counters, keeper->children[i].index);

		pst_process_usage_add(&usage, child);
		/* With several listeners, the child is a worker's keeper. */
		if (worker != child)
			pst_process_usage_add(&usage, worker);
	}
	pst_process_usage_json(json, &usage);
}

static void
say_counters(struct pst_keeper *keeper)
{
	struct pst_supervisor *supervisor = keeper->supervisor;
	struct pst_arena *arena = pst_arena_new();
	struct pst_counters_sum *sum = pst_arena_alloc(arena, sizeof(*sum));
	struct pst_json *json = pst_json_new(arena);

	pst_counters_read(supervisor->counters, sum);
	pst_json_open_object(json, NULL);
	pst_json_text(json, "version", PST_VERSION);
	pst_json_number(json, "process", (uint64_t)getpid());
	pst_json_text(
	    json, "configuration", pst_config_file(supervisor->config));
	pst_json_number(
	    json, "now", (uint64_t)pst_clock_epoch(&pst_clock_system));
	add_libraries(json);
	add_usage(json, keeper);
	pst_slow_questions_json(json, supervisor->counters);
	pst_counters_json(json, sum);
	pst_json_close(json);
	pst_control_answer(
	    keeper->control, PST_CONTROL_COUNTERS, 0, pst_json_end(json));
	pst_arena_free(arena);
}

void
pst_keeper_status(struct pst_keeper *keeper)
{
	if (pst_control_take(keeper->control, PST_CONTROL_STATUS))
		say_status(keeper);
	if (pst_control_take(keeper->control, PST_CONTROL_COUNTERS))
		say_counters(keeper);
}
