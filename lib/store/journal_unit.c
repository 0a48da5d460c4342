/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/journal_unit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define HASH_BYTES 4

static void
put_number(char *to, uint64_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (char)(unsigned char)(number >> (8 * i));
}

static uint64_t
get_number(const char *from, size_t bytes)
{
	uint64_t number = 0;

	for (size_t i = 0; i < bytes; i++)
		number |= (uint64_t)(unsigned char)from[i] << (8 * i);
	return number;
}

void
pst_journal_octets_reserve(struct pst_journal_octets *to, size_t capacity)
{
	if (capacity <= to->capacity)
		return;
	if (capacity < 2 * to->capacity)
		capacity = 2 * to->capacity;
	to->ptr = realloc(to->ptr, capacity);
	if (to->ptr == NULL)
		abort();
	to->capacity = capacity;
}

void
pst_journal_octets_add(struct pst_journal_octets *to, struct pst_str more)
{
	pst_journal_octets_reserve(to, to->len + more.len);
	if (more.len > 0)
		memcpy(to->ptr + to->len, more.ptr, more.len);
	to->len += more.len;
}

void
pst_journal_unit_clear(struct pst_journal_unit *unit)
{
	unit->head.len = unit->body.len = 0;
	unit->entries = 0;
}

void
pst_journal_unit_free(struct pst_journal_unit *unit)
{
	free(unit->head.ptr);
	free(unit->body.ptr);
	*unit = (struct pst_journal_unit){.entries = 0};
}

size_t
pst_journal_unit_bytes(const struct pst_journal_unit *unit)
{
	return unit->head.len + unit->body.len;
}

bool
pst_journal_unit_is_full(const struct pst_journal_unit *unit)
{
	return unit->entries >= PST_JOURNAL_BLOCK_ENTRIES ||
	    pst_journal_unit_bytes(unit) >= PST_JOURNAL_BLOCK_BYTES;
}

uint32_t
pst_journal_hash(const unsigned char secret[PST_SIPHASH_KEY_BYTES],
    const struct pst_journal_key *key)
{
	const char kind = (char)('a' + (int)key->kind);
	struct pst_siphash hash;

	pst_siphash_begin(&hash, secret);
	pst_siphash_add(&hash, (struct pst_str){&kind, 1});
	pst_siphash_add(&hash, key->value);
	return (uint32_t)(pst_siphash_digest(&hash) >> 32);
}

static void
note(struct pst_journal_unit *unit, int64_t seen_s)
{
	if (unit->entries == 0 || seen_s < unit->first_s)
		unit->first_s = seen_s;
	if (unit->entries == 0 || seen_s > unit->last_s)
		unit->last_s = seen_s;
	unit->entries++;
}

static bool
has_hash(const char *hashes, size_t count, uint32_t hash)
{
	for (size_t i = 0; i < count; i++) {
		if (get_number(hashes + i * HASH_BYTES, HASH_BYTES) == hash)
			return true;
	}
	return false;
}

void
pst_journal_unit_add(struct pst_journal_unit *unit,
    const unsigned char secret[PST_SIPHASH_KEY_BYTES],
    const struct pst_journal_entry *entry)
{
	char record[PST_JOURNAL_RECORD_BYTES +
	    PST_JOURNAL_MAX_KEYS * HASH_BYTES];
	char *hashes = record + PST_JOURNAL_RECORD_BYTES;
	size_t keys = 0;

	assert(entry->octets.len <= PST_JOURNAL_MAX_ENTRY);
	for (size_t i = 0; i < entry->key_count && keys < PST_JOURNAL_MAX_KEYS;
	     i++) {
		uint32_t hash = pst_journal_hash(secret, &entry->keys[i]);

		if (!has_hash(hashes, keys, hash))
			put_number(
			    hashes + keys++ * HASH_BYTES, hash, HASH_BYTES);
	}
	put_number(record, entry->octets.len, 4);
	put_number(record + 4, (uint64_t)entry->seen_s, 8);
	put_number(record + 12, keys, 1);
	pst_journal_octets_add(&unit->head,
	    (struct pst_str){
		record, PST_JOURNAL_RECORD_BYTES + keys * HASH_BYTES});
	pst_journal_octets_add(&unit->body, entry->octets);
	note(unit, entry->seen_s);
}

void
pst_journal_unit_copy(
    struct pst_journal_unit *unit, const struct pst_journal_record *record)
{
	pst_journal_octets_add(&unit->head, record->head);
	pst_journal_octets_add(&unit->body, record->entry);
	note(unit, record->seen_s);
}

bool
pst_journal_unit_next(
    struct pst_str *head, struct pst_str *body, struct pst_journal_record *out)
{
	size_t keys, bytes;
	uint64_t len;

	if (head->len < PST_JOURNAL_RECORD_BYTES)
		return false;
	keys = (unsigned char)head->ptr[12];
	bytes = PST_JOURNAL_RECORD_BYTES + keys * HASH_BYTES;
	len = get_number(head->ptr, 4);
	if (keys > PST_JOURNAL_MAX_KEYS || bytes > head->len ||
	    len > PST_JOURNAL_MAX_ENTRY ||
	    (body->ptr != NULL && len > body->len))
		return false;
	out->head = pst_str_first(*head, bytes);
	out->entry = (struct pst_str){body->ptr, (size_t)len};
	out->seen_s = (int64_t)get_number(head->ptr + 4, 8);
	out->hashes = head->ptr + PST_JOURNAL_RECORD_BYTES;
	out->hash_count = keys;
	*head = pst_str_from(*head, bytes);
	if (body->ptr != NULL)
		*body = (struct pst_str){body->ptr + len, body->len - len};
	return true;
}

bool
pst_journal_unit_is_sound(
    struct pst_str head, uint64_t entries, uint64_t body_bytes)
{
	struct pst_journal_record record;
	struct pst_str none = {NULL, 0};
	uint64_t found = 0, bytes = 0;

	if (entries > PST_JOURNAL_BLOCK_ENTRIES ||
	    body_bytes > PST_JOURNAL_MAX_UNIT ||
	    head.len > PST_JOURNAL_MAX_UNIT)
		return false;
	while (pst_journal_unit_next(&head, &none, &record)) {
		found++;
		bytes += record.entry.len;
	}
	return head.len == 0 && found == entries && bytes == body_bytes;
}

uint32_t
pst_journal_record_hash(const struct pst_journal_record *record, size_t at)
{
	return (uint32_t)get_number(
	    record->hashes + at * HASH_BYTES, HASH_BYTES);
}

bool
pst_journal_record_has(const struct pst_journal_record *record,
    const struct pst_journal_hashes *hashes)
{
	for (size_t i = 0; i < hashes->count; i++) {
		if (!has_hash(
			record->hashes, record->hash_count, hashes->values[i]))
			return false;
	}
	return true;
}
