/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/memory_fixture.h"

#include <stdlib.h>

#include "tests/unit/rows.h"

struct pst_memory_lesson
lesson_from(const char *client, int64_t now_epoch)
{
	struct pst_memory_lesson lesson = {.now_epoch = now_epoch};

	if (client != NULL)
		assert_true(pst_ip_parse(pst_str(client), &lesson.client));
	return lesson;
}

void
see_record(struct pst_memory *memory, const char *domain, const char *record,
    int64_t now_epoch)
{
	struct pst_memory_lesson lesson = lesson_from("192.0.2.1", now_epoch);
	const struct pst_memory_answer answer = {domain, pst_str(record)};

	lesson.answers = &answer;
	lesson.answer_count = 1;
	pst_memory_learn(memory, &lesson);
}

void
see_no_record(struct pst_memory *memory, const char *domain, int64_t now_epoch)
{
	see_record(memory, domain, "", now_epoch);
}

void
see_authenticated(
    struct pst_memory *memory, const char *domain, int64_t now_epoch)
{
	struct pst_memory_lesson lesson = lesson_from("192.0.2.1", now_epoch);

	lesson.authenticated = &domain;
	lesson.authenticated_count = 1;
	pst_memory_learn(memory, &lesson);
}

void
see_aligned(struct pst_memory *memory, const char *domain, int64_t now_epoch)
{
	struct pst_memory_lesson lesson = lesson_from("192.0.2.1", now_epoch);

	lesson.authenticated = &domain;
	lesson.authenticated_count = 1;
	lesson.aligned = domain;
	pst_memory_learn(memory, &lesson);
}

bool
recalls_record(struct pst_memory *memory, const char *domain)
{
	struct pst_recalled out = {.arena = pst_arena_new()};
	bool found = pst_memory_recall(memory, domain, NOON, INT64_MAX, &out);

	pst_arena_free(out.arena);
	return found;
}

size_t
count_domains(struct pst_memory *memory)
{
	struct pst_memory_figures figures;

	pst_memory_figures(memory, &figures);
	return figures.domains;
}

void
assert_recalls(struct pst_memory *memory, const char *domain, int64_t now_epoch,
    const char *want, int64_t want_age_s)
{
	struct pst_recalled out = {.arena = pst_arena_new()};

	assert_true(
	    pst_memory_recall(memory, domain, now_epoch, 7 * DAY, &out));
	assert_true(pst_str_eq(out.record, pst_str(want)));
	assert_int_equal(out.age_s, want_age_s);
	pst_arena_free(out.arena);
}
