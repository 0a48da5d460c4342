/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_AUTH_SPF_RECORD_H
#define PST_AUTH_SPF_RECORD_H

/*
 * A strict parser for SPF records (RFC 7208 s. 4.6, 5, 6, 12) and the macro
 * expander (s. 7). Nothing from a record, a sender or a HELO reaches libspf2
 * before it has gone through here; auth/spf.c says why.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/ip.h"
#include "base/str.h"

#define PST_SPF_MAX_RECORD 16384 /* octets */
#define PST_SPF_MAX_TERMS 250

enum pst_spf_kind {
	PST_SPF_ALL,
	PST_SPF_INCLUDE,
	PST_SPF_A,
	PST_SPF_MX,
	PST_SPF_PTR,
	PST_SPF_IP4,
	PST_SPF_IP6,
	PST_SPF_EXISTS,
	PST_SPF_REDIRECT, /* the modifier; has no qualifier */
};

struct pst_spf_term {
	enum pst_spf_kind kind;
	char qualifier;        /* + - ~ ? */
	struct pst_str domain; /* domain-spec as written; empty: <domain> */
	struct pst_ip ip;      /* ip4, ip6 */
	unsigned ip4_bits;     /* prefix length, 32 unless given */
	unsigned ip6_bits;     /* prefix length, 128 unless given */
	struct pst_str text;   /* the whole term as written, for printing */
};

struct pst_spf_record {
	struct pst_spf_term *terms; /* mechanisms, in order */
	size_t term_count;
	bool has_redirect; /* redirect.domain is its domain-spec */
	struct pst_spf_term redirect;
	bool has_exp;
	struct pst_str exp;   /* domain-spec of exp= */
	struct pst_str wrong; /* the first term that is invalid, as written */
};

/* Returns true if text is an SPF record: "v=spf1", then a space or nothing. */
bool pst_spf_is_record(struct pst_str text);

/*
 * Parses a whole record. A syntax error anywhere makes the record invalid
 * (RFC 7208 s. 4.6): the function returns false, with a fixed text in *why, and
 * of *out only `wrong` is set. The time is linear in the length. *out points
 * into text and the arena.
 */
bool pst_spf_record_parse(struct pst_arena *arena, struct pst_str text,
    struct pst_spf_record *out, const char **why);

struct pst_spf_macros {
	struct pst_str local;      /* %{l} */
	const char *sender_domain; /* %{o} */
	const char *domain;        /* %{d}: <domain> at this level */
	const char *helo;          /* %{h} */
	const char *validated;     /* %{p}; "unknown" if there is none */
	const char *receiver;      /* %{r} */
	struct pst_ip ip;          /* %{i} %{c} %{v} */
	int64_t now_epoch;         /* %{t} */
};

/*
 * Returns true if text is a macro-string (s. 7.1). explanation tells whether it
 * is an explanation, in which more is allowed. *tail becomes the offset of the
 * text after the last macro.
 */
bool pst_spf_macro_check(struct pst_str text, bool explanation, size_t *tail);

/* Returns true if the domain-spec uses %{p}. */
bool pst_spf_uses_p(struct pst_str domain_spec);

/*
 * Returns true if the domain-spec uses %{i} or %{p}, so that the name depends on
 * the client. %{v} tells its address family only; %{s}, %{l} and %{h} are up to
 * the sender, and the other macros are the same for all clients.
 */
bool pst_spf_uses_client(struct pst_str domain_spec);

/* Returns true if the domain-spec uses %{s} or %{l} (RFC 8616 s. 4). */
bool pst_spf_uses_local(struct pst_str domain_spec);

/*
 * Expands a domain-spec that pst_spf_record_parse() accepted to a look-up name,
 * cut from the left to 253 octets. If the result is not a legal DNS name,
 * pst_dns_ask() answers PST_DNS_BADNAME.
 */
struct pst_str pst_spf_expand(struct pst_arena *arena, struct pst_str spec,
    const struct pst_spf_macros *macros);

/*
 * Expands an explanation (s. 6.2), in which c, r and t are allowed too. Returns
 * false if its syntax is invalid.
 */
bool pst_spf_expand_exp(struct pst_arena *arena, struct pst_str text,
    const struct pst_spf_macros *macros, struct pst_str *out);

#endif
