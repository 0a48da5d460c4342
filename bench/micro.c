/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * usage: micro NAME ROUNDS [SIZE]
 *        micro list | growth | build
 *
 * Runs one benchmark. Those that `growth` lists take a SIZE: octets,
 * signatures and so on. `list` and `growth` print the names, with the rounds
 * that bench/count uses. `build` prints what the number of instructions
 * depends on. The keys are read from below $srcdir.
 */

#include "bench/micro.h"

#include <gnu/libc-version.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define MAX_ROUNDS 1000000000
#define MAX_SIZE ((size_t)1 << 30)
#define GROWTH "by_"

void
micro_must(int condition, const char *text)
{
	if (condition)
		return;
	(void)fprintf(stderr, "micro: this is false: %s\n", text);
	exit(1);
}

static const struct micro *
find(const char *name)
{
	for (size_t i = 0; i < micro_parser_count; i++)
		if (strcmp(micro_parsers[i].name, name) == 0)
			return &micro_parsers[i];
	for (size_t i = 0; i < micro_session_count; i++)
		if (strcmp(micro_sessions[i].name, name) == 0)
			return &micro_sessions[i];
	for (size_t i = 0; i < micro_signer_count; i++)
		if (strcmp(micro_signers[i].name, name) == 0)
			return &micro_signers[i];
	return NULL;
}

static void
list(const struct micro *micros, size_t count, bool growth)
{
	for (size_t i = 0; i < count; i++)
		if (growth ==
		    pst_str_starts(pst_str(micros[i].name), PST_STR(GROWTH)))
			printf("%s %u\n", micros[i].name, micros[i].rounds);
}

/* The patch levels of libraries are left out: they do not alter the counts. */
static void
print_build(void)
{
	printf("cc %s\nflags %s\nlibc %s\nopenssl %u.%u\n", __VERSION__,
	    PST_BENCH_FLAGS, gnu_get_libc_version(), OPENSSL_version_major(),
	    OPENSSL_version_minor());
}

/*
 * bench/count counts only within this function. Set-up signs messages, for
 * which the number of instructions is random.
 */
void
micro_rounds(const struct micro *micro, uint64_t rounds, void *state)
{
	struct pst_arena *arena = pst_arena_new();
	struct pst_arena_mark empty = pst_arena_mark(arena);

	for (uint64_t i = 0; i < rounds; i++) {
		micro->round(arena, state);
		pst_arena_rewind(arena, empty);
	}
	pst_arena_free(arena);
}

static int
run(const struct micro *micro, uint64_t rounds, size_t size)
{
	struct pst_arena *arena = pst_arena_new();
	void *state = micro->set_up(arena, size);

	micro_rounds(micro, rounds, state);
	if (micro->tear_down != NULL)
		micro->tear_down(state);
	pst_arena_free(arena);
	return 0;
}

int
main(int argc, char **argv)
{
	uint64_t rounds = 0;
	uint64_t size = 0;
	const struct micro *micro;

	if (argc == 2 && strcmp(argv[1], "build") == 0) {
		print_build();
		return 0;
	}
	if (argc == 2) {
		bool growth = strcmp(argv[1], "growth") == 0;
		list(micro_parsers, micro_parser_count, growth);
		list(micro_sessions, micro_session_count, growth);
		list(micro_signers, micro_signer_count, growth);
		return 0;
	}
	micro = argc < 3 ? NULL : find(argv[1]);
	if (micro == NULL || argc > 4 ||
	    !pst_str_to_u64(pst_str(argv[2]), MAX_ROUNDS, &rounds) ||
	    (argc == 4 && !pst_str_to_u64(pst_str(argv[3]), MAX_SIZE, &size))) {
		(void)fputs("usage: micro NAME ROUNDS [SIZE]\n"
			    "       micro list | growth | build\n",
		    stderr);
		return 2;
	}
	return run(micro, rounds, (size_t)size);
}
