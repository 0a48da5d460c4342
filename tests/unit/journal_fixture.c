/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/unit/journal_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/store_fixture.h"

#define KEYS 3
#define SLOTS 4096

struct slot {
	char *octets;
	char queue_id[16], domain[24];
	struct pst_journal_key keys[KEYS];
};

struct pst_journal *
journal_open(void)
{
	return journal_open_as("journal");
}

struct pst_journal *
journal_open_as(const char *name)
{
	struct pst_err err = {""};
	struct pst_journal *journal =
	    pst_journal_open(store_path(name), PST_JOURNAL_WRITE, 5000, &err);

	if (journal == NULL)
		fail_msg("%s", err.text);
	return journal;
}

struct pst_journal_entry
journal_entry(unsigned number, size_t len)
{
	static struct slot slots[SLOTS];
	struct slot *slot = &slots[number % SLOTS];
	uint64_t random = number * UINT64_C(0x9e3779b97f4a7c15) + 1;

	slot->octets = realloc(slot->octets, len + 32);
	assert_non_null(slot->octets);
	for (size_t i = 0; i < len; i++) {
		random = random * UINT64_C(6364136223846793005) + 12345;
		slot->octets[i] = (char)('A' + (random >> 59));
	}
	(void)snprintf(slot->octets, 31, "entry %u ", number);
	slot->octets[strlen(slot->octets)] = '.';
	(void)snprintf(slot->queue_id, sizeof(slot->queue_id), "q%u", number);
	(void)snprintf(
	    slot->domain, sizeof(slot->domain), "d%u.example", number % 10);
	slot->keys[0] = (struct pst_journal_key){
	    PST_JOURNAL_QUEUE_ID, pst_str(slot->queue_id)};
	slot->keys[1] = (struct pst_journal_key){
	    PST_JOURNAL_FROM_DOMAIN, pst_str(slot->domain)};
	slot->keys[2] = (struct pst_journal_key){
	    PST_JOURNAL_RCPT, PST_STR("user@all.example")};
	return (struct pst_journal_entry){.stream = PST_JOURNAL_OTHER,
	    .seen_s = JOURNAL_NOW + number,
	    .octets = {slot->octets, len},
	    .keys = slot->keys,
	    .key_count = KEYS};
}

void
journal_fill(struct pst_journal *journal, enum pst_journal_stream stream,
    unsigned first, unsigned count, size_t len)
{
	struct pst_journal_entry entries[100];
	struct pst_err err;

	while (count > 0) {
		unsigned now = count < 100 ? count : 100;

		for (unsigned i = 0; i < now; i++) {
			entries[i] = journal_entry(first + i, len);
			entries[i].stream = stream;
		}
		if (!pst_journal_add(journal, entries, now, &err))
			fail_msg("%s", err.text);
		first += now;
		count -= now;
	}
}

struct pst_journal_key
journal_queue_id(unsigned number)
{
	static char text[16];

	(void)snprintf(text, sizeof(text), "q%u", number);
	return (struct pst_journal_key){PST_JOURNAL_QUEUE_ID, pst_str(text)};
}

static bool
visit(void *arg, enum pst_journal_stream stream, int64_t seen_s,
    struct pst_str octets)
{
	struct journal_found *found = arg;
	char text[32];
	unsigned number;

	(void)stream;
	assert_true(octets.len >= 8);
	(void)snprintf(text, sizeof(text), "%.*s",
	    (int)(octets.len < 20 ? octets.len : 20), octets.ptr);
	assert_int_equal(sscanf(text, "entry %u", &number), 1);
	assert_int_equal(seen_s, JOURNAL_NOW + number);
	if (found->count < 16)
		found->numbers[found->count] = number;
	found->count++;
	return found->count != found->stop_after;
}

void
journal_search(struct pst_journal *journal,
    const struct pst_journal_query *query, struct journal_found *out)
{
	struct pst_err err;

	out->count = 0;
	if (!pst_journal_search(journal, query,
		(struct pst_journal_visitor){visit, out}, &out->damaged, &err))
		fail_msg("%s", err.text);
}

unsigned
journal_count(struct pst_journal *journal, const struct pst_journal_key *key)
{
	struct journal_found found = {.count = 0};

	journal_search(journal,
	    &(struct pst_journal_query){.keys = key, .key_count = 1}, &found);
	return found.count;
}

bool
journal_file_has(const char *name, const char *text)
{
	FILE *file = fopen(store_path(name), "rb");
	size_t len = strlen(text), at = 0, size;
	bool found = false;
	char *octets;

	if (file == NULL)
		return false;
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = (size_t)ftell(file);
	rewind(file);
	octets = malloc(size + 1);
	assert_non_null(octets);
	assert_int_equal(fread(octets, 1, size, file), size);
	(void)fclose(file);
	for (; at + len <= size && !found; at++)
		found = memcmp(octets + at, text, len) == 0;
	free(octets);
	return found;
}
