/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_MAIL_HEADER_COUNTS_H
#define PST_MAIL_HEADER_COUNTS_H

/*
 * How often a header has the fields that RFC 5322 s. 3.6 allows once. From is
 * not among them: mail/address.h says what is wrong with it. Nor are fields of a
 * message that was sent again (Resent-), which may be there several times. A
 * message without a Message-ID is not at fault: it only should have one.
 */

#include "base/str.h"

enum pst_once_field {
	PST_ONCE_DATE,
	PST_ONCE_SENDER,
	PST_ONCE_REPLY_TO,
	PST_ONCE_TO,
	PST_ONCE_CC,
	PST_ONCE_BCC,
	PST_ONCE_MESSAGE_ID,
	PST_ONCE_IN_REPLY_TO,
	PST_ONCE_REFERENCES,
	PST_ONCE_SUBJECT,
};
#define PST_ONCE_FIELDS (PST_ONCE_SUBJECT + 1)

/* By field: 0, 1, or 2 for more than one. */
struct pst_header_counts {
	unsigned char of[PST_ONCE_FIELDS];
};

/* Counts a field of that name (case ignored), which has no final blanks. */
void
pst_header_counts_add(struct pst_header_counts *counts, struct pst_str name);

enum pst_header_fault {
	PST_HEADER_NO_FAULT,
	PST_HEADER_NO_DATE,
	PST_HEADER_SEVERAL_DATE,
	PST_HEADER_SEVERAL_SENDER,
	PST_HEADER_SEVERAL_REPLY_TO,
	PST_HEADER_SEVERAL_TO,
	PST_HEADER_SEVERAL_CC,
	PST_HEADER_SEVERAL_BCC,
	PST_HEADER_SEVERAL_MESSAGE_ID,
	PST_HEADER_SEVERAL_IN_REPLY_TO,
	PST_HEADER_SEVERAL_REFERENCES,
	PST_HEADER_SEVERAL_SUBJECT,
};

/* Returns the first fault in the order above. */
enum pst_header_fault
pst_header_fault_of(const struct pst_header_counts *counts);

/* Returns "no-date", "several-subject" and so on; NULL if there is no fault. */
const char *pst_header_fault_word(enum pst_header_fault fault);

/*
 * Returns "no Date field", "more than one Subject field" and so on, which fits
 * after "the message has"; NULL if there is no fault.
 */
const char *pst_header_fault_text(enum pst_header_fault fault);

#endif
