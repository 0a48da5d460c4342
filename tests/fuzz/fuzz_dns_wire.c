/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Answer packets. The first octet selects the type, the second the length of
 * the name that was asked; 0: the name in the packet's own question.
 */

#include <stdlib.h>

#include "base/macros.h"
#include "dns/query.h"
#include "dns/wire.h"

#define MAX_TXT_BYTES 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const enum pst_dns_type types[] = {PST_DNS_A, PST_DNS_PTR, PST_DNS_MX,
    PST_DNS_TXT, PST_DNS_AAAA, PST_DNS_CNAME};

/* Returns the packet's first name, so that inputs get past the question. */
static struct pst_str
name_in(const uint8_t *packet, size_t len, char text[256])
{
	size_t used = 0;
	size_t at = 12;

	while (at < len && packet[at] > 0 && at + 1 + packet[at] <= len &&
	    used + 1 + packet[at] < 256) {
		if (used > 0)
			text[used++] = '.';
		memcpy(text + used, packet + at + 1, packet[at]);
		used += packet[at];
		at += 1U + packet[at];
	}
	return (struct pst_str){text, used};
}

/* Checks what any caller may rely on. */
static void
check_answer(const struct pst_dns_answer *answer, enum pst_dns_type type)
{
	if ((answer->status == PST_DNS_OK) != (answer->count > 0))
		abort();
	for (size_t i = 0; i < answer->count; i++) {
		const struct pst_dns_record *record = &answer->records[i];

		if (record->data.ptr[record->data.len] != '\0')
			abort();
		if (type == PST_DNS_TXT && record->data.len > MAX_TXT_BYTES)
			abort();
		if ((type == PST_DNS_MX || type == PST_DNS_PTR ||
			type == PST_DNS_CNAME) &&
		    record->data.len > 253)
			abort();
	}
}

/* The end of a chain that is asked for is a name that can be asked. */
static void
check_target(struct pst_str packet, struct pst_str name, enum pst_dns_type type)
{
	uint8_t query[PST_QUERY_SIZE];
	char target[PST_WIRE_TARGET_SIZE];

	(void)pst_query_was_misunderstood(packet);
	if (!pst_wire_target(packet, name, type, target))
		return;
	if (strlen(target) > 253)
		abort();
	(void)pst_query_make(pst_str(target), type, true, query);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[256];
	char escaped[PST_WIRE_NAME_SIZE];
	struct pst_str name;
	enum pst_dns_type type;
	const struct pst_dns_answer *answer;

	if (size < 2)
		return 0;
	type = types[data[0] % (PST_COUNT(types))];
	name = (struct pst_str){(const char *)data + 2, data[1]};
	if (name.len > size - 2)
		return 0;
	data += 2 + name.len;
	size -= 2 + name.len;
	if (name.len == 0)
		name = name_in(data, size, text);
	(void)pst_wire_name_text(name, escaped);
	answer = pst_wire_decode(data, size, name, type, MAX_TXT_BYTES);
	check_answer(answer, type);
	if (answer->status == PST_DNS_NODATA)
		check_target(
		    (struct pst_str){(const char *)data, size}, name, type);
	pst_dns_answer_unref(answer);
	return 0;
}
