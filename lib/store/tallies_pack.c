/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/tallies_pack.h"

#include <assert.h>
#include <string.h>

#include "base/record.h"

#define WHOLE_SKETCH 255

/* ---- packing ---- */

static unsigned char *
put_sketch(unsigned char *at, const unsigned char networks[PST_TALLY_SKETCH])
{
	unsigned char *bits = at + 1;
	size_t count = 0;

	for (unsigned i = 0; i < PST_TALLY_SKETCH; i++) {
		for (unsigned bit = 0; networks[i] >> bit != 0; bit++) {
			if ((networks[i] >> bit & 1u) == 0)
				continue;
			if (count < PST_TALLY_SKETCH)
				bits[count] = (unsigned char)(8 * i + bit);
			count++;
		}
	}
	if (count < PST_TALLY_SKETCH) {
		*at = (unsigned char)count;
		return bits + count;
	}
	*at = WHOLE_SKETCH;
	memcpy(bits, networks, PST_TALLY_SKETCH);
	return bits + PST_TALLY_SKETCH;
}

static unsigned char *
put_key(
    unsigned char *at, struct pst_tally_packing *packing, struct pst_str key)
{
	size_t shared = 0;

	assert(key.len <= PST_TALLY_MAX_KEY);
	while (shared < key.len && shared < packing->len &&
	    packing->key[shared] == key.ptr[shared])
		shared++;
	at = pst_record_put_number(at, shared);
	at = pst_record_put_number(at, key.len - shared);
	memcpy(at, key.ptr + shared, key.len - shared);
	memcpy(packing->key, key.ptr, key.len);
	packing->len = key.len;
	return at + (key.len - shared);
}

/* Where the next row goes. */
static unsigned char *
end_of(struct pst_journal_octets *to)
{
	pst_journal_octets_reserve(to, to->len + PST_TALLY_PACK_MAX_ROW);
	return (unsigned char *)to->ptr + to->len;
}

void
pst_tally_pack(struct pst_tally_packing *packing, struct pst_journal_octets *to,
    const struct pst_tally_row *row)
{
	struct pst_tally_row copy = *row;
	unsigned char *begin = end_of(to), *at;
	uint64_t mask = 0;

	at = put_key(begin, packing, pst_str(row->key));
	for (size_t i = 0; i < PST_TALLY_NUMBERS; i++)
		mask |= (uint64_t)(*pst_tally_row_number(&copy, i) != 0) << i;
	at = pst_record_put_number(at, mask);
	for (size_t i = 0; i < PST_TALLY_NUMBERS; i++) {
		if ((mask >> i & 1u) != 0)
			at = pst_record_put_number(
			    at, *pst_tally_row_number(&copy, i));
	}
	to->len += (size_t)(put_sketch(at, row->networks) - begin);
}

void
pst_tally_pack_copy(struct pst_tally_packing *packing,
    struct pst_journal_octets *to, struct pst_str key, struct pst_str numbers)
{
	unsigned char *begin = end_of(to);

	to->len += (size_t)(put_key(begin, packing, key) - begin);
	pst_journal_octets_add(to, numbers);
}

/* ---- unpacking ---- */

static bool
take_octet(struct pst_str *octets, unsigned char *out)
{
	if (octets->len == 0)
		return false;
	*out = (unsigned char)*octets->ptr++;
	octets->len--;
	return true;
}

static bool
take_number(struct pst_str *octets, uint64_t *out)
{
	unsigned char octet;

	*out = 0;
	for (unsigned shift = 0; shift < 63; shift += 7) {
		if (!take_octet(octets, &octet))
			return false;
		*out |= (uint64_t)(octet & 0x7f) << shift;
		if ((octet & 0x80) == 0)
			return true;
	}
	return false;
}

bool
pst_tally_unpack_key(struct pst_tally_packing *packing, struct pst_str *octets)
{
	uint64_t shared, more;

	if (!take_number(octets, &shared) || !take_number(octets, &more) ||
	    shared > packing->len || more > PST_TALLY_MAX_KEY - shared ||
	    more > octets->len || shared + more == 0)
		return false;
	memcpy(packing->key + shared, octets->ptr, (size_t)more);
	packing->len = (size_t)(shared + more);
	packing->key[packing->len] = '\0';
	*octets = pst_str_from(*octets, (size_t)more);
	return true;
}

static bool
add_sketch(struct pst_str *octets, unsigned char networks[PST_TALLY_SKETCH])
{
	unsigned char count, bit;

	if (!take_octet(octets, &count))
		return false;
	if (count == WHOLE_SKETCH) {
		if (octets->len < PST_TALLY_SKETCH)
			return false;
		for (size_t i = 0; i < PST_TALLY_SKETCH; i++)
			networks[i] |= (unsigned char)octets->ptr[i];
		*octets = pst_str_from(*octets, PST_TALLY_SKETCH);
		return true;
	}
	for (; count > 0; count--) {
		if (!take_octet(octets, &bit))
			return false;
		networks[bit / 8] =
		    (unsigned char)(networks[bit / 8] | 1u << bit % 8);
	}
	return true;
}

bool
pst_tally_unpack_add(struct pst_str *octets, struct pst_tally_row *row)
{
	uint64_t mask, number;

	/* A number of a damaged or newer row has no name here. */
	if (!take_number(octets, &mask) || mask >> PST_TALLY_NUMBERS != 0)
		return false;
	for (size_t i = 0; mask >> i != 0; i++) {
		if ((mask >> i & 1u) == 0)
			continue;
		if (!take_number(octets, &number))
			return false;
		*pst_tally_row_number(row, i) += number;
	}
	return add_sketch(octets, row->networks);
}
