/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * The DNS transcript of a recorded message: a section for each question, in
 * their order, with its name and its answer. If all records do not fit, those of
 * the questions that decide come first (enum pst_dns_class).
 */

#include "core/recorded.h"
#include "core/recorded_numbers.h"

/* What an answer has besides its records. */
enum answer_bit {
	BIT_ANSWERED = 1u << 0,
	BIT_CUT = 1u << 1, /* its records are left out */
	BIT_AUTHENTIC = 1u << 2,
};

/* The octets of a question without its name, and of a record without its data, at
 * most; and what pst_record_room() needs in the end. */
#define MAX_QUESTION_BYTES 32
#define MAX_RECORD_BYTES 24

/* Bounds of what is read; a question takes at least five octets. */
#define MAX_QUESTIONS 4096
#define MAX_RECORDS 4096

/* About how many octets the records of an answer take. */
static size_t
size_of(const struct pst_dns_entry *entry)
{
	const struct pst_dns_answer *answer = entry->answer;
	size_t size = 0;

	for (size_t i = 0; answer != NULL && i < answer->count; i++)
		size += answer->records[i].data.len + MAX_RECORD_BYTES;
	return size;
}

static bool
is_address(enum pst_dns_type type)
{
	return type == PST_DNS_A || type == PST_DNS_AAAA;
}

static void
write_record(struct pst_record_out *out, enum pst_dns_type type,
    const struct pst_dns_record *record)
{
	if (is_address(type)) {
		pst_record_ip(out, &record->ip);
		return;
	}
	if (type == PST_DNS_MX)
		pst_record_number(out, record->preference);
	pst_record_octets(out, record->data);
}

/* Returns false if there was no room for it. */
static bool
write_question(
    struct pst_record_out *out, const struct pst_dns_entry *entry, bool whole)
{
	size_t opened = pst_record_open(out, PST_RECORDED_QUESTION);
	const struct pst_dns_answer *answer = entry->answer;

	/* The types have their numbers from the DNS. */
	pst_record_number(out, entry->type);
	pst_record_enum(out, &pst_numbers_dns_class, entry->class);
	pst_record_octets(out, (struct pst_str){entry->name, entry->name_len});
	if (answer == NULL) {
		pst_record_number(out, 0);
	} else {
		pst_record_number(out,
		    BIT_ANSWERED | (whole ? 0u : BIT_CUT) |
			(answer->authentic ? BIT_AUTHENTIC : 0u));
		pst_record_enum(out, &pst_numbers_dns_status, answer->status);
		pst_record_number(out, answer->ttl);
		pst_record_number(out, 0); /* room for an age, one added */
		for (size_t i = 0; whole && i < answer->count; i++)
			write_record(out, entry->type, &answer->records[i]);
	}
	return pst_record_close(out, opened);
}

/* Writes all answers whole; false if they do not fit, and nothing is added. */
static bool
write_whole(struct pst_record_out *out, const struct pst_dns *dns)
{
	size_t opened = pst_record_open(out, PST_RECORDED_DNS);
	size_t count = pst_dns_count(dns);
	bool cut = out->cut;

	for (size_t i = 0; i < count; i++) {
		if (write_question(out, pst_dns_at(dns, i), true))
			continue;
		out->len = opened;
		out->full = false;
		out->cut = cut;
		return false;
	}
	return pst_record_close(out, opened);
}

/* Chooses which answers are written whole, the deciding ones first. */
static const bool *
choose(struct pst_arena *arena, const struct pst_dns *dns, size_t room)
{
	size_t count = pst_dns_count(dns);
	bool *whole = pst_arena_array(arena, count, sizeof(*whole));

	for (unsigned class = 0; class < PST_DNS_CLASSES; class ++) {
		for (size_t i = 0; i < count; i++) {
			const struct pst_dns_entry *entry = pst_dns_at(dns, i);
			size_t size = size_of(entry);

			whole[i] |= entry->class == class && size <= room;
			if (entry->class == class && whole[i])
				room -= size;
		}
	}
	return whole;
}

static void
write_part(struct pst_record_out *out, const struct pst_dns *dns, size_t room)
{
	size_t opened = pst_record_open(out, PST_RECORDED_DNS);
	size_t count = pst_dns_count(dns);
	size_t names = 0;
	const bool *whole;

	for (size_t i = 0; i < count; i++)
		names += pst_dns_at(dns, i)->name_len + MAX_QUESTION_BYTES;
	whole = choose(out->arena, dns, names < room ? room - names : 0);
	for (size_t i = 0; i < count; i++)
		(void)write_question(out, pst_dns_at(dns, i), whole[i]);
	(void)pst_record_close(out, opened);
}

void
pst_recorded_write_dns(
    struct pst_record_out *out, const struct pst_dns *dns, bool *cut)
{
	size_t left = out->max - out->len;
	size_t room = left < PST_RECORDED_MAX_DNS ? left : PST_RECORDED_MAX_DNS;

	pst_record_limit(out, room);
	*cut = !write_whole(out, dns);
	if (*cut)
		write_part(out, dns, room);
	pst_record_unlimit(out);
}

/* ---- reading ---- */

static bool
read_type(struct pst_record_in *in, enum pst_dns_type *type)
{
	static const enum pst_dns_type types[] = {
	    PST_DNS_A, PST_DNS_PTR, PST_DNS_MX, PST_DNS_TXT, PST_DNS_AAAA};
	uint64_t number = pst_record_take_number(in, UINT16_MAX);

	for (size_t i = 0; i < PST_COUNT(types); i++) {
		*type = types[i];
		if (number == types[i])
			return true;
	}
	return false;
}

static void
read_record(struct pst_record_in *in, enum pst_dns_type type,
    struct pst_dns_record *record)
{
	*record = (struct pst_dns_record){.data = PST_STR("")};
	if (is_address(type)) {
		pst_record_take_ip(in, &record->ip);
		return;
	}
	if (type == PST_DNS_MX)
		record->preference = pst_record_take_unsigned(in);
	record->data = pst_record_peek_octets(in);
}

/* The records are read twice, the first time to measure them. */
static const struct pst_dns_answer *
read_answer(struct pst_record_in *in, enum pst_dns_type type, bool authentic)
{
	enum pst_dns_status status =
	    pst_record_take_enum(in, &pst_numbers_dns_status);
	unsigned ttl = pst_record_take_unsigned(in);
	unsigned age = pst_record_take_unsigned(in);
	struct pst_record_in again = *in;
	struct pst_dns_record record;
	struct pst_dns_answer *answer;
	size_t count = 0, octets = 0;

	(void)age;
	while (in->len > 0 && count < MAX_RECORDS) {
		read_record(in, type, &record);
		octets += record.data.len;
		count++;
	}
	if (in->source->bad)
		return NULL;
	answer = pst_dns_answer_new(status, ttl, count, octets);
	for (size_t i = 0; i < count; i++) {
		read_record(&again, type, &record);
		pst_dns_answer_add(answer, &record);
	}
	return authentic ? pst_dns_answer_authentic(answer) : answer;
}

static void
read_question(struct pst_record_in *in, struct pst_dns *dns)
{
	const struct pst_dns_answer *answer = NULL;
	enum pst_dns_type type;
	unsigned bits;
	enum pst_dns_class class;
	struct pst_str name;
	bool known = read_type(in, &type);

	class = pst_record_take_enum(in, &pst_numbers_dns_class);
	name = pst_record_peek_octets(in);
	/* A type that this version does not ask for. */
	if (!known || in->source->bad)
		return;
	bits = pst_record_take_unsigned(in);
	if ((bits & BIT_ANSWERED) != 0)
		answer = read_answer(in, type, (bits & BIT_AUTHENTIC) != 0);
	pst_dns_add_recorded(dns, name, type, class, answer);
}

void
pst_recorded_read_dns(struct pst_record_in *in, struct pst_dns *dns)
{
	struct pst_record_in section;
	unsigned tag;

	while (pst_dns_count(dns) < MAX_QUESTIONS &&
	    pst_record_next(in, &tag, &section)) {
		if (tag == PST_RECORDED_QUESTION)
			read_question(&section, dns);
	}
}
