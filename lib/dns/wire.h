/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_DNS_WIRE_H
#define PST_DNS_WIRE_H

/*
 * The only module that uses ldns. It turns answer packets into pst_dns_answer,
 * names into presentation form, and zone files into records. Packets are hostile input (R-SEC-10).
 */

#include <stdio.h>

#include "base/err.h"
#include "base/macros.h"
#include "dns/dns.h"

/* Room for any name in presentation form, NUL included. */
#define PST_WIRE_NAME_SIZE 1025

/* The most octets of an uncompressed name in a packet, RFC 1035 s. 3.1. */
#define PST_WIRE_NAME_OCTETS 255

/*
 * Writes name (as in pst_dns_ask()) as in a packet, without compression. False
 * when it is not a legal name.
 */
bool pst_wire_name_octets(
    struct pst_str name, uint8_t wire[PST_WIRE_NAME_OCTETS], size_t *len);

/*
 * Writes name (as in pst_dns_ask()) in presentation form. Every octet of a
 * label that is not a letter, digit, hyphen or underscore becomes \DDD. False
 * when name is not a legal name.
 */
bool pst_wire_name_text(struct pst_str name, char text[PST_WIRE_NAME_SIZE]);

/*
 * Decodes a packet that answers a question for name and type, and follows the
 * CNAME chain inside it, unless the question is for the CNAME. The answer is SERVFAIL if the packet cannot be parsed
 * or answers another question, if the chain loops, or if a TXT record is longer
 * than max_txt_bytes. Never NULL; the caller owns one reference.
 */
const struct pst_dns_answer *pst_wire_decode(const uint8_t *packet, size_t len,
    struct pst_str name, enum pst_dns_type type, unsigned max_txt_bytes);

/* Room for any name that pst_wire_target() returns. */
#define PST_WIRE_TARGET_SIZE 256

/*
 * For a packet that pst_wire_decode() called PST_DNS_NODATA: true if it holds
 * a chain of CNAMEs and nothing about the name at its end, which is then in
 * target as in pst_dns_ask().
 */
bool pst_wire_target(struct pst_str packet, struct pst_str name,
    enum pst_dns_type type, char target[PST_WIRE_TARGET_SIZE]);

/* One record of a zone file, valid only during the call. */
struct pst_wire_rr {
	struct pst_str owner; /* lower case, no final dot */
	unsigned type;        /* A, AAAA, MX, PTR, TXT, CNAME (5) or other */
	uint32_t ttl;
	struct pst_dns_record data; /* CNAME: target in data.data */
};

/* Either function may return false, with err set, to stop. */
struct pst_wire_visitor {
	/* Called for each record. */
	bool (*rr)(
	    void *arg, const struct pst_wire_rr *record, struct pst_err *err);
	/*
	 * Called for each line that begins with ";!", with the text after that,
	 * trimmed.
	 */
	bool (*directive)(
	    void *arg, struct pst_str text, unsigned line, struct pst_err *err);
	void *arg;
};

/*
 * Reads an RFC 1035 master file ($ORIGIN, $TTL, parentheses). Returns false
 * with a sentence that names file and line if the file is not a zone or was
 * stopped.
 */
bool pst_wire_read_zone(FILE *file, const char *file_name,
    struct pst_wire_visitor visitor, struct pst_err *err) PST_MUST_CHECK;

#endif
