/* SPDX-License-Identifier: BSD-2-Clause */
#include "rows.h"

#include "milter/refusal.h"

#define OPTNEG_6 "\0\0\0\15O\0\0\0\6\0\0\1\377\0\37\377\377"
#define OPTNEG_ANSWER "\0\0\0\15O\0\0\0\6\0\0\0\0\0\0\0\0"
#define CONNECT                                                                \
	"\0\0\0\7C"                                                            \
	"a.b\0"                                                                \
	"U\0"
#define MACROS "\0\0\0\5DCj\0x"
#define LATER "\0\0\0\1t"

/* The length of a literal that contains NULs. */
#define OCTETS(literal) literal, sizeof(literal) - 1

static const struct {
	const char *label;
	const char *in;
	size_t in_len;
	const char *out;
	size_t out_len;
	bool goes_on;
	bool answered;
} rows[] = {
    {"nothing", OCTETS(""), OCTETS(""), true, false},
    {"negotiation", OCTETS(OPTNEG_6), OCTETS(OPTNEG_ANSWER), true, false},
    {"newer version", OCTETS("\0\0\0\15O\0\0\1\0\0\0\1\377\0\37\377\377"),
	OCTETS(OPTNEG_ANSWER), true, false},
    {"older version", OCTETS("\0\0\0\15O\0\0\0\2\0\0\0\77\0\0\0\177"),
	OCTETS("\0\0\0\15O\0\0\0\2\0\0\0\0\0\0\0\0"), true, false},
    {"more options than we know",
	OCTETS("\0\0\0\17O\0\0\0\6\0\0\1\377\0\37\377\377++" CONNECT),
	OCTETS(OPTNEG_ANSWER LATER), true, true},
    {"version 1", OCTETS("\0\0\0\15O\0\0\0\1\0\0\0\77\0\0\0\177"), OCTETS(""),
	false, false},
    {"short negotiation", OCTETS("\0\0\0\14O\0\0\0\6\0\0\1\377\0\37\377"),
	OCTETS(""), false, false},
    {"two negotiations", OCTETS(OPTNEG_6 OPTNEG_6), OCTETS(OPTNEG_ANSWER),
	false, false},
    {"as Postfix", OCTETS(OPTNEG_6 MACROS CONNECT), OCTETS(OPTNEG_ANSWER LATER),
	true, true},
    {"and the rest of its session",
	OCTETS(OPTNEG_6 MACROS CONNECT "\0\0\0\1A"
				       "\0\0\0\1Q"),
	OCTETS(OPTNEG_ANSWER LATER), false, true},
    {"each command with an answer",
	OCTETS(OPTNEG_6 "\0\0\0\2H\0"
			"\0\0\0\1M"
			"\0\0\0\1R"
			"\0\0\0\1T"
			"\0\0\0\1L"
			"\0\0\0\1N"
			"\0\0\0\1B"
			"\0\0\0\1E"
			"\0\0\0\1U"),
	OCTETS(OPTNEG_ANSWER LATER LATER LATER LATER LATER LATER LATER LATER
		LATER),
	true, true},
    {"another session", OCTETS(OPTNEG_6 CONNECT "\0\0\0\1K" CONNECT),
	OCTETS(OPTNEG_ANSWER LATER LATER), true, true},
    {"QUIT only", OCTETS("\0\0\0\1Q"), OCTETS(""), false, false},
    {"nothing after QUIT", OCTETS(OPTNEG_6 "\0\0\0\1Q" CONNECT),
	OCTETS(OPTNEG_ANSWER), false, false},
    {"CONNECT before the negotiation", OCTETS(CONNECT OPTNEG_6), OCTETS(""),
	false, false},
    {"macros before the negotiation", OCTETS(MACROS OPTNEG_6), OCTETS(""),
	false, false},
    {"no such command", OCTETS(OPTNEG_6 "\0\0\0\1Z" CONNECT),
	OCTETS(OPTNEG_ANSWER), false, false},
    {"a command of length 0", OCTETS(OPTNEG_6 "\0\0\0\0"),
	OCTETS(OPTNEG_ANSWER), false, false},
    {"the longest length", OCTETS("\377\377\377\377O\0\0\0\6"), OCTETS(""),
	false, false},
    {"longer than allowed", OCTETS(OPTNEG_6 "\0\20\0\1C"),
	OCTETS(OPTNEG_ANSWER), false, false},
    {"as long as allowed, but not there", OCTETS(OPTNEG_6 "\0\20\0\0Cabc"),
	OCTETS(OPTNEG_ANSWER), true, false},
    {"HTTP", OCTETS("GET / HTTP/1.1\r\n\r\n"), OCTETS(""), false, false},
    {"SMTP", OCTETS("EHLO client.example\r\n"), OCTETS(""), false, false},
    {"half a length", OCTETS("\0\0"), OCTETS(""), true, false},
    {"half a negotiation", OCTETS("\0\0\0\15O\0\0"), OCTETS(""), true, false},
};

/* In pieces of `piece` octets. Room that is not promised is guarded. */
static void
play(size_t row, size_t piece)
{
	unsigned char room[512 + PST_REFUSAL_HEAD];
	struct pst_refusal refusal = {.left = 0};
	size_t at = 0, len = 0;
	bool goes_on = true;

	while (goes_on && at < rows[row].in_len) {
		size_t some = rows[row].in_len - at;
		struct pst_refusal_out out = {room + len, 0};

		if (some > piece)
			some = piece;
		goes_on = pst_refusal_take(&refusal,
		    (const unsigned char *)rows[row].in + at, some, &out);
		assert_true(out.len <= some + PST_REFUSAL_HEAD);
		at += some;
		len += out.len;
	}
	assert_int_equal(goes_on, rows[row].goes_on);
	assert_int_equal(pst_refusal_answered(&refusal), rows[row].answered);
	assert_int_equal(len, rows[row].out_len);
	assert_memory_equal(room, rows[row].out, len);
}

static void
test_commands(void **state)
{
	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		/* However the octets are cut, the result is the same. */
		for (size_t piece = 1; piece <= rows[i].in_len + 1; piece++)
			play(i, piece);
	}
}

/* A command of the longest length is passed over, and the next one is seen. */
static void
test_long_command(void **state)
{
	static unsigned char command[4 + PST_REFUSAL_MAX_COMMAND] = {
	    0, 0x10, 0, 0, 'L'};
	static unsigned char room[sizeof(command) + PST_REFUSAL_HEAD];
	struct pst_refusal refusal = {.left = 0};
	struct pst_refusal_out out = {room, 0};

	(void)state;
	assert_true(pst_refusal_take(
	    &refusal, (const unsigned char *)OCTETS(OPTNEG_6), &out));
	out.len = 0;
	assert_true(
	    pst_refusal_take(&refusal, command, sizeof(command) - 1, &out));
	assert_int_equal(out.len, 0);
	assert_true(pst_refusal_take(&refusal, command, 1, &out));
	assert_int_equal(out.len, sizeof(LATER) - 1);
	out.len = 0;
	assert_true(pst_refusal_take(
	    &refusal, (const unsigned char *)OCTETS(CONNECT), &out));
	assert_int_equal(out.len, sizeof(LATER) - 1);
}

/* Random octets after a negotiation: the bounds hold, and nothing loops. */
static void
test_noise(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		unsigned char in[64], room[64 + PST_REFUSAL_HEAD];
		struct pst_refusal refusal = {.negotiated = true};
		struct pst_refusal_out out = {room, 0};

		for (size_t i = 0; i < sizeof(in); i++) {
			seed = seed * 1664525 + 1013904223;
			/* Mostly short lengths and commands that exist. */
			in[i] = i % 5 == 4 ?
			    (unsigned char)('A' + (seed >> 24) % 21) :
			    i % 5 == 3 ? (unsigned char)((seed >> 24) % 3) :
					 0;
		}
		in[seed % sizeof(in)] = (unsigned char)(seed >> 16);
		(void)pst_refusal_take(&refusal, in, sizeof(in), &out);
		assert_in_range(out.len, 0, sizeof(room));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_commands),
	    cmocka_unit_test(test_long_command),
	    cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
