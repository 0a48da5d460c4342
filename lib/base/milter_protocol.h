/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PST_BASE_MILTER_PROTOCOL_H
#define PST_BASE_MILTER_PROTOCOL_H

/*
 * The octets of milter protocol version 6, as they are sent between an MTA and
 * a filter. A packet is a length (32 bits in network order: the number of
 * octets that follow), a letter, and the data that belongs to the letter.
 */

#define MILTER_VERSION 6
#define MILTER_VERSION_OLDEST 2 /* the oldest that an MTA still accepts */
#define MILTER_BODY_CHUNK 65535

/* The MTA's letters. */
enum milter_event {
	MILTER_ABORT = 'A',
	MILTER_BODY = 'B',
	MILTER_CONNECT = 'C',
	MILTER_MACROS = 'D',
	MILTER_END = 'E',
	MILTER_HELO = 'H',
	MILTER_QUIT_FOR_NEXT = 'K', /* another SMTP connection follows */
	MILTER_HEADER = 'L',
	MILTER_MAIL = 'M',
	MILTER_EOH = 'N',
	MILTER_NEGOTIATE = 'O',
	MILTER_QUIT = 'Q',
	MILTER_RCPT = 'R',
	MILTER_DATA = 'T',
	MILTER_UNKNOWN = 'U', /* an SMTP command that the MTA does not know */
};

/* The filter's letters: answers to an event, ... */
enum milter_answer {
	MILTER_ACCEPT = 'a',
	MILTER_CONTINUE = 'c',
	MILTER_DISCARD = 'd',
	MILTER_CONNECTION_FAIL = 'f',
	MILTER_PROGRESS = 'p',
	MILTER_REJECT = 'r',
	MILTER_SKIP = 's',
	MILTER_TEMPFAIL = 't',
	MILTER_REPLY = 'y',
	MILTER_SHUTDOWN = '4',
};

/* ... and changes, which may come before the answer to MILTER_END. */
enum milter_change {
	MILTER_ADD_RCPT = '+',
	MILTER_ADD_RCPT_ARGS = '2',
	MILTER_DELETE_RCPT = '-',
	MILTER_REPLACE_BODY = 'b',
	MILTER_CHANGE_FROM = 'e',
	MILTER_ADD_HEADER = 'h',
	MILTER_INSERT_HEADER = 'i',
	MILTER_CHANGE_HEADER = 'm',
	MILTER_QUARANTINE = 'q',
};

/* What a filter may change: the second word of a negotiation. */
#define MILTER_MAY_ADD_HEADERS 0x01U
#define MILTER_MAY_REPLACE_BODY 0x02U
#define MILTER_MAY_ADD_RCPT 0x04U
#define MILTER_MAY_DELETE_RCPT 0x08U
#define MILTER_MAY_CHANGE_HEADERS 0x10U
#define MILTER_MAY_QUARANTINE 0x20U
#define MILTER_MAY_CHANGE_FROM 0x40U
#define MILTER_MAY_ADD_RCPT_ARGS 0x80U
#define MILTER_MAY_ASK_MACROS 0x100U
#define MILTER_MAY_ALL 0x1ffU

/* Which events are sent and answered: the third word. */
#define MILTER_NO_CONNECT 0x01U
#define MILTER_NO_HELO 0x02U
#define MILTER_NO_MAIL 0x04U
#define MILTER_NO_RCPT 0x08U
#define MILTER_NO_BODY 0x10U
#define MILTER_NO_HEADERS 0x20U
#define MILTER_NO_EOH 0x40U
#define MILTER_NO_DATA 0x200U
#define MILTER_CAN_SKIP 0x400U
#define MILTER_SILENT_HEADER 0x80U
#define MILTER_SILENT_CONNECT 0x1000U
#define MILTER_SILENT_HELO 0x2000U
#define MILTER_SILENT_MAIL 0x4000U
#define MILTER_SILENT_RCPT 0x8000U
#define MILTER_SILENT_DATA 0x10000U
#define MILTER_SILENT_EOH 0x40000U
#define MILTER_SILENT_BODY 0x80000U
#define MILTER_LEADING_SPACE 0x100000U
#define MILTER_STEPS_ALL 0x1fffffU

/* The places for which a filter may ask for macros. */
enum milter_place {
	MILTER_AT_CONNECT,
	MILTER_AT_HELO,
	MILTER_AT_MAIL,
	MILTER_AT_RCPT,
	MILTER_AT_DATA,
	MILTER_AT_END,
	MILTER_AT_EOH,
	MILTER_PLACES,
};

/*
 * The macro with which `postern send` marks a session: what comes over it is a
 * test, and not mail (R-TEST-1). It is sent with CONNECT, although the filter
 * does not ask for it. An SMTP client cannot set macros; the name and the value
 * are such that no MTA is configured to send them by accident.
 */
#define MILTER_TEST_MACRO "{postern_test_mail}"
#define MILTER_TEST_VALUE "sent by postern send as a test"

#endif
