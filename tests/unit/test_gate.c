/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/gate.h"
#include "tests/unit/rows.h"

#define POOL 64

struct flight {
	struct pst_gate_flight gate; /* first */
	bool open;
	char name[80];
};

struct bench {
	struct pst_gate *gate;
	int64_t now;
	struct flight flights[40000];
	size_t count;
	struct flight *displaced; /* by the last question */
};

static struct bench *
bench_new(unsigned max_open)
{
	static struct bench bench;

	memset(&bench, 0, sizeof(bench));
	bench.gate = pst_gate_new(max_open, 42);
	bench.now = 1000;
	return &bench;
}

static void
bench_free(struct bench *bench)
{
	for (size_t i = 0; i < bench->count; i++)
		if (bench->flights[i].open)
			pst_gate_end(bench->gate, &bench->flights[i].gate,
			    PST_GATE_GIVEN_UP, bench->now);
	assert_int_equal(pst_gate_open(bench->gate), 0);
	pst_gate_free(bench->gate);
}

/* The network 192.a.b.0/24; 0: none. */
static struct pst_ip
network(unsigned number)
{
	struct pst_ip ip = {.family = number == 0 ? PST_IP_NONE : PST_IP_V4};

	ip.octets[0] = 192;
	ip.octets[1] = (uint8_t)(number >> 8);
	ip.octets[2] = (uint8_t)number;
	return ip;
}

static enum pst_gate_verdict
ask(struct bench *bench, const char *name, enum pst_dns_class class,
    unsigned from)
{
	struct flight *flight = &bench->flights[bench->count++];
	struct pst_gate_question question = {
	    .class = class, .network = network(from)};
	struct pst_gate_flight *displaced;
	enum pst_gate_verdict verdict;

	assert_true(bench->count <= PST_COUNT(bench->flights));
	(void)snprintf(flight->name, sizeof(flight->name), "%s", name);
	question.name = pst_str(flight->name);
	verdict = pst_gate_admit(
	    bench->gate, &flight->gate, &question, bench->now, &displaced);
	flight->open = verdict == PST_GATE_ADMITTED;
	bench->displaced = (struct flight *)displaced;
	if (displaced != NULL)
		bench->displaced->open = false;
	return verdict;
}

static void
end(struct bench *bench, struct flight *flight, enum pst_gate_end how)
{
	pst_gate_end(bench->gate, &flight->gate, how, bench->now);
	flight->open = false;
}

static struct flight *
last(struct bench *bench)
{
	return &bench->flights[bench->count - 1];
}

/* Each character is a question of that class; "." is 300 ms. */
static void
play(struct bench *bench, const char *story)
{
	for (size_t i = 0; story[i] != '\0'; i++) {
		static const char letters[] = "PKSOC";
		const char *at = strchr(letters, story[i]);
		char name[40];

		if (at == NULL) {
			bench->now += 300;
			continue;
		}
		(void)snprintf(
		    name, sizeof(name), "%c%zu.example", story[i], i);
		(void)ask(bench, name, (enum pst_dns_class)(at - letters),
		    (unsigned)i + 1);
	}
}

/* The flight that makes room in a pool of four, each question of a network of its own. */
static void
test_ranks(void **state)
{
	static const struct {
		const char *label, *story;
		enum pst_dns_class class;
		const char *displaced; /* NULL: refused */
	} rows[] = {
	    {"the client's name first", "POCK.", PST_DNS_POLICY, "C2.example"},
	    {"for OTHER, too", "POCK.", PST_DNS_OTHER, "C2.example"},
	    {"then OTHER", "POSK.", PST_DNS_KEY, "O1.example"},
	    {"then the oldest", "PKSP.", PST_DNS_SENDER, "P0.example"},
	    {"the oldest of the lowest rank", "C.C.OP.", PST_DNS_KEY,
		"C0.example"},
	    {"OTHER displaces OTHER", "PPOK.", PST_DNS_OTHER, "O2.example"},
	    {"OTHER does not displace keys", "PKSP.", PST_DNS_OTHER, NULL},
	    {"CLIENT displaces CLIENT only", "POKC.", PST_DNS_CLIENT,
		"C3.example"},
	    {"CLIENT does not displace OTHER", "POOK.", PST_DNS_CLIENT, NULL},
	    {"nobody before 200 ms", "PKSO", PST_DNS_POLICY, NULL},
	    {"a slow one of the same rank before a quick lower one", "PKS.O",
		PST_DNS_POLICY, "P0.example"},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct bench *bench = bench_new(4);
		enum pst_gate_verdict verdict;

		play(bench, rows[i].story);
		assert_int_equal(pst_gate_open(bench->gate), 4);
		verdict = ask(bench, "new.example", rows[i].class, 99);
		assert_int_equal(pst_gate_open(bench->gate), 4);
		if (rows[i].displaced == NULL) {
			assert_int_equal(verdict, PST_GATE_POOL);
			assert_null(bench->displaced);
		} else {
			assert_int_equal(verdict, PST_GATE_ADMITTED);
			assert_non_null(bench->displaced);
			assert_string_equal(
			    bench->displaced->name, rows[i].displaced);
		}
		bench_free(bench);
	}
}

/* Within a rank, whoever holds most makes room: a network or a subject. */
static void
test_most(void **state)
{
	static const struct {
		const char *label;
		const char *names[4];
		unsigned networks[4];
		size_t displaced;
	} rows[] = {
	    {"a network", {"a.x", "b.x", "c.x", "d.x"}, {1, 2, 2, 3}, 1},
	    {"a subject",
		{"a.x", "b.x", "s1._domainkey.c.x", "s2._domainkey.c.x"},
		{1, 2, 3, 4}, 2},
	    {"none holds more: the oldest", {"a.x", "b.x", "c.x", "d.x"},
		{1, 2, 3, 4}, 0},
	    {"no network at all", {"a.x", "b.x", "c.x", "d.x"}, {0, 0, 5, 5},
		2},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct bench *bench = bench_new(4);

		for (size_t q = 0; q < 4; q++)
			assert_int_equal(ask(bench, rows[i].names[q],
					     PST_DNS_KEY, rows[i].networks[q]),
			    PST_GATE_ADMITTED);
		bench->now += 300;
		assert_int_equal(
		    ask(bench, "new.x", PST_DNS_KEY, 9), PST_GATE_ADMITTED);
		assert_ptr_equal(
		    bench->displaced, &bench->flights[rows[i].displaced]);
		bench_free(bench);
	}
}

/* Nobody spoils another's question by asking it, too. */
static void
test_join(void **state)
{
	struct bench *bench = bench_new(4);
	struct pst_gate_question question = {
	    .name = PST_STR("a.x"), .class = PST_DNS_POLICY};

	(void)state;
	(void)ask(bench, "a.x", PST_DNS_CLIENT, 1);
	for (unsigned i = 0; i < 3; i++)
		(void)ask(bench,
		    i == 0     ? "b.x" :
			i == 1 ? "c.x" :
				 "d.x",
		    PST_DNS_KEY, 2);
	bench->now += 300;
	/* Network 2 holds three; the flight still counts for network 1. */
	question.network = network(2);
	pst_gate_join(bench->gate, &bench->flights[0].gate, &question);
	assert_int_equal(ask(bench, "e.x", PST_DNS_KEY, 9), PST_GATE_ADMITTED);
	assert_string_equal(bench->displaced->name, "b.x");
	/* Without the question for a policy, its rank is the lowest again. */
	assert_int_equal(pst_gate_change(bench->gate, &bench->flights[0].gate,
			     PST_DNS_POLICY, PST_DNS_CLASSES),
	    1);
	assert_int_equal(ask(bench, "f.x", PST_DNS_KEY, 9), PST_GATE_ADMITTED);
	assert_string_equal(bench->displaced->name, "a.x");
	bench_free(bench);
}

/* A flight keeps its age when its class changes. */
static void
test_reclass(void **state)
{
	struct bench *bench = bench_new(4);

	(void)state;
	play(bench, "S.O.O.P.");
	assert_int_equal(pst_gate_change(bench->gate, &bench->flights[0].gate,
			     PST_DNS_SENDER, PST_DNS_OTHER),
	    1);
	(void)ask(bench, "e.x", PST_DNS_KEY, 99);
	assert_ptr_equal(bench->displaced, &bench->flights[0]);
	bench_free(bench);
}

/* A flight that many networks have asked for counts for none of them. */
static void
test_many_networks(void **state)
{
	struct bench *bench = bench_new(POOL);

	(void)state;
	for (unsigned q = 0; q < POOL / 2; q++) {
		struct pst_gate_question question = {.class = PST_DNS_KEY};
		char name[40];

		(void)snprintf(name, sizeof(name), "n%u.x", q);
		question.name = pst_str(name);
		assert_int_equal(
		    ask(bench, name, PST_DNS_KEY, 1), PST_GATE_ADMITTED);
		bench->now += 600 * (q % 2);
		for (unsigned n = 2; n < 9; n++) {
			question.network = network(n);
			pst_gate_join(
			    bench->gate, &last(bench)->gate, &question);
		}
	}
	bench->now += 600;
	assert_int_equal(ask(bench, "y.x", PST_DNS_KEY, 1), PST_GATE_ADMITTED);
	bench_free(bench);
}

/* Shares count what has been open for more than half a second. */
static void
test_shares(void **state)
{
	static const struct {
		const char *label, *suffix; /* of the names */
		unsigned network;
		unsigned count;
		enum pst_dns_class class;
		int64_t after_ms;
		enum pst_gate_verdict verdict;
	} rows[] = {
	    {"network: below", ".x", 1, POOL / 8 - 1, PST_DNS_POLICY, 600,
		PST_GATE_ADMITTED},
	    {"network: all of its share", ".x", 1, POOL / 8, PST_DNS_POLICY,
		600, PST_GATE_NETWORK},
	    {"network: not slow", ".x", 1, POOL - 1, PST_DNS_POLICY, 500,
		PST_GATE_ADMITTED},
	    {"no network has no share", ".x", 0, POOL / 2, PST_DNS_POLICY, 600,
		PST_GATE_ADMITTED},
	    {"name: below", "._domainkey.a.x", 0, POOL / 16 - 1, PST_DNS_KEY,
		600, PST_GATE_ADMITTED},
	    {"name: all of its share", "._domainkey.a.x", 0, POOL / 16,
		PST_DNS_KEY, 600, PST_GATE_SUBJECT},
	    {"name: not slow", "._domainkey.a.x", 0, POOL - 1, PST_DNS_KEY, 500,
		PST_GATE_ADMITTED},
	    {"name: not for policies", "._domainkey.a.x", 0, POOL / 16,
		PST_DNS_POLICY, 600, PST_GATE_ADMITTED},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct bench *bench = bench_new(POOL);
		char name[40];

		for (unsigned q = 0; q < rows[i].count; q++) {
			(void)snprintf(
			    name, sizeof(name), "n%u%s", q, rows[i].suffix);
			assert_int_equal(
			    ask(bench, name, PST_DNS_KEY, rows[i].network),
			    PST_GATE_ADMITTED);
		}
		bench->now += rows[i].after_ms;
		(void)snprintf(
		    name, sizeof(name), "n%u%s", 9999U, rows[i].suffix);
		assert_int_equal(
		    ask(bench, name, rows[i].class, rows[i].network),
		    rows[i].verdict);
		/* Others are not concerned. */
		if (rows[i].count < POOL - 1)
			assert_int_equal(
			    ask(bench, "_dmarc.b.x", PST_DNS_KEY, 7),
			    PST_GATE_ADMITTED);
		/* A share is free again at once. */
		end(bench, &bench->flights[0], PST_GATE_GIVEN_UP);
		(void)snprintf(
		    name, sizeof(name), "n%u%s", 9998U, rows[i].suffix);
		if (rows[i].count <= POOL / 8)
			assert_int_equal(
			    ask(bench, name, rows[i].class, rows[i].network),
			    PST_GATE_ADMITTED);
		bench_free(bench);
	}
}

/* How a flight must end so that three of them pause its subject. */
static void
test_ends(void **state)
{
	static const struct {
		const char *label;
		enum pst_gate_end end;
		int64_t after_ms;
		bool paused;
	} rows[] = {
	    {"answered", PST_GATE_ANSWERED, 4000, false},
	    {"timed out", PST_GATE_TIMED_OUT, 4000, true},
	    {"given up early", PST_GATE_GIVEN_UP, 999, false},
	    {"given up late", PST_GATE_GIVEN_UP, 1000, true},
	    {"failed at once", PST_GATE_FAILED, 999, false},
	    {"failed late", PST_GATE_FAILED, 1000, true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct bench *bench = bench_new(POOL);
		enum pst_gate_verdict verdict;

		for (unsigned q = 0; q < 3; q++) {
			(void)ask(bench, "a.x", PST_DNS_OTHER, 1);
			bench->now += rows[i].after_ms;
			end(bench, last(bench), rows[i].end);
			bench->now += 1000;
		}
		/* The first question in a pause is a probe. */
		(void)ask(bench, "a.x", PST_DNS_OTHER, 1);
		verdict = ask(bench, "a.x", PST_DNS_OTHER, 1);
		assert_int_equal(verdict,
		    rows[i].paused ? PST_GATE_PAUSE : PST_GATE_ADMITTED);
		/* The policy has a probe of its own. */
		assert_int_equal(ask(bench, "_dmarc.a.x", PST_DNS_POLICY, 1),
		    PST_GATE_ADMITTED);
		/* An answer ends the pause, even one that comes too late. */
		pst_gate_hear(bench->gate, PST_STR("_dmarc.a.x"), bench->now);
		assert_int_equal(
		    ask(bench, "a.x", PST_DNS_OTHER, 1), PST_GATE_ADMITTED);
		bench_free(bench);
	}
}

/*
 * An attack for a minute: so many silent questions a second, each with a name
 * of its own, from so many networks, in the highest class. A silent question is
 * given up after five seconds. Ten times a second somebody else asks for a
 * policy that is answered within 100 ms: none of these may be refused or given
 * up.
 */
static void
test_attacks(void **state)
{
	static const struct {
		const char *label;
		unsigned rate, networks;
		const char *suffix;   /* of the names */
		bool victim_is_asked; /* the names are below a.victim.x */
	} rows[] = {
	    {"one network", 500, 1, ".x", false},
	    {"500 networks", 500, 500, ".x", false},
	    {"faster than the pool", 600, 500, ".x", false},
	    {"below a lame sub-domain", 500, 500, ".lame.victim.x", true},
	    {"keys below a lame sub-domain", 500, 500,
		"._domainkey.lame.victim.x", true},
	};

	(void)state;
	FOR_ROWS(i, rows, rows[i].label) {
		struct bench *bench = bench_new(256);
		unsigned asked = 0;
		size_t oldest = 0;
		struct flight *genuine = NULL;

		for (unsigned ms = 0; ms < 60000; ms++, bench->now++) {
			char name[60];

			while (asked < ms * rows[i].rate / 1000) {
				(void)snprintf(name, sizeof(name), "n%u%s",
				    asked, rows[i].suffix);
				(void)ask(bench, name, PST_DNS_POLICY,
				    1 + asked % rows[i].networks);
				asked++;
			}
			for (; oldest < bench->count &&
			     bench->now - bench->flights[oldest].gate.asked_ms >
				 5000;
			     oldest++)
				if (bench->flights[oldest].open)
					end(bench, &bench->flights[oldest],
					    PST_GATE_TIMED_OUT);
			if (ms % 100 == 99 && genuine != NULL) {
				assert_true(genuine->open);
				end(bench, genuine, PST_GATE_ANSWERED);
				genuine = NULL;
			}
			if (ms % 100 != 0)
				continue;
			(void)snprintf(name, sizeof(name), "_dmarc.g%u.x", ms);
			assert_int_equal(
			    ask(bench,
				rows[i].victim_is_asked ? "_dmarc.victim.x" :
							  name,
				PST_DNS_POLICY, 60000),
			    PST_GATE_ADMITTED);
			genuine = last(bench);
		}
		bench_free(bench);
	}
}

static void
test_words(void **state)
{
	static const char *const words[] = {
	    "admitted", "pool", "network", "name", "pause"};

	(void)state;
	assert_int_equal(PST_COUNT(words), PST_GATE_VERDICTS);
	FOR_ROWS(i, words, words[i])
		assert_string_equal(
		    pst_gate_verdict_word((enum pst_gate_verdict)i), words[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ranks),
	    cmocka_unit_test(test_most),
	    cmocka_unit_test(test_join),
	    cmocka_unit_test(test_reclass),
	    cmocka_unit_test(test_many_networks),
	    cmocka_unit_test(test_shares),
	    cmocka_unit_test(test_ends),
	    cmocka_unit_test(test_attacks),
	    cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
