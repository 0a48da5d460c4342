/* SPDX-License-Identifier: BSD-2-Clause */
#include "milter/refusal.h"

#include <assert.h>
#include <string.h>

#include "base/milter_protocol.h"

#define LENGTH 4 /* octets of the length before each command */
#define OPTIONS 12

static uint32_t
read_number(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	    (uint32_t)at[2] << 8 | at[3];
}

static void
add(struct pst_refusal_out *out, const unsigned char *data, size_t len)
{
	memcpy(out->data + out->len, data, len);
	out->len += len;
}

static bool
negotiate(struct pst_refusal *refusal, struct pst_refusal_out *out)
{
	/* No actions, and no steps left out. */
	unsigned char answer[LENGTH + 1 + OPTIONS] = {
	    0, 0, 0, 1 + OPTIONS, MILTER_NEGOTIATE};
	uint32_t version = read_number(refusal->head + LENGTH + 1);

	if (refusal->negotiated || refusal->head_len < PST_REFUSAL_HEAD ||
	    version < MILTER_VERSION_OLDEST)
		return false;
	if (version > MILTER_VERSION)
		version = MILTER_VERSION;
	answer[LENGTH + 1 + 3] = (unsigned char)version;
	add(out, answer, sizeof(answer));
	refusal->negotiated = true;
	return true;
}

/* A whole command has come. */
static bool
obey(struct pst_refusal *refusal, struct pst_refusal_out *out)
{
	static const unsigned char later[] = {0, 0, 0, 1, MILTER_TEMPFAIL};
	unsigned char command = refusal->head[LENGTH];

	if (command == MILTER_NEGOTIATE)
		return negotiate(refusal, out);
	if (!refusal->negotiated)
		return false;
	switch (command) {
	case MILTER_ABORT:
	case MILTER_MACROS:
	case MILTER_QUIT_FOR_NEXT:
		return true;
	case MILTER_CONNECT:
	case MILTER_HELO:
	case MILTER_MAIL:
	case MILTER_RCPT:
	case MILTER_DATA:
	case MILTER_UNKNOWN:
	case MILTER_HEADER:
	case MILTER_EOH:
	case MILTER_BODY:
	case MILTER_END:
		add(out, later, sizeof(later));
		refusal->answered = true;
		return true;
	case MILTER_QUIT:
	default:
		return false;
	}
}

/* How many octets of the head of the command are still missing. */
static size_t
missing(const struct pst_refusal *refusal)
{
	size_t all = LENGTH;

	if (refusal->head_len >= LENGTH)
		all += read_number(refusal->head);
	if (all > PST_REFUSAL_HEAD)
		all = PST_REFUSAL_HEAD;
	return all - refusal->head_len;
}

/* The length of a command is known: false if no MTA sends such a command. */
static bool
set_length(struct pst_refusal *refusal)
{
	uint32_t len = read_number(refusal->head);

	if (len == 0 || len > PST_REFUSAL_MAX_COMMAND)
		return false;
	refusal->left = len > PST_REFUSAL_HEAD - LENGTH ?
	    len - (PST_REFUSAL_HEAD - LENGTH) :
	    0;
	return true;
}

/* Returns how many octets were taken; 0 if the head is complete. */
static size_t
fill_head(struct pst_refusal *refusal, const unsigned char *data, size_t len)
{
	size_t some = missing(refusal);

	if (some > len)
		some = len;
	memcpy(refusal->head + refusal->head_len, data, some);
	refusal->head_len += some;
	return some;
}

bool
pst_refusal_take(struct pst_refusal *refusal, const unsigned char *data,
    size_t len, struct pst_refusal_out *out)
{
	const size_t room = len + PST_REFUSAL_HEAD;
	size_t some;

	while (len > 0) {
		bool had_length = refusal->head_len >= LENGTH;

		some = fill_head(refusal, data, len);
		data += some;
		len -= some;
		if (!had_length && refusal->head_len >= LENGTH) {
			if (!set_length(refusal))
				return false;
		}
		if (refusal->head_len < LENGTH || missing(refusal) > 0)
			continue;
		some = refusal->left < len ? refusal->left : len;
		data += some;
		len -= some;
		refusal->left -= (uint32_t)some;
		if (refusal->left > 0)
			continue;
		if (!obey(refusal, out))
			return false;
		refusal->head_len = 0;
	}
	assert(out->len <= room);
	return true;
}

bool
pst_refusal_answered(const struct pst_refusal *refusal)
{
	return refusal->answered;
}
