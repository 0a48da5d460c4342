/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_CORE_SPLITS_H
#define PST_CORE_SPLITS_H

/*
 * The messages that are to be delivered in two parts, because some of their
 * recipients are monitored and others are not (core/parts). Such a message was
 * refused for now at its end. When its sender tries again, the part of the
 * recipient that comes first in the transaction is let through, and recipients
 * of the other part are told to come later. So each transaction has one part
 * only, in whatever order and however many of the recipients are tried again;
 * nothing has to be known about earlier ones.
 *
 * An entry is for one client network (IPv4 /24, IPv6 /64), MAIL FROM and
 * message. It goes when both parts had their turn, or after a day. Everything
 * is bounded, and what does not fit is not split: the stricter mode counts then.
 *	PST_SPLITS_MAX		entries; a full table forgets nothing early
 *	PST_SPLITS_MAX_NETWORK	entries of one client network
 *	PST_SPLITS_MAX_RCPTS	recipients of one message
 *	PST_SPLITS_MAX_TIMES	refusals of one message to the same recipients,
 *				from whatever network
 *	PST_SPLITS_MAX_TURNS	transactions in which an entry holds recipients
 *				back; then something else keeps its parts from
 *				being delivered
 * All that an entry can do is to make recipients of the same MAIL FROM, from
 * the same network, come later.
 *
 * The table lives in the process, that is, in one listener's worker, and starts
 * empty: a message that is tried at another listener or gateway, or after a
 * restart, is put off once more. Texts are kept as digests with a secret key.
 * All functions but the first two are thread-safe. Times are those of
 * pst_clock_ms().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/str.h"

#define PST_SPLITS_MAX 4096
#define PST_SPLITS_MAX_NETWORK 64
#define PST_SPLITS_MAX_RCPTS 200
#define PST_SPLITS_MAX_TIMES 3
#define PST_SPLITS_MAX_TURNS 6
#define PST_SPLITS_KEEP_MS (24 * 60 * 60 * INT64_C(1000))

struct pst_splits;

/* Returns an empty table for max entries (at least one); never NULL. */
struct pst_splits *pst_splits_new(size_t max);
void pst_splits_free(struct pst_splits *splits);

enum pst_part {
	PST_PART_UNKNOWN,
	PST_PART_MONITORED,
	PST_PART_ENFORCED,
};

/* A digest of the texts, in this order; other tables have other digests. */
uint64_t pst_splits_digest(
    const struct pst_splits *splits, const struct pst_str *texts, size_t count);

/* A sender, and what it sends. */
struct pst_split_key {
	struct pst_ip client; /* whose network counts */
	uint64_t mail_from;   /* digests */
	uint64_t letter;      /* 0: not known yet, at RCPT */
};

/* Returns the part of a recipient (a digest) of a message that was refused. */
enum pst_part pst_splits_part(struct pst_splits *splits,
    const struct pst_split_key *key, uint64_t rcpt, int64_t now_ms);

/* The same, and notes that the recipient was told to come later. */
void pst_splits_held_back(struct pst_splits *splits,
    const struct pst_split_key *key, uint64_t rcpt, int64_t now_ms);

struct pst_split_rcpt {
	uint64_t digest;
	enum pst_part part;
};

enum pst_split_answer {
	PST_SPLIT_REMEMBERED, /* refuse the message for now */
	PST_SPLIT_TOO_OFTEN,
	PST_SPLIT_TOO_MANY, /* recipients */
	PST_SPLIT_FULL,     /* the table, or the share of the network */
};

/* Remembers a message whose recipients are of both parts. */
enum pst_split_answer
pst_splits_remember(struct pst_splits *splits, const struct pst_split_key *key,
    const struct pst_split_rcpt *rcpts, size_t count, int64_t now_ms);

/* Notes that this part of a message got its last answer, one that is not 4xx. */
void pst_splits_done(struct pst_splits *splits, const struct pst_split_key *key,
    enum pst_part part);

size_t pst_splits_count(struct pst_splits *splits);

#endif
