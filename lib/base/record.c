/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/record.h"

#include <assert.h>

#define CAPACITY_MIN 2048
#define MAX_LENGTH 65535

/* ---- writing ---- */

void
pst_record_init(struct pst_record_out *out, struct pst_arena *arena, size_t max)
{
	/* So that the length of each section fits into its head. */
	assert(max <= MAX_LENGTH + PST_RECORD_SECTION_BYTES);
	*out =
	    (struct pst_record_out){.arena = arena, .max = max, .limit = max};
}

void
pst_record_limit(struct pst_record_out *out, size_t octets)
{
	out->limit =
	    octets < out->max - out->len ? out->len + octets : out->max;
	/* pst_record_room() looks at the capacity only. */
	if (out->capacity > out->limit)
		out->capacity = out->limit;
}

void
pst_record_unlimit(struct pst_record_out *out)
{
	out->limit = out->max;
}

unsigned char *
pst_record_grow(struct pst_record_out *out, size_t more)
{
	size_t capacity =
	    out->capacity < CAPACITY_MIN ? CAPACITY_MIN : 2 * out->capacity;
	unsigned char *bigger;

	if (out->full || more > out->limit - out->len) {
		/* Nothing is added after what did not fit. */
		out->capacity = out->len;
		out->full = true;
		return NULL;
	}
	while (capacity < out->len + more)
		capacity *= 2;
	bigger = pst_arena_room(out->arena, capacity);
	if (out->len > 0)
		memcpy(bigger, out->ptr, out->len);
	out->ptr = bigger;
	out->capacity = capacity < out->limit ? capacity : out->limit;
	return out->ptr + out->len;
}

void
pst_record_signed(struct pst_record_out *out, int64_t number)
{
	uint64_t twice = (uint64_t)number << 1;

	pst_record_number(out, number < 0 ? ~twice : twice);
}

void
pst_record_octets(struct pst_record_out *out, struct pst_str s)
{
	unsigned char *at =
	    pst_record_room(out, PST_RECORD_NUMBER_BYTES + s.len);

	if (at == NULL)
		return;
	at = pst_record_put_number(at, s.len + 1);
	if (s.len > 0)
		memcpy(at, s.ptr, s.len);
	out->len = (size_t)(at - out->ptr) + s.len;
}

static size_t
address_bytes(enum pst_ip_family family)
{
	switch (family) {
	case PST_IP_NONE:
		return 0;
	case PST_IP_V4:
		return 4;
	case PST_IP_V6:
		return 16;
	}
	return 0;
}

static void
add(struct pst_record_out *out, const void *ptr, size_t len)
{
	unsigned char *at = pst_record_room(out, len);

	if (at == NULL || len == 0)
		return;
	memcpy(at, ptr, len);
	out->len += len;
}

void
pst_record_ip(struct pst_record_out *out, const struct pst_ip *ip)
{
	size_t len = address_bytes(ip->family);

	pst_record_number(out, len);
	add(out, ip->octets, len);
}

bool
pst_record_take_back(struct pst_record_out *out, size_t opened)
{
	out->len = opened;
	out->full = false;
	out->cut = true;
	return false;
}

/* ---- reading ---- */

void
pst_record_begin(struct pst_record_in *in, struct pst_str octets,
    struct pst_record_source *source)
{
	const void *ptr = octets.ptr;

	*in = (struct pst_record_in){ptr, octets.len, source};
}

/* Takes so many octets off, which must be there. */
static const unsigned char *
take(struct pst_record_in *in, size_t len)
{
	const unsigned char *at = in->ptr;

	in->ptr += len;
	in->len -= len;
	return at;
}

/* Ends the section: nothing in it can be understood any more. */
static void
spoil(struct pst_record_in *in)
{
	in->source->bad = true;
	in->len = 0;
}

bool
pst_record_next(
    struct pst_record_in *in, unsigned *tag, struct pst_record_in *section)
{
	const unsigned char *head;
	size_t len;

	if (in->len == 0)
		return false;
	if (in->len < PST_RECORD_SECTION_BYTES) {
		spoil(in);
		return false;
	}
	head = take(in, PST_RECORD_SECTION_BYTES);
	len = head[1] | (size_t)head[2] << 8;
	if (len > in->len) {
		spoil(in);
		return false;
	}
	*tag = head[0];
	*section = (struct pst_record_in){take(in, len), len, in->source};
	return true;
}

size_t
pst_record_count(struct pst_record_in in, unsigned tag)
{
	struct pst_record_in section;
	size_t count = 0;
	unsigned found;

	while (pst_record_next(&in, &found, &section))
		count += found == tag;
	return count;
}

uint64_t
pst_record_take_number(struct pst_record_in *in, uint64_t max)
{
	uint64_t number = 0;
	unsigned octet;

	if (in->len == 0)
		return 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (in->len == 0)
			break;
		octet = *take(in, 1);
		if (shift == 63 && octet > 1)
			break;
		number |= (uint64_t)(octet & 0x7f) << shift;
		if (octet < 0x80) {
			if (number <= max)
				return number;
			break;
		}
	}
	spoil(in);
	return 0;
}

unsigned
pst_record_take_unsigned(struct pst_record_in *in)
{
	return (unsigned)pst_record_take_number(in, UINT32_MAX);
}

int64_t
pst_record_take_signed(struct pst_record_in *in)
{
	uint64_t twice = pst_record_take_number(in, UINT64_MAX);
	int64_t half = (int64_t)(twice >> 1);

	return (twice & 1) != 0 ? -half - 1 : half;
}

void
pst_record_take_ip(struct pst_record_in *in, struct pst_ip *out)
{
	uint64_t len = pst_record_take_number(in, sizeof(out->octets));

	memset(out, 0, sizeof(*out));
	if (len == 0)
		return;
	if ((len != 4 && len != 16) || len > in->len) {
		spoil(in);
		return;
	}
	out->family = len == 4 ? PST_IP_V4 : PST_IP_V6;
	memcpy(out->octets, take(in, len), len);
}

unsigned
pst_record_take_enum(
    struct pst_record_in *in, const struct pst_record_numbers *numbers)
{
	uint64_t number;

	if (in->len == 0)
		return 0;
	number = pst_record_take_number(in, UINT8_MAX);
	for (size_t i = 0; i < numbers->count; i++) {
		if (numbers->of[i] == number)
			return (unsigned)i;
	}
	spoil(in);
	return 0;
}

/* Takes a text; ptr is NULL if it is NULL, or not there. */
static struct pst_str
take_slice(struct pst_record_in *in)
{
	const struct pst_str none = {NULL, 0};
	uint64_t number = pst_record_take_number(in, MAX_LENGTH + 1);
	const void *at;

	if (number == 0)
		return none;
	if (number - 1 > in->len) {
		spoil(in);
		return none;
	}
	at = take(in, number - 1);
	return (struct pst_str){at, number - 1};
}

bool
pst_record_peek(struct pst_record_in *in, struct pst_str *out)
{
	*out = take_slice(in);
	if (out->ptr != NULL)
		return true;
	*out = PST_STR("");
	return false;
}

struct pst_str
pst_record_peek_octets(struct pst_record_in *in)
{
	struct pst_str found;

	(void)pst_record_peek(in, &found);
	return found;
}

static const char *
copy_of(struct pst_record_in *in, struct pst_str from)
{
	return pst_arena_memdup(in->source->arena, from.ptr, from.len);
}

struct pst_str
pst_record_take_octets(struct pst_record_in *in)
{
	struct pst_str found = pst_record_peek_octets(in);

	return (struct pst_str){copy_of(in, found), found.len};
}

static bool
has_only(struct pst_str s, bool (*allows)(unsigned char c))
{
	for (size_t i = 0; i < s.len; i++) {
		if (!allows((unsigned char)s.ptr[i]))
			return false;
	}
	return true;
}

static bool
is_printable(unsigned char c)
{
	return c >= 0x20 && c < 0x7f;
}

static bool
is_in_words(unsigned char c)
{
	return is_printable(c) || c >= 0x80 || c == '\t';
}

static bool
is_not_nul(unsigned char c)
{
	return c != '\0';
}

static const char *
take_checked(struct pst_record_in *in, bool (*allows)(unsigned char c))
{
	struct pst_str found = take_slice(in);

	if (found.ptr == NULL)
		return NULL;
	if (!has_only(found, allows)) {
		spoil(in);
		return NULL;
	}
	return copy_of(in, found);
}

const char *
pst_record_take_text(struct pst_record_in *in)
{
	return take_checked(in, is_printable);
}

const char *
pst_record_take_words(struct pst_record_in *in)
{
	const char *words = take_checked(in, is_in_words);

	if (words != NULL && !pst_str_is_utf8(pst_str(words))) {
		spoil(in);
		return NULL;
	}
	return words;
}

const char *
pst_record_take_string(struct pst_record_in *in)
{
	return take_checked(in, is_not_nul);
}
