/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/header_counts.h"

static void
count(struct pst_header_counts *counts, enum pst_once_field field,
    struct pst_str name, struct pst_str want)
{
	if (counts->of[field] < 2 && pst_str_ieq(name, want))
		counts->of[field]++;
}

/* The length leaves at most two names to compare with. */
void
pst_header_counts_add(struct pst_header_counts *counts, struct pst_str name)
{
	switch (name.len) {
	case 2:
		count(counts, PST_ONCE_TO, name, PST_STR("To"));
		count(counts, PST_ONCE_CC, name, PST_STR("Cc"));
		return;
	case 3:
		count(counts, PST_ONCE_BCC, name, PST_STR("Bcc"));
		return;
	case 4:
		count(counts, PST_ONCE_DATE, name, PST_STR("Date"));
		return;
	case 6:
		count(counts, PST_ONCE_SENDER, name, PST_STR("Sender"));
		return;
	case 7:
		count(counts, PST_ONCE_SUBJECT, name, PST_STR("Subject"));
		return;
	case 8:
		count(counts, PST_ONCE_REPLY_TO, name, PST_STR("Reply-To"));
		return;
	case 10:
		count(counts, PST_ONCE_MESSAGE_ID, name, PST_STR("Message-ID"));
		count(counts, PST_ONCE_REFERENCES, name, PST_STR("References"));
		return;
	case 11:
		count(
		    counts, PST_ONCE_IN_REPLY_TO, name, PST_STR("In-Reply-To"));
		return;
	default:
		return;
	}
}

enum pst_header_fault
pst_header_fault_of(const struct pst_header_counts *counts)
{
	static const enum pst_header_fault several[] = {
	    [PST_ONCE_DATE] = PST_HEADER_SEVERAL_DATE,
	    [PST_ONCE_SENDER] = PST_HEADER_SEVERAL_SENDER,
	    [PST_ONCE_REPLY_TO] = PST_HEADER_SEVERAL_REPLY_TO,
	    [PST_ONCE_TO] = PST_HEADER_SEVERAL_TO,
	    [PST_ONCE_CC] = PST_HEADER_SEVERAL_CC,
	    [PST_ONCE_BCC] = PST_HEADER_SEVERAL_BCC,
	    [PST_ONCE_MESSAGE_ID] = PST_HEADER_SEVERAL_MESSAGE_ID,
	    [PST_ONCE_IN_REPLY_TO] = PST_HEADER_SEVERAL_IN_REPLY_TO,
	    [PST_ONCE_REFERENCES] = PST_HEADER_SEVERAL_REFERENCES,
	    [PST_ONCE_SUBJECT] = PST_HEADER_SEVERAL_SUBJECT,
	};

	if (counts->of[PST_ONCE_DATE] == 0)
		return PST_HEADER_NO_DATE;
	for (size_t i = 0; i < PST_ONCE_FIELDS; i++) {
		if (counts->of[i] > 1)
			return several[i];
	}
	return PST_HEADER_NO_FAULT;
}

static const struct {
	const char *word, *text;
} faults[] = {
    [PST_HEADER_NO_FAULT] = {NULL, NULL},
    [PST_HEADER_NO_DATE] = {"no-date", "no Date field"},
    [PST_HEADER_SEVERAL_DATE] = {"several-date", "more than one Date field"},
    [PST_HEADER_SEVERAL_SENDER] = {"several-sender",
	"more than one Sender field"},
    [PST_HEADER_SEVERAL_REPLY_TO] = {"several-reply-to",
	"more than one Reply-To field"},
    [PST_HEADER_SEVERAL_TO] = {"several-to", "more than one To field"},
    [PST_HEADER_SEVERAL_CC] = {"several-cc", "more than one Cc field"},
    [PST_HEADER_SEVERAL_BCC] = {"several-bcc", "more than one Bcc field"},
    [PST_HEADER_SEVERAL_MESSAGE_ID] = {"several-message-id",
	"more than one Message-ID field"},
    [PST_HEADER_SEVERAL_IN_REPLY_TO] = {"several-in-reply-to",
	"more than one In-Reply-To field"},
    [PST_HEADER_SEVERAL_REFERENCES] = {"several-references",
	"more than one References field"},
    [PST_HEADER_SEVERAL_SUBJECT] = {"several-subject",
	"more than one Subject field"},
};

const char *
pst_header_fault_word(enum pst_header_fault fault)
{
	return faults[fault].word;
}

const char *
pst_header_fault_text(enum pst_header_fault fault)
{
	return faults[fault].text;
}
