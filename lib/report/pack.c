/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/pack.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/* zlib's largest window, with a gzip frame. */
#define WINDOW_BITS (15 + 16)
#define MEM_LEVEL 8

#define STEP 65536
/* For a stored block, the end of the frame, and what a flush adds. */
#define OVERHEAD 64

struct pst_pack {
	bool gzip;
	bool overflow;
	z_stream stream;
	unsigned char *ptr;
	size_t len, capacity, max_len;
	size_t pending; /* octets of input that may not be in ptr yet */
};

struct pst_pack *
pst_pack_new(bool gzip, size_t max_bytes)
{
	struct pst_pack *pack = calloc(1, sizeof(*pack));

	assert(max_bytes >= PST_PACK_MIN_BYTES);
	if (pack == NULL)
		abort();
	pack->gzip = gzip;
	pack->max_len = max_bytes;
	if (gzip &&
	    deflateInit2(&pack->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
		WINDOW_BITS, MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	return pack;
}

void
pst_pack_free(struct pst_pack *pack)
{
	if (pack == NULL)
		return;
	if (pack->gzip)
		(void)deflateEnd(&pack->stream);
	free(pack->ptr);
	free(pack);
}

void
pst_pack_reset(struct pst_pack *pack)
{
	if (pack->gzip)
		(void)deflateReset(&pack->stream);
	pack->len = 0;
	pack->pending = 0;
	pack->overflow = false;
}

static bool
grow(struct pst_pack *pack, size_t need)
{
	if (need > pack->max_len)
		return false;
	if (need > pack->capacity) {
		size_t capacity = pack->capacity + STEP;

		if (capacity < pack->capacity * 2)
			capacity = pack->capacity * 2;
		if (capacity < need)
			capacity = need;
		if (capacity > pack->max_len)
			capacity = pack->max_len;
		pack->ptr = realloc(pack->ptr, capacity);
		if (pack->ptr == NULL)
			abort();
		pack->capacity = capacity;
	}
	return true;
}

/*
 * Runs zlib until it has taken all input and written what flush asks for.
 * Returns false, and sets overflow, if the bound is reached.
 */
static bool
deflate_all(struct pst_pack *pack, int flush)
{
	z_stream *stream = &pack->stream;

	for (;;) {
		int status;
		size_t room;

		if (pack->len == pack->capacity && !grow(pack, pack->len + 1)) {
			pack->overflow = true;
			return false;
		}
		room = pack->capacity - pack->len;
		if (room > UINT_MAX)
			room = UINT_MAX;
		stream->next_out = pack->ptr + pack->len;
		stream->avail_out = (unsigned)room;
		status = deflate(stream, flush);
		assert(status != Z_STREAM_ERROR);
		pack->len += room - stream->avail_out;
		if (status == Z_STREAM_END)
			return true;
		if (flush != Z_FINISH && stream->avail_in == 0 &&
		    stream->avail_out > 0)
			return true;
	}
}

bool
pst_pack_add(struct pst_pack *pack, const void *ptr, size_t len)
{
	/* zlib only reads this; its structure does not say so */
	union {
		const void *input;
		unsigned char *octets;
	} in = {ptr};

	assert(len <= INT_MAX);
	if (pack->overflow)
		return false;
	if (len == 0)
		return true;
	if (pack->gzip) {
		pack->stream.next_in = in.octets;
		pack->stream.avail_in = (unsigned)len;
		pack->pending += len;
		return deflate_all(pack, Z_NO_FLUSH);
	}
	if (!grow(pack, pack->len + len)) {
		pack->overflow = true;
		return false;
	}
	memcpy(pack->ptr + pack->len, ptr, len);
	pack->len += len;
	return true;
}

/*
 * Returns the largest size that len octets may take: where packing does not
 * pay, zlib stores them, with 5 octets for each block of 16 kB.
 */
static size_t
worst(size_t len)
{
	return len + len / 1024 + OVERHEAD;
}

bool
pst_pack_has_room(struct pst_pack *pack, size_t len)
{
	if (pack->overflow)
		return false;
	if (!pack->gzip)
		return len <= pack->max_len - pack->len;
	if (len > pack->max_len)
		return false;
	if (worst(pack->pending + len) <= pack->max_len - pack->len)
		return true;
	/* Once packed, what is pending takes much less. */
	if (pack->pending < pack->max_len / 32)
		return false;
	pack->stream.avail_in = 0;
	if (!deflate_all(pack, Z_BLOCK))
		return false;
	pack->pending = OVERHEAD;
	return worst(pack->pending + len) <= pack->max_len - pack->len;
}

bool
pst_pack_end(struct pst_pack *pack)
{
	if (pack->overflow || !pack->gzip)
		return !pack->overflow;
	pack->stream.avail_in = 0;
	return deflate_all(pack, Z_FINISH);
}

struct pst_str
pst_pack_octets(const struct pst_pack *pack)
{
	union {
		const unsigned char *octets;
		const char *text;
	} both = {pack->ptr};

	return (struct pst_str){both.text, pack->len};
}
