/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/check_runner.h"

#include <assert.h>

#include "core/session.h"

void
pst_check_runner_init(struct pst_check_runner *runner, struct pst_check_run run)
{
	assert(pst_check_count <= PST_DNS_MAX_READERS);
	runner->run = run;
	runner->states = pst_arena_array(
	    run.world->arena, pst_check_count, sizeof(*runner->states));
	runner->complete = 0;
	runner->idle = 0;
	run.message->findings.check_states = runner->states;
}

static uint32_t
bit_of(size_t row)
{
	return UINT32_C(1) << row;
}

static size_t
row_of(const struct pst_check *check)
{
	size_t row = 0;

	while (pst_checks[row] != check) {
		row++;
		assert(row < pst_check_count);
	}
	return row;
}

/* A reader has the number after that of its row: 0 is nobody. */
static unsigned
reader_of(size_t row)
{
	return (unsigned)row + 1;
}

unsigned
pst_check_reader(const struct pst_check *check)
{
	return reader_of(row_of(check));
}

/* Prepares a call of that row's check. */
static struct pst_check_run *
enter(struct pst_check_runner *runner, size_t row, unsigned reader)
{
	runner->run.world->reader = reader;
	runner->run.state = runner->states[row];
	return &runner->run;
}

void
pst_check_runner_start(
    struct pst_check_runner *runner, enum pst_check_needs needs)
{
	for (size_t i = 0; i < pst_check_count; i++) {
		const struct pst_check *check = pst_checks[i];
		struct pst_check_run *run;

		if (check->needs != needs)
			continue;
		run = enter(runner, i, PST_DNS_NOBODY);
		if (check->is_wanted != NULL && !check->is_wanted(run)) {
			runner->complete |= bit_of(i);
			continue;
		}
		if (check->is_awaited != NULL && !check->is_awaited(run))
			runner->idle |= bit_of(i);
		if (check->start != NULL) {
			check->start(run);
			runner->states[i] = run->state;
		}
	}
}

/* Begins a turn of that row's check; false if it cannot go on now. */
static bool
begin_turn(
    struct pst_check_runner *runner, size_t row, enum pst_check_needs up_to)
{
	const struct pst_check *check = pst_checks[row];

	if ((runner->complete & bit_of(row)) != 0 || check->needs > up_to)
		return false;
	for (size_t i = 0; i < PST_CHECK_MAX_AFTER && check->after[i]; i++) {
		if ((runner->complete & bit_of(row_of(check->after[i]))) == 0)
			return false;
	}
	return pst_dns_turn(runner->run.world->dns, reader_of(row));
}

bool
pst_check_runner_step(
    struct pst_check_runner *runner, enum pst_check_needs up_to)
{
	uint32_t all = bit_of(pst_check_count) - 1;
	uint32_t before;

	/* A check that became complete may let one of an earlier row go on. */
	do {
		before = runner->complete;
		for (size_t i = 0; i < pst_check_count; i++) {
			if (begin_turn(runner, i, up_to) &&
			    pst_checks[i]->step(enter(runner, i, reader_of(i))))
				runner->complete |= bit_of(i);
		}
	} while (runner->complete != before && runner->complete != all);
	return (runner->complete | runner->idle) == all;
}

bool
pst_check_runner_body(
    struct pst_check_runner *runner, const void *ptr, size_t len)
{
	bool wanted = false;

	for (size_t i = 0; i < pst_check_count; i++) {
		if (pst_checks[i]->body != NULL &&
		    (runner->complete & bit_of(i)) == 0 &&
		    pst_checks[i]->body(
			enter(runner, i, PST_DNS_NOBODY), ptr, len))
			wanted = true;
	}
	return wanted;
}
